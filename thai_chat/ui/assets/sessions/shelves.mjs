// Above the list: which sessions it shows (all, archived, the trash), and what can be done with them together.
import { el, icon, iconButton } from '../lib/dom.mjs';
import { openMenu, refillMenu } from '../lib/menu.mjs';
import { on } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { emptyTrash } from './actions.mjs';
import { labelsInUse } from './labels.mjs';
import { mountSelectionBar, selection } from './selection.mjs';
import { shelf } from './shelf.mjs';

const NONE = { folders: [], tags: [] };

/** Of each shelf, as they were when somebody last looked. */
const labels = {};

const SHELVES = [['current', 'sessions'], ['archived', 'archive'], ['trash', 'trash']];

export function mountShelves() {
  const name = el('span', { dir: 'auto' });
  const choose = el('button', { type: 'button', class: 'place', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: () => offerPlaces(choose) },
    name, icon('chevron'));
  const empty = el('button', { type: 'button', class: 'head-button', hidden: true, onclick: emptyTrash }, t('empty_trash'));
  const leave = iconButton('close', t('place_leave', { place: t('shelf_current') }), () => shelf.show({ shelf: shelf.place.shelf }), { hidden: true });
  const select = iconButton('checks', t('select_many'), () => (selection.isOn ? selection.end() : selection.start()), { 'aria-pressed': 'false' });
  mountSelectionBar();
  const paint = () => {
    const { place } = shelf;
    const label = place.folder ?? (place.tag && `#${place.tag}`);
    const where = t(`shelf_${place.shelf}`);
    name.textContent = !label ? where : place.shelf === 'current' ? label : `${where} · ${label}`;
    leave.title = t('place_leave', { place: where });
    leave.setAttribute('aria-label', leave.title);
    leave.hidden = !shelf.isNarrowed;
    select.hidden = !shelf.known.size && !selection.isOn;
    select.setAttribute('aria-pressed', String(selection.isOn));
    empty.hidden = place.shelf !== 'trash' || shelf.isNarrowed || !shelf.known.size;
  };
  on('sessions', paint);
  on('selection', paint);
  paint();
  return el('header', { class: 'list-head' }, el('h2', {}, choose, leave), empty, select);
}

async function offerPlaces(anchor) {
  const menu = openMenu(anchor, places(), { label: t('places') });
  const name = shelf.place.shelf;
  labels[name] = await labelsInUse(name);
  refillMenu(menu, places());
}

function places() {
  const { place } = shelf;
  const shelves = SHELVES.map(([name, image]) =>
    ({ icon: image, text: t(`shelf_${name}`), checked: place.shelf === name && !shelf.isNarrowed, act: () => shelf.show({ shelf: name }) }));
  const labelled = (kind, image) => (labels[place.shelf] ?? NONE)[`${kind}s`].map(({ name, sessions }) =>
    ({ icon: image, text: name, note: number(sessions), checked: place[kind] === name, act: () => shelf.show({ shelf: place.shelf, [kind]: name }) }));
  const group = (heading, entries) => (entries.length ? ['-', heading, ...entries] : []);
  return [...shelves, ...group(t('folders'), labelled('folder', 'folder')), ...group(t('tags'), labelled('tag', 'tag'))];
}
