// Copies what is selected in the conversation as clean text, or as the Markdown that it was written in.
import { $$, copyText, el, icon } from '../lib/dom.mjs';
import { store } from '../lib/store.mjs';
import { nameOf, t } from '../lib/texts.mjs';
import { sourceOf } from '../message/painter.mjs';
import { plainText } from '../message/plain.mjs';

const SETTLED_MS = 250;
const GAP_PX = 8;

/** @param {HTMLElement} log the rows of the messages */
export function mountCopying(log) {
  // The browser tells it where the cursor is, which may be outside of the messages; before formulas are copied alone.
  document.addEventListener('copy', (event) => {
    const range = selected(log);
    if (!range || !event.clipboardData) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', told(rangesIn(log, range), ({ range: part }) => plainText(part)));
  }, true);
  let settled = 0;
  const button = el('button', { type: 'button', id: 'copy-markdown', hidden: true }, icon('copy'), el('span', {}, t('copy_markdown')));
  button.addEventListener('pointerdown', (event) => event.preventDefault()); // the selection stays
  button.addEventListener('click', async () => {
    const range = selected(log);
    if (range) await copyText(told(rangesIn(log, range), markdownOf));
    button.hidden = true;
  });
  document.body.append(button);
  document.addEventListener('selectionchange', () => {
    button.hidden = true;
    clearTimeout(settled);
    settled = setTimeout(() => offer(button, selected(log)), SETTLED_MS);
  });
  log.closest('#scroll')?.addEventListener('scroll', () => { button.hidden = true; }, { passive: true });
}

/** What is selected, when it is nothing but messages: a field among them has a selection of its own. @param {HTMLElement} log */
function selected(log) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const isInField = log.contains(document.activeElement) && document.activeElement?.matches('textarea, input');
  return log.contains(range.commonAncestorContainer) && !isInField ? range : null;
}

/** @param {HTMLElement} button @param {Range | null} range */
function offer(button, range) {
  const last = range && [...range.getClientRects()].at(-1);
  if (!last) return;
  button.hidden = false;
  const { width, height } = button.getBoundingClientRect();
  button.style.left = `${Math.max(GAP_PX, Math.min(last.right - width, innerWidth - width - GAP_PX))}px`;
  button.style.top = `${Math.max(GAP_PX, Math.min(last.bottom + GAP_PX, innerHeight - height - GAP_PX))}px`;
}

/** @typedef {{ row: HTMLElement, words: HTMLElement, range: Range, fragment: DocumentFragment }} Piece */

/** The part of each message that is selected. @param {HTMLElement} log @param {Range} range @returns {Piece[]} */
function rangesIn(log, range) {
  const rows = ($$('.message-row', log).filter((row) => range.intersectsNode(row)));
  return rows.flatMap((row) => {
    const words = /** @type {HTMLElement | null} */ (row.querySelector('.words'));
    if (!words || !range.intersectsNode(words)) return [];
    const part = document.createRange();
    part.selectNodeContents(words);
    if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
    if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
    return [{ row, words, range: part, fragment: part.cloneContents() }];
  }).filter(({ fragment }) => fragment.textContent?.trim());
}

/** Who said it stands above what is copied of several messages. @param {Piece[]} pieces @param {(piece: Piece) => string} written */
function told(pieces, written) {
  if (pieces.length === 1) return written(pieces[0]);
  return pieces.map((piece) => `${speakerOf(piece.row)}:\n${written(piece)}`).join('\n\n');
}

/** @param {HTMLElement} row */
function speakerOf(row) {
  const message = messageOf(row);
  return !message || message.role === 'user' ? t('you') : nameOf(message);
}

/** @param {HTMLElement} row */
const messageOf = (row) => store.view.messages.find(({ message_id }) => message_id === row.dataset.messageId);

/** The Markdown of every paragraph that is touched; of some words of a single one, the words. @param {Piece} piece */
function markdownOf({ row, words, range, fragment }) {
  const message = messageOf(row);
  if (message?.role === 'user') return fragment.textContent ?? '';
  const touched = [...words.childNodes].filter((node) => range.intersectsNode(node));
  const sources = touched.map(sourceOf);
  const isPartOfOne = touched.length === 1 && fragment.textContent !== touched[0].textContent;
  if (isPartOfOne || sources.some((source) => source === undefined)) return plainText(range);
  return sources.map((source) => source?.replace(/^\n+|\s+$/g, '')).join('\n\n');
}
