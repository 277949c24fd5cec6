// A message that was looked for: scrolled to and marked.
import { $ } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { rowElement } from './history.mjs';
import { bring, readingPlace } from './scrolling.mjs';

const MARKED_MS = 4_000;
const ABOVE_PX = 72;

/** Pieces of text that are marked in the message, as they are written there. */
let words = /** @type {string[]} */ ([]);

export function mountJump() {
  on('view', ({ how }) => { if (how === 'opened' && store.view.target) goTo(store.view.target); });
  on('leaving', keepReading);
}

const PLACE = 'thai-chat:place';

/** The address names the message that is read, and where it stood is kept as long as this tab. */
function keepReading() {
  const place = store.view?.stored ? readingPlace() : null;
  const address = new URL(location.href);
  if (place) address.searchParams.set('m', place.message_id);
  else address.searchParams.delete('m');
  history.replaceState(null, '', address);
  try { sessionStorage.setItem(PLACE, JSON.stringify(place)); } catch { /* forbidden: it stands at the top then */ }
}

/** @param {string} message_id */
function takePlace(message_id) {
  try {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null');
    sessionStorage.removeItem(PLACE);
    return place?.message_id === message_id ? Number(place.top) : null;
  } catch { return null; }
}

/** Keep the words to mark in the message that is about to be opened. @param {string[]} pieces */
export function lookFor(pieces) { words = pieces.filter((piece) => piece.trim()); }

/** The place is held whatever is drawn around it, until a person moves. @param {string} message_id */
function goTo(message_id) {
  const row = rowElement(message_id);
  if (!row) return;
  const top = takePlace(message_id);
  bring(row, top ?? ABOVE_PX);
  if (top !== null) return;
  markWords(row);
  mark(row);
}

/** @param {HTMLElement} row */
function mark(row) {
  document.querySelectorAll('.sought').forEach((other) => other.classList.remove('sought'));
  row.classList.add('sought');
  row.tabIndex = -1;
  if (!document.activeElement?.closest('#left, #results')) row.focus({ preventScroll: true });
  setTimeout(() => row.classList.remove('sought'), MARKED_MS);
}

/** Marks without touching the text, which the painter owns. @param {HTMLElement} row */
function markWords(row) {
  if (!CSS.highlights) return;
  const ranges = words.length ? [...rangesIn($('.words', row) ?? row)] : [];
  if (ranges.length) CSS.highlights.set('sought', new Highlight(...ranges));
  else CSS.highlights.delete('sought');
}

/** @param {HTMLElement} element */
function* rangesIn(element) {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = /** @type {Text} */ (texts.currentNode);
    for (const word of words) {
      for (let at = node.data.indexOf(word); at >= 0; at = node.data.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        yield range;
      }
    }
  }
}
