// The lines of a piece of code as elements, some dozens to a chunk: what grows is the last line of the last chunk.
import { el } from '../lib/dom.mjs';

/** @typedef {[string, string]} Part */

export const LINES_OF_CHUNK = 50;
const MOST_MS = 8;

/** Tell the same as startsWith, which compares sign by sign, at a hundredth of its time. @param {string} text @param {string} beginning */
export const beginsWith = (text, beginning) => text.length >= beginning.length && text.slice(0, beginning.length) === beginning;

/** @param {Element} line @param {string} text */
function append(line, text) {
  if (!text) return;
  if (line.lastChild instanceof Text) line.lastChild.appendData(text);
  else line.append(text);
}

/** @param {HTMLElement} line @param {Part[]} parts @param {string} rest */
function draw(line, parts, rest) {
  const [first] = parts[0] ?? [];
  line.className = first === 'added' || first === 'removed' ? `code-line ${first}` : 'code-line';
  line.replaceChildren(...parts.map(([tone, text]) => (tone ? el('span', { class: `hl-${tone}` }, text) : text)));
  append(line, rest);
}

/** Somebody is selecting here, and new elements would take it away. @param {Node} node */
function isSelected(node) {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.containsNode(node, true));
}

export class Lines {
  code = '';
  /** Where each line begins in the code. @type {number[]} */
  starts = [];
  /** @type {HTMLElement[]} */
  elements = [];
  isFolded = false;
  /** Colours that are not drawn yet, by line. @type {Map<number, Part[]>} */
  pending = new Map();
  timer = 0;
  isHeld = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  get count() { return this.elements.length; }

  /** Whole lines that are the same in `code` stay as they are. Return how many lines have kept their colours. @param {string} code */
  set(code) {
    if (code === this.code) return this.count;
    const hasGoneOn = beginsWith(code, this.code);
    const kept = hasGoneOn ? Math.max(0, this.starts.length - 1) : this.sameLines(code);
    const from = this.starts[kept] ?? 0;
    const pieces = from < code.length ? code.slice(from).split(/(?<=\n)/) : [];
    const going = this.elements[kept];
    let first = 0;
    if (going && pieces.length) {
      const old = this.code.slice(from, this.starts[kept + 1] ?? this.code.length);
      if (pieces[0].startsWith(old)) append(going, pieces[0].slice(old.length));
      else draw(going, [], pieces[0]);
      first = 1;
    }
    this.dropFrom(kept + first);
    this.code = code;
    let at = from + (first ? pieces[0].length : 0);
    for (const piece of pieces.slice(first)) {
      this.addLine(piece, at);
      at += piece.length;
    }
    return hasGoneOn ? this.count : kept;
  }

  /** Return how many lines from the beginning are the same in `code`, for code that did not just go on. @param {string} code */
  sameLines(code) {
    let low = 0;
    let high = Math.max(0, this.starts.length - 1);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (beginsWith(code, this.code.slice(0, this.starts[middle]))) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** @param {number} number */
  dropFrom(number) {
    for (const line of this.elements.splice(number)) {
      if (line.parentElement?.childElementCount === 1) line.parentElement.remove();
      else line.remove();
    }
    this.starts.length = number;
    this.element.lastElementChild?.classList.toggle('whole', number % LINES_OF_CHUNK === 0);
  }

  /** @param {string} text @param {number} start */
  addLine(text, start) {
    const number = this.elements.length;
    const chunk = number % LINES_OF_CHUNK ? /** @type {HTMLElement} */ (this.element.lastElementChild) : this.addChunk(number);
    // A counter of CSS would have the browser count all lines again at each new one.
    const line = el('span', { class: 'code-line', 'data-number': `${number + 1}` }, text);
    chunk.append(line);
    chunk.classList.toggle('whole', number % LINES_OF_CHUNK === LINES_OF_CHUNK - 1);
    this.elements.push(line);
    this.starts.push(start);
  }

  /** @param {number} number */
  addChunk(number) {
    const chunk = el('span', { class: 'code-chunk', hidden: this.isFolded && number > 0 && 'until-found' });
    this.element.append(chunk);
    return chunk;
  }

  /** Only the first chunk is seen; the browser's own search finds the others too. @param {boolean} isFolded */
  fold(isFolded) {
    this.isFolded = isFolded;
    for (const chunk of [...this.element.children].slice(1)) {
      if (isFolded) chunk.setAttribute('hidden', 'until-found');
      else chunk.removeAttribute('hidden');
    }
  }

  /** @param {[number, Part[]][]} changes */
  colour(changes) {
    for (const [number, parts] of changes) this.pending.set(number, parts);
    if (!this.timer) this.drawPending();
  }

  /** In pieces, so that thousands of lines hold nobody up. */
  drawPending() {
    this.timer = 0;
    const until = performance.now() + MOST_MS;
    const isHeld = isSelected(this.element);
    for (const [number, parts] of this.pending) {
      const line = this.elements[number];
      if (isHeld && line && isSelected(line)) continue;
      this.pending.delete(number);
      if (line) this.drawLine(line, number, parts);
      if (performance.now() > until) { this.timer = setTimeout(() => this.drawPending()); return; }
    }
    if (this.pending.size) this.waitForSelection();
  }

  waitForSelection() {
    if (this.isHeld) return;
    this.isHeld = true;
    document.addEventListener('selectionchange', () => {
      this.isHeld = false;
      if (!this.timer) this.drawPending();
    }, { once: true });
  }

  /** The code may have gone on since its colours were asked for. @param {HTMLElement} line @param {number} number @param {Part[]} parts */
  drawLine(line, number, parts) {
    const text = this.code.slice(this.starts[number], this.starts[number + 1] ?? this.code.length);
    const coloured = parts.map((part) => part[1]).join('');
    if (text.startsWith(coloured)) draw(line, parts, text.slice(coloured.length));
  }
}
