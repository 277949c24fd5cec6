// A menu beside the button that opened it: arrow keys, Esc, a press elsewhere; a sheet from below on phones.
import { $$, el, focused, icon, isPhone } from './dom.mjs';

const GAP_PX = 4;
const EDGE_PX = 8;

/** @type {{ menu: HTMLElement, scrim: HTMLElement, anchor: HTMLElement, onClose: () => void } | null} */
let shown = null;

/**
 * `items` is a list of `{ text, icon, act }`, `{ text, href }`, `{ text, items }` (opens in its place), with `checked`,
 * `danger`, `note`; and of '-' for a line and strings for headings.
 *
 * @param {HTMLElement} anchor
 * @param {MenuItem[]} items
 * @param {{ label?: string, onClose?: () => void }} [how]
 */
export function openMenu(anchor, items, { label, onClose = () => {} } = {}) {
  closeMenu();
  const menu = el('div', { class: 'menu', role: 'menu', 'aria-label': label, tabindex: -1, dataset: { layer: 'menu' } });
  const scrim = el('div', { class: 'menu-scrim', onpointerdown: (event) => { event.preventDefault(); closeMenu(); } });
  shown = { menu, scrim, anchor, onClose };
  menu.addEventListener('keydown', onKey);
  addEventListener('resize', closeMenu);
  anchor.setAttribute('aria-expanded', 'true');
  (anchor.closest('dialog') ?? document.body).append(scrim, menu); // what is beside a dialog can't be reached
  fill(menu, items);
  return menu;
}

/** Other entries for a menu that may have been closed meanwhile. */
export function refillMenu(menu, items) {
  if (shown?.menu !== menu) return;
  const at = entries(menu).indexOf(focused());
  fill(menu, items);
  entries(menu)[at]?.focus({ preventScroll: true });
}

export function closeMenu() {
  if (!shown) return;
  const { menu, scrim, anchor, onClose } = shown;
  shown = null;
  removeEventListener('resize', closeMenu);
  const hadFocus = menu.contains(document.activeElement);
  menu.remove();
  scrim.remove();
  anchor.setAttribute('aria-expanded', 'false');
  if (hadFocus) anchor.focus({ preventScroll: true });
  onClose();
}

/**
 * @param {HTMLElement} menu
 * @param {MenuItem[]} items
 */
function fill(menu, items) {
  if (!shown) return;
  menu.replaceChildren(...items.map((item) => entry(menu, item)));
  placeBeside(shown.anchor, menu);
  entries(menu)[0]?.focus({ preventScroll: true });
}

function entry(menu, item) {
  if (item === '-') return el('hr', { role: 'separator' });
  if (typeof item === 'string') return el('div', { class: 'menu-head', role: 'presentation' }, item);
  const isChoice = item.checked !== undefined;
  const props = {
    class: item.danger ? 'danger' : null,
    role: isChoice ? 'menuitemradio' : 'menuitem',
    'aria-checked': isChoice ? String(item.checked) : null,
    'aria-haspopup': item.items ? 'menu' : null,
    tabindex: -1,
    onclick: () => choose(menu, item),
  };
  const content = [item.icon ? icon(item.icon) : null, el('span', { class: 'menu-text', dir: 'auto' }, item.text),
    item.note ? el('small', {}, item.note) : null, item.checked ? icon('check') : null, item.items ? icon('right') : null];
  return item.href
    ? el('a', { ...props, href: item.href, download: item.download ?? '' }, content)
    : el('button', { ...props, type: 'button' }, content);
}

function choose(menu, item) {
  if (item.items) { fill(menu, item.items); return; }
  closeMenu();
  item.act?.();
}

/** @param {HTMLElement} menu */
const entries = (menu) => $$('[role^=menuitem]', menu);

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (!shown) return;
  const { menu } = shown;
  const all = entries(menu);
  const at = all.indexOf(focused());
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) { event.preventDefault(); all.at(to % all.length)?.focus(); }
  if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); closeMenu(); }
  event.stopPropagation();
}

/** Below the anchor when there is room, else above; never out of the window. */
function placeBeside(anchor, menu) {
  if (isPhone()) { Object.assign(menu.style, { left: '', top: '' }); return; }
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + GAP_PX;
  const top = below + height <= innerHeight - EDGE_PX ? below : Math.max(EDGE_PX, Math.min(at.top - GAP_PX, innerHeight - EDGE_PX) - height);
  const left = Math.max(EDGE_PX, Math.min(at.left, innerWidth - EDGE_PX - width));
  Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
}
