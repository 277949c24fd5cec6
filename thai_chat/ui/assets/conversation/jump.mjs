// A message that was looked for: scrolled to and marked; and the ways from there to what was said later.
import { $, el, icon } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { stopFollowing } from './history.mjs';

const SETTLING_MS = 2_500;
const MARKED_MS = 4_000;
const ABOVE_PX = 72;

/** Ends the keeping of the place, when there is one. */
let letGo = () => {};
/** Pieces of text that are marked in the message, as they are written there. */
let words = /** @type {string[]} */ ([]);

/** @param {{ openEnd: () => void }} given */
export function mountJump({ openEnd }) {
  const end = el('button', { type: 'button', id: 'to-end', onclick: openEnd }, icon('down'), t('to_the_end'));
  $('#later').after(end);
  // There the latest message is not the last one on the page.
  $('#latest').addEventListener('click', (event) => {
    if (!store.view?.has_later) return;
    event.stopImmediatePropagation();
    openEnd();
  }, true);
  $('#later').addEventListener('click', stopFollowing);
  on('view', () => {
    const { target, has_later } = store.view;
    for (const button of [$('#later'), end]) button.classList.toggle('offered', has_later);
    letGo();
    if (target) goTo(target);
  });
}

/** Keep the words to mark in the message that is about to be opened. @param {string[]} pieces */
export function lookFor(pieces) { words = pieces.filter((piece) => piece.trim()); }

/** The row may not be there yet, and those around it still grow: its place is kept for a while, or until a person moves. @param {string} message_id */
function goTo(message_id) {
  const scroller = $('#scroll');
  const chat = $('#chat');
  let isMarked = false;
  stopFollowing();
  const settle = () => {
    const row = $(`.message-row[data-message-id="${CSS.escape(message_id)}"]`, chat);
    if (!row) return;
    scroller.scrollTop += row.getBoundingClientRect().top - scroller.getBoundingClientRect().top - ABOVE_PX;
    markWords(row);
    if (!isMarked) mark(row);
    isMarked = true;
  };
  const resized = new ResizeObserver(settle);
  const painted = new MutationObserver(settle);
  resized.observe(chat);
  painted.observe(chat, { childList: true, subtree: true, attributeFilter: ['data-message-id'] });
  const moves = ['wheel', 'touchstart', 'pointerdown', 'keydown'];
  const timer = setTimeout(() => letGo(), SETTLING_MS);
  letGo = () => {
    clearTimeout(timer);
    resized.disconnect();
    painted.disconnect();
    for (const move of moves) scroller.removeEventListener(move, letGo);
    letGo = () => {};
  };
  for (const move of moves) scroller.addEventListener(move, letGo, { passive: true });
  settle();
}

/** @param {HTMLElement} row */
function mark(row) {
  document.querySelectorAll('.sought').forEach((other) => other.classList.remove('sought'));
  row.classList.add('sought');
  row.tabIndex = -1;
  if (!document.activeElement?.closest('#left, #results')) row.focus({ preventScroll: true });
  setTimeout(() => row.classList.remove('sought'), MARKED_MS);
}

/** Marks without touching the text, which Gradio owns. @param {HTMLElement} row */
function markWords(row) {
  if (!CSS.highlights) return;
  const ranges = words.length ? [...rangesIn($('.prose', row) ?? row)] : [];
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
