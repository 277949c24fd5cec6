// A short word on what was just done, with a way to take it back.
import { el, iconButton } from './dom.mjs';
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
  mounted().replaceChildren(el('div', { class: 'toast' },
    el('span', {}, message),
    act ? el('button', { type: 'button', class: 'undo', onclick: act }, t('undo')) : null,
    iconButton('close', t('close'), dismiss)));
  undoing = act;
  release();
}

export function dismiss() {
  clearTimeout(timer);
  undoing = null;
  place?.replaceChildren();
}

/** Nobody loses the chance while reaching for it. */
function hold() { clearTimeout(timer); }

function release() {
  clearTimeout(timer);
  timer = setTimeout(dismiss, SHOWN_MS);
}

function onKey(event) {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === 'KeyZ';
  if (!isUndo || !undoing || event.target.matches?.('input, textarea')) return;
  event.preventDefault();
  undoing();
}
