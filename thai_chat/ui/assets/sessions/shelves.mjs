// Above the list: which sessions it shows (all, archived, the trash), and what can be done with them together.
import { el } from '../lib/dom.mjs';
import { openMenu, refillMenu } from '../lib/menu.mjs';
import { html, iconOf, paint } from '../lib/painting.mjs';
import { on } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { emptyTrash } from './actions.mjs';
import { labelsInUse } from './labels.mjs';
import { mountSelectionBar, selection } from './selection.mjs';
import { shelf } from './shelf.mjs';

/** @type {Labels} */
const NONE = { folders: [], tags: [] };

/** The labels of each shelf when somebody last looked. */
/** @type {Partial<Record<ShelfName, Labels>>} */
const labels = {};

/** @type {[ShelfName, string][]} */
const SHELVES = [['current', 'sessions'], ['archived', 'archive'], ['trash', 'trash']];

export function mountShelves() {
  const head = el('header', { class: 'list-head' });
  const repaint = () => paint(head, whole());
  mountSelectionBar();
  on('sessions', repaint);
  on('selection', repaint);
  repaint();
  return head;
}

function whole() {
  const { place } = shelf;
  const label = place.folder ?? (place.tag && `#${place.tag}`);
  const where = t(`shelf_${place.shelf}`);
  const leave = t('place_leave', { place: where });
  const isEmptied = place.shelf === 'trash' && !shelf.isNarrowed && shelf.known.size > 0;
  const isSelected = shelf.known.size > 0 || selection.isOn;
  return html`<h2><button type="button" class="place" aria-haspopup="menu" aria-expanded="false" @click=${offerPlaces}
    ><span dir="auto">${!label ? where : place.shelf === 'current' ? label : `${where} · ${label}`}</span>${iconOf('chevron')}</button
    ><button type="button" class="icon-button" title=${leave} aria-label=${leave} ?hidden=${!shelf.isNarrowed}
      @click=${() => shelf.show({ shelf: shelf.place.shelf })}>${iconOf('close')}</button></h2
    ><button type="button" class="head-button" ?hidden=${!isEmptied} @click=${emptyTrash}>${t('empty_trash')}</button
    ><button type="button" class="icon-button" title=${t('select_many')} aria-label=${t('select_many')} aria-pressed=${String(selection.isOn)} ?hidden=${!isSelected}
      @click=${() => (selection.isOn ? selection.end() : selection.start())}>${iconOf('checks')}</button>`;
}

/** @param {any} given */
async function offerPlaces({ currentTarget }) {
  const menu = openMenu(currentTarget, places(), { label: t('places') });
  const name = shelf.place.shelf;
  labels[name] = await labelsInUse(name);
  refillMenu(menu, places());
}

function places() {
  const { place } = shelf;
  const shelves = SHELVES.map(([name, image]) =>
    ({ icon: image, text: t(`shelf_${name}`), checked: place.shelf === name && !shelf.isNarrowed, act: () => shelf.show({ shelf: name }) }));
  /** @param {'folder' | 'tag'} kind @param {string} image */
  const labelled = (kind, image) => (labels[place.shelf] ?? NONE)[kind === 'folder' ? 'folders' : 'tags'].map(({ name, sessions }) =>
    ({ icon: image, text: name, note: number(sessions), checked: place[kind] === name, act: () => shelf.show({ shelf: place.shelf, [kind]: name }) }));
  /** @param {string} heading @param {MenuItem[]} entries */
  const group = (heading, entries) => (entries.length ? ['-', heading, ...entries] : []);
  return [...shelves, ...group(t('folders'), labelled('folder', 'folder')), ...group(t('tags'), labelled('tag', 'tag'))];
}
