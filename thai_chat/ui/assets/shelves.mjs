// Above the list: which sessions it shows (all, archived, the trash), and what can be done with them together.
import { emptyTrash } from './actions.mjs';
import { el, icon } from './dom.mjs';
import { openMenu } from './menu.mjs';
import { shelf } from './shelf.mjs';
import { on } from './store.mjs';
import { t } from './texts.mjs';

const SHELVES = [['current', 'sessions'], ['archived', 'archive'], ['trash', 'trash']];

export function mountShelves() {
  const name = el('span', { dir: 'auto' });
  const choose = el('button', { type: 'button', class: 'place', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: () => openMenu(choose, places(), { label: t('places') }) },
    name, icon('chevron'));
  const empty = el('button', { type: 'button', class: 'head-button', hidden: true, onclick: emptyTrash }, t('empty_trash'));
  const paint = () => {
    const { place } = shelf;
    name.textContent = place.folder ?? (place.tag ? `#${place.tag}` : t(`shelf_${place.shelf}`));
    empty.hidden = place.shelf !== 'trash' || !shelf.known.size;
  };
  on('sessions', paint);
  paint();
  return el('header', { class: 'list-head' }, el('h2', {}, choose), empty);
}

function places() {
  return SHELVES.map(([name, image]) =>
    ({ icon: image, text: t(`shelf_${name}`), checked: shelf.place.shelf === name && !shelf.isNarrowed, act: () => shelf.show({ shelf: name }) }));
}
