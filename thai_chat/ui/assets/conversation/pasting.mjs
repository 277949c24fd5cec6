// Keeps what is far too long out of a box of text: laying it out freezes the page for seconds with every key.
import { alert } from '../lib/alerts.mjs';
import { number, t } from '../lib/texts.mjs';

const LIMIT = window.thaiChatLimit;
const COUNTED = 10 * LIMIT; // UTF-16 units: what is longer is not counted to its end
const TYPED = 100; // so much comes from no key: it is pasted, dropped or dictated

/** In code points, as the server counts. @param {string} text */
export const isTooLong = (text) => text.length > LIMIT && (text.length > 2 * LIMIT || [...text].length > LIMIT);

/** The number of code points for people, with a plus sign where there are more. @param {string} text */
function counted(text) {
  let count = 0;
  for (const _ of text.slice(0, COUNTED)) count += 1;
  return number(count) + (text.length > COUNTED ? '+' : '');
}

/** Leave out, before it is laid out, what would make the box too long, and say so; the box stays as it was. @param {HTMLElement} place */
export function limitPasted(place) {
  place.addEventListener('beforeinput', (event) => {
    const box = /** @type {HTMLTextAreaElement} */ (event.target);
    const added = event.data ?? event.dataTransfer?.getData('text/plain') ?? '';
    const kept = box.textLength - (box.selectionEnd - box.selectionStart);
    if (added.length < TYPED || kept + added.length <= LIMIT) return;
    const { value, selectionStart, selectionEnd } = box;
    if (!isTooLong(value.slice(0, selectionStart) + added + value.slice(selectionEnd))) return;
    event.preventDefault();
    alert(t('paste_too_long', { count: counted(added), limit: number(LIMIT) }));
  });
}
