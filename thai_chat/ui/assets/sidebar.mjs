// The sidebar: its head, and whether it is open.
import { $, el, iconButton, isPhone } from './lib/dom.mjs';
import { keep, kept } from './lib/kept.mjs';
import { t } from './lib/texts.mjs';

/** @param {Part} given */
export function mountBrand({ element }) {
  element.append(
    el('span', { class: 'mark' }), el('strong', {}, t('brand')),
    iconButton('panel', t('menu_close'), closeSidebar, { id: 'menu-close' }),
  );
}

export function openSidebar() {
  document.body.dataset.menu = 'open';
  remember('open');
  if (isPhone() || document.activeElement?.id === 'menu-open') $('#menu-close')?.focus();
}

export function closeSidebar() {
  document.body.dataset.menu = 'closed';
  remember('closed');
  $('#menu-open')?.focus(); // where it was is hidden now
}

/** Close it where it covers the conversation. */
export function leaveSidebar() { if (isPhone()) document.body.dataset.menu = 'closed'; }

/** @param {string} state */
function remember(state) { if (!isPhone()) keep('menu', state); }

/** A phone starts with it closed, by the style sheet; a desk keeps what was chosen. */
export function restoreSidebar() {
  if (kept('menu') === 'closed') document.body.dataset.menu = 'closed';
}
