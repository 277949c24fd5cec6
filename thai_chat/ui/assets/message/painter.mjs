// Draws a message, whole or while it grows: the work of an update does not grow with what is there already.
import { blockRegion, Code, List, plainBox, seen } from './blocks.mjs';
import { certain, lengthOf, linesOf, OpenCode } from './growth.mjs';
import { setLevels } from './outline.mjs';
import { Table } from './table.mjs';
import { MOST_CHARS, PLAIN_CHARS, tokensOf, wholeTokens } from './whole.mjs';

/** @typedef {import('./region.mjs').Token} Token */

/** Painting takes at most a fifth of the time, however long it takes. */
const REST = 4;

/** What the pieces of messages that have ended were drawn from. */
const sources = /** @type {WeakMap<Node, string>} */ (new WeakMap());

/** Return the Markdown that a piece of a message was drawn from: a paragraph, a list, a table. @param {Node} node */
export const sourceOf = (node) => sources.get(node);

export class Painter {
  given = '';
  isSplit = false;
  /** What is drawn for good, what is read at each painting, and what has been added since the last one. */
  done = '';
  tail = '';
  added = '';
  /** Definitions of links, and the head of a table, that the tail is read behind. */
  definitions = '';
  head = '';
  /** The depths of the headings that the tail stands below. */
  depths = /** @type {number[]} */ ([]);
  /** The block that goes on there, and code that does so without being read. */
  continued = /** @type {List | Table | null} */ (null);
  openCode = /** @type {OpenCode | null} */ (null);
  /** Where text is added once nothing is drawn any more. */
  plain = /** @type {Text | null} */ (null);
  frame = 0;
  timer = 0;
  restUntil = 0;

  /**
   * @param {HTMLElement} element
   * @param {{ onPaint?: () => void }} [how]
   */
  constructor(element, { onPaint } = {}) {
    this.element = element;
    this.onPaint = onPaint;
    this.blocks = blockRegion(element);
  }

  get source() {
    return this.given;
  }

  /** @param {string} text */
  add(text) {
    this.take(text);
    if (this.frame || this.timer) return;
    const rest = this.restUntil - performance.now();
    if (rest > 20) this.timer = setTimeout(() => { this.timer = 0; this.askForFrame(); }, rest);
    else this.askForFrame();
  }

  /** The two signs of a line break may come in two pieces. @param {string} text */
  take(text) {
    this.given += text;
    this.added += (this.isSplit && text.startsWith('\n') ? text.slice(1) : text).replace(/\r\n?/g, '\n');
    if (text) this.isSplit = text.endsWith('\r');
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
    this.blocks = blockRegion(this.element);
    this.given = this.done = this.tail = this.added = this.definitions = this.head = '';
    this.isSplit = false;
    this.depths = [];
    this.continued = this.openCode = this.plain = null;
  }

  /** Paint at once, in a hidden tab too. */
  paint() {
    this.cancel();
    const begun = performance.now();
    const { added } = this;
    this.tail += added;
    this.added = '';
    if (this.plain) this.addPlain(this.plain, added);
    else if (!this.extendCode(added)) this.paintTail();
    this.onPaint?.();
    this.restUntil = performance.now() + REST * (performance.now() - begun);
  }

  /** Paint what is there as a whole text: what came late may say how to read what came before. */
  end() {
    this.cancel();
    this.dropPlain();
    for (const { drawn } of this.blocks.pieces) if (drawn instanceof List || drawn instanceof Table) drawn.unfix();
    this.blocks.fixed = 0;
    this.blocks.update(seen(wholeTokens(this.done + this.tail + this.added)), false);
    for (const { token, drawn } of this.blocks.pieces) sources.set(drawn.node, token.raw);
    setLevels(this.nodesFrom(0), []);
    this.onPaint?.();
  }

  get isTooLong() {
    return this.done.length + this.tail.length > MOST_CHARS;
  }

  /** @param {string} added */
  extendCode(added) {
    const code = this.openCode?.add(added) ?? null;
    const drawn = this.blocks.pieces.at(-1)?.drawn;
    if (code === null || this.isTooLong || !(drawn instanceof Code)) return false;
    try { drawn.extend(code); } catch { return false; }
    return true;
  }

  paintTail() {
    const tokens = this.isTooLong ? null : this.readTail();
    if (!tokens) { this.giveUp(); return; }
    this.blocks.update(seen(tokens), true);
    setLevels(this.nodesFrom(this.blocks.fixed), [...this.depths]);
    this.openCode = null;
    if (lengthOf(tokens) === this.head.length + this.tail.length) this.fix(tokens);
  }

  /** @returns {Token[] | null} */
  readTail() {
    const tokens = this.readBehindDefinitions();
    if (!tokens || !this.continued || this.continued.continuesIn(tokens[0])) return tokens;
    this.closeContinued();
    return this.readBehindDefinitions();
  }

  /** @returns {Token[] | null} */
  readBehindDefinitions() {
    const tokens = tokensOf(this.definitions + this.head + this.tail);
    let length = this.definitions.length;
    let first = 0;
    while (tokens && length > 0 && first < tokens.length) { length -= tokens[first].raw.length; first += 1; }
    return tokens?.slice(first) ?? null;
  }

  /** The source of what is certain is not read again. @param {Token[]} tokens */
  fix(tokens) {
    const count = certain(tokens, this.head + this.tail);
    if (count > 0) {
      const done = tokens.slice(0, count);
      this.keep(seen(done).length);
      this.pass(lengthOf(done) - this.head.length);
      for (const { type, raw } of done) if (type === 'def') this.definitions = `${this.definitions}${raw.trim()}\n\n`;
      this.head = '';
      this.continued = null;
    }
    const rest = seen(tokens.slice(count));
    const drawn = this.blocks.pieces[this.blocks.fixed]?.drawn;
    if (rest.length !== 1) return;
    if (drawn instanceof List) this.fixItems(rest[0], drawn);
    else if (drawn instanceof Table) this.fixRows(rest[0], drawn);
    else if (drawn instanceof Code && drawn.isOpen()) this.openCode = OpenCode.of(this.tail);
  }

  /** @param {number} from @param {number} [to] */
  nodesFrom(from, to) {
    return this.blocks.pieces.slice(from, to).map(({ drawn }) => drawn.node);
  }

  /** Let the next blocks stay as they are. @param {number} count */
  keep(count) {
    const { fixed } = this.blocks;
    setLevels(this.nodesFrom(fixed, fixed + count), this.depths);
    this.blocks.fixed += count;
  }

  /** @param {number} length */
  pass(length) {
    this.done += this.tail.slice(0, length);
    this.tail = this.tail.slice(length);
  }

  /** All but the last two: what looks like an item may turn out to be a part of the one before. @param {any} token @param {List} list */
  fixItems({ items }, list) {
    const count = items.length - 2;
    if (count <= 0) return;
    list.fix(items, count);
    this.pass(lengthOf(items.slice(0, count)));
    this.continued = list;
  }

  /** All but the last row; the head is read with it. @param {any} token @param {Table} table */
  fixRows(token, table) {
    const lines = linesOf(token);
    const count = token.rows.length - 1;
    if (!lines || count <= 0) return;
    const head = lines[0] + lines[1];
    this.pass(lines.slice(2, 2 + count).join('').length + (this.head ? 0 : head.length));
    this.head = head;
    table.fix(count);
    this.continued = table;
  }

  /** What looked like more of a list or a table is none. */
  closeContinued() {
    const { continued } = this;
    if (continued instanceof List) continued.items.cut();
    if (continued instanceof Table) continued.rows.cut();
    this.keep(1);
    this.head = '';
    this.continued = null;
  }

  /** From here on the text is shown as it was written. */
  giveUp() {
    if (this.continued) this.closeContinued();
    this.blocks.cut();
    this.openCode = null;
    this.plain = new Text();
    this.element.append(plainBox(this.plain));
    this.addPlain(this.plain, this.tail);
  }

  /** In pieces of whole lines, so that the browser lays out only the last of them anew. @param {Text} plain @param {string} added */
  addPlain(plain, added) {
    const end = plain.length > PLAIN_CHARS ? added.indexOf('\n') : -1;
    plain.appendData(end < 0 ? added : added.slice(0, end));
    if (end >= 0) {
      this.plain = new Text(added.slice(end + 1));
      this.element.append(plainBox(this.plain));
    }
  }

  dropPlain() {
    if (!this.plain) return;
    this.blocks.cut();
    while (this.element.childNodes.length > this.blocks.pieces.length) this.element.lastChild?.remove();
    this.plain = null;
  }
}

/** Draw a whole text into `element`, which shows nothing else then. @param {HTMLElement} element @param {string} source */
export function draw(element, source) {
  const painter = new Painter(element);
  painter.clear();
  painter.take(source);
  painter.end();
}
