// Growing Markdown as DOM: finished blocks stay, only the last one is painted again; everything is sanitised.
import { Marked } from '../vendor/marked.esm.js';
import DOMPurify from '../vendor/purify.es.mjs';

// HTML in a reply is shown as it was written; only a line break, which tables need, is one.
const LINE_BREAK = /^<br\s*\/?>$/i;
/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (char) => ENTITIES[char]);

const markdown = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => (LINE_BREAK.test(text.trim()) ? '<br>' : escaped(text)),
    // No picture is fetched from wherever a model says: that would tell the place who reads, and what.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
});

const purify = DOMPurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});
const CLEAN = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'a', 'blockquote', 'hr', 'input',
    'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

/** @param {import('../vendor/marked.esm.js').Tokens} tokens */
const paintTokens = (tokens) => purify.sanitize(markdown.parser(tokens), CLEAN);

/** A block that is longer, or deeper, or holds more signs than can be told apart between two frames, is shown as text. */
const MOST_CHARS = 100_000;
const MOST_STEPS = 20_000_000;
const MOST_DEPTH = 60;
const MOST_CELLS = 20_000;
const DASHES = /^[ \t>|:\-*+\d.)]*$/;
const INSIDE = /^([ \t]*)((?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)+)/gm;

/** A table's row has as many cells as the line of dashes, however few are written. @param {string} block */
function cellsIn(block) {
  let cells = 0;
  let columns = 0;
  for (const line of block.split('\n')) {
    if (!line.trim()) { columns = 0; continue; }
    cells += columns;
    if (line.includes('|') && line.includes('-') && DASHES.test(line)) {
      columns = Math.max(columns, line.split('|').length);
      cells += 2 * columns;
    }
  }
  return cells;
}

/** @param {string} block */
function canBeDrawn(block) {
  if (block.length > MOST_CHARS || cellsIn(block) > MOST_CELLS) return false;
  const signs = block.match(/[*_~`]+/g)?.length ?? 0;
  if (signs * block.length > MOST_STEPS) return false;
  const indents = new Set();
  for (const [, indent, markers] of block.matchAll(INSIDE)) {
    indents.add(indent);
    if ((markers.match(/>|[-*+]|\d+[.)]/g) ?? []).length + indents.size > MOST_DEPTH) return false;
  }
  return true;
}

/** Painting takes at most a fifth of the time, however long it takes. */
const REST = 4;
const PLAIN_CHARS = 20_000;

/** @param {Node | string} text */
function plainBox(text) {
  const box = document.createElement('div');
  box.className = 'plain';
  box.append(text);
  return box;
}

export class Painter {
  /** Text that has been added and may still be drawn otherwise. */
  tail = '';
  /** So many nodes stay as they are. */
  fixedNodes = 0;
  frame = 0;
  timer = 0;
  restUntil = 0;
  /** Where text is added once nothing is drawn any more. */
  plain = /** @type {Text | null} */ (null);

  /**
   * @param {HTMLElement} element
   * @param {() => void} [onPaint]
   */
  constructor(element, onPaint) {
    this.element = element;
    this.onPaint = onPaint;
  }

  /** @param {string} text */
  add(text) {
    this.tail += text;
    if (this.frame || this.timer) return;
    const rest = this.restUntil - performance.now();
    if (rest > 20) this.timer = setTimeout(() => { this.timer = 0; this.askForFrame(); }, rest);
    else this.askForFrame();
  }

  askForFrame() {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  cancel() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = this.timer = 0;
  }

  clear() {
    this.cancel();
    this.element.replaceChildren();
    this.tail = '';
    this.fixedNodes = 0;
    this.plain = null;
  }

  /** Paint at once, in a hidden tab too. */
  paint() {
    this.cancel();
    const begun = performance.now();
    if (!this.plain) this.paintOrGiveUp();
    if (this.plain) this.addPlain(this.plain);
    this.onPaint?.();
    this.restUntil = performance.now() + REST * (performance.now() - begun);
  }

  paintOrGiveUp() {
    if (!canBeDrawn(this.tail)) { this.giveUp(); return; }
    try { this.paintTail(); } catch { this.giveUp(); } // whatever breaks the library is shown all the same
  }

  dropTail() {
    while (this.element.childNodes.length > this.fixedNodes) this.element.lastChild?.remove();
  }

  /** From here on the reply is text, as it was written. */
  giveUp() {
    this.dropTail();
    this.plain = new Text();
    this.element.append(plainBox(this.plain));
  }

  /** In pieces of whole lines, so that the browser lays out only the last of them anew. */
  /** @param {Text} plain */
  addPlain(plain) {
    const end = plain.length > PLAIN_CHARS ? this.tail.indexOf('\n') : -1;
    plain.appendData(end < 0 ? this.tail : this.tail.slice(0, end));
    if (end >= 0) {
      this.plain = new Text(this.tail.slice(end + 1));
      this.element.append(plainBox(this.plain));
    }
    this.tail = '';
  }

  paintTail() {
    this.dropTail();
    const tokens = markdown.lexer(this.tail);
    let last = tokens.length - 1;
    while (last > 0 && tokens[last].type === 'space') last -= 1;
    if (last > 0) this.fix(tokens.slice(0, last), tokens.links);
    const rest = /** @type {import('../vendor/marked.esm.js').Tokens} */ (tokens.slice(Math.max(last, 0)));
    rest.links = tokens.links;
    this.element.append(paintTokens(rest));
  }

  /** Blocks that are whole: their source is forgotten, so that the work of an update does not grow with the reply. @param {import('../vendor/marked.esm.js').Tokens} tokens @param {unknown} links */
  fix(tokens, links) {
    tokens.links = links;
    this.element.append(paintTokens(tokens));
    this.fixedNodes = this.element.childNodes.length;
    this.tail = this.tail.slice(tokens.reduce((length, token) => length + token.raw.length, 0));
  }
}
