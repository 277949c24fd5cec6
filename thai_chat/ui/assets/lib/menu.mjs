// A menu beside the button that opened it, in a popover of the browser: arrow keys, Esc, a press elsewhere; a sheet from
// below on phones.
import { $$, el, focused, isPhone } from './dom.mjs';
import { html, iconOf, nothing, paint } from './painting.mjs';

const GAP_PX = 4;
const EDGE_PX = 8;

/** `layer` is the popover: it covers the window, so that a press elsewhere closes the menu and does nothing else. */
/** @typedef {{ layer: HTMLElement, menu: HTMLElement, anchor: HTMLElement, onClose: () => void }} Shown */

let shown = /** @type {Shown | null} */ (null);

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
  const menu = el('div', { class: 'menu', role: 'menu', 'aria-label': label, tabindex: -1 });
  const layer = el('div', { class: 'menu-layer', popover: 'auto', dataset: { layer: 'menu' } }, menu);
  const mine = { layer, menu, anchor, onClose };
  shown = mine;
  layer.addEventListener('keydown', onKey);
  layer.addEventListener('pointerdown', (event) => { if (event.target === layer) { event.preventDefault(); closeMenu(); } });
  layer.addEventListener('toggle', () => { if (!layer.matches(':popover-open')) forget(mine); });
  addEventListener('resize', closeMenu);
  anchor.setAttribute('aria-expanded', 'true');
  anchor.focus({ preventScroll: true }); // the browser gives the focus back to it
  (anchor.closest('dialog, main') ?? document.body).append(layer); // what is beside a dialog can't be reached
  layer.showPopover();
  fill(mine, items);
  return menu;
}

/** Other entries for a menu that may have been closed meanwhile. @type {(menu: HTMLElement, items: MenuItem[]) => void} */
export function refillMenu(menu, items) {
  if (shown?.menu !== menu) return;
  const at = entries(menu).indexOf(focused());
  fill(shown, items);
  entries(menu)[at]?.focus({ preventScroll: true });
}

export function closeMenu() {
  if (!shown) return;
  const mine = shown;
  mine.layer.hidePopover();
  forget(mine);
}

/** @param {Shown} mine */
function forget(mine) {
  if (shown !== mine) return;
  shown = null;
  removeEventListener('resize', closeMenu);
  mine.layer.remove();
  mine.anchor.setAttribute('aria-expanded', 'false');
  mine.onClose();
}

/** @type {(mine: Shown, items: MenuItem[]) => void} */
function fill(mine, items) {
  paint(mine.menu, items.map((item) => entry(mine, item)));
  placeBeside(mine.anchor, mine.menu);
  entries(mine.menu)[0]?.focus({ preventScroll: true });
}

/** @type {(mine: Shown, item: MenuItem) => unknown} */
function entry(mine, item) {
  if (item === '-') return html`<hr role="separator">`;
  if (typeof item === 'string') return html`<div class="menu-head" role="presentation">${item}</div>`;
  const isChoice = item.checked !== undefined;
  const role = isChoice ? 'menuitemradio' : 'menuitem';
  const act = () => choose(mine, item);
  const content = html`${item.icon ? iconOf(item.icon) : nothing}<span class="menu-text" dir="auto">${item.text}</span>${item.note ? html`<small>${item.note}</small>` : nothing}${item.checked ? iconOf('check') : nothing}${item.items ? iconOf('right') : nothing}`;
  return item.href
    ? html`<a role="menuitem" tabindex="-1" href=${item.href} download=${item.download ?? ''} @click=${act}>${content}</a>`
    : html`<button type="button" class=${item.danger ? 'danger' : nothing} role=${role} aria-checked=${isChoice ? String(item.checked) : nothing}
      aria-haspopup=${item.items ? 'menu' : nothing} tabindex="-1" @click=${act}>${content}</button>`;
}

/** @type {(mine: Shown, item: Exclude<MenuItem, string>) => void} */
function choose(mine, item) {
  if (item.items) { fill(mine, item.items); return; }
  closeMenu();
  item.act?.();
}

/** @param {HTMLElement} menu */
const entries = (menu) => $$('[role^=menuitem]', menu);

/** Esc is the browser's. @param {KeyboardEvent} event */
function onKey(event) {
  if (!shown) return;
  const all = entries(shown.menu);
  const at = all.indexOf(focused());
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) { event.preventDefault(); all.at(to % all.length)?.focus(); }
  if (event.key === 'Tab') { event.preventDefault(); closeMenu(); }
  event.stopPropagation();
}

/** Below the anchor when there is room, else above; never out of the window. @type {(anchor: HTMLElement, menu: HTMLElement) => void} */
function placeBeside(anchor, menu) {
  if (isPhone()) { Object.assign(menu.style, { left: '', top: '' }); return; }
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + GAP_PX;
  const top = below + height <= innerHeight - EDGE_PX ? below : Math.max(EDGE_PX, Math.min(at.top - GAP_PX, innerHeight - EDGE_PX) - height);
  const left = Math.max(EDGE_PX, Math.min(at.left, innerWidth - EDGE_PX - width));
  Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
}
