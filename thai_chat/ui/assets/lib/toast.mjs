// A short word on what was just done, with a way to take it back.
import { el } from './dom.mjs';
import { html, iconButtonOf, nothing, paint } from './painting.mjs';
import { t } from './texts.mjs';

const SHOWN_MS = 8_000;

/** @type {HTMLElement | undefined} */
let place;
let timer = 0;
let undoing = /** @type {(() => void) | null} */ (null);

function mounted() {
  if (place) return place;
  place = el('div', { id: 'toasts', role: 'status', 'aria-live': 'polite' });
  for (const event of ['pointerenter', 'focusin']) place.addEventListener(event, hold);
  for (const event of ['pointerleave', 'focusout']) place.addEventListener(event, release);
  addEventListener('keydown', onKey, true);
  document.body.append(place);
  return place;
}

/** The last one is the one that is shown. `undo` may be left out. @type {(message: string, how?: { undo?: (() => unknown) | null }) => void} */
export function toast(message, { undo = null } = {}) {
  const act = undo && (() => { dismiss(); undo(); });
  dismiss(); // the same words are said once more
  paint(mounted(), html`<div class="toast"><span>${message}</span>${
    act ? html`<button type="button" class="undo" @click=${act}>${t('undo')}</button>` : nothing}${iconButtonOf('close', t('close'), dismiss)}</div>`);
  undoing = act;
  release();
}

export function dismiss() {
  clearTimeout(timer);
  undoing = null;
  if (place) paint(place, nothing);
}

/** Nobody loses the chance while reaching for it. */
function hold() { clearTimeout(timer); }

function release() {
  clearTimeout(timer);
  timer = setTimeout(dismiss, SHOWN_MS);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === 'KeyZ';
  if (!isUndo || !undoing || /** @type {HTMLElement} */ (event.target).matches?.('input, textarea')) return;
  event.preventDefault();
  undoing();
}
