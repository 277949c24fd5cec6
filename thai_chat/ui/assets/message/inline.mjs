// A paragraph's Markdown as tokens, read once from its beginning to its end.
import { Chain, textOf, tokensOf } from './chain.mjs';
import { dunderLength, flanking, Runs } from './emphasis.mjs';
import { entityAt } from './entities.mjs';
import { footnoteRef } from './footnotes.mjs';
import { isBreak, pairedTag } from './html.mjs';
import { bareLink, bareMail, destination, normalLabel, URL_BEGIN } from './links.mjs';
import { Openings } from './openings.mjs';
import { runLength, Spans } from './spans.mjs';
import { formulaAt } from './tex.mjs';

/** @typedef {import('./chain.mjs').Piece} Piece */
/** @typedef {import('./emphasis.mjs').Run} Run */
/** @typedef {import('./openings.mjs').Opening} Opening */

const WORDS = /[^\\`*_~[\]!<&$\n]+/y;
const SPECIAL = /[\\`*_~[\]<&$\n@]|:\/\/|www\./i;
const SAME = /\*+|_+|~+/y;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const ASCII_WORD = /[A-Za-z0-9]/;
const LABEL = /\[((?:\\.|[^\\[\]]){0,999})\]/y;
const MOST_LABEL = 999;

class Line {
  at = 0;
  url = -1;
  chain = new Chain();
  runs = new Runs(this.chain);
  openings = new Openings();
  /** @type {Piece[]} addresses without brackets, which are none inside of a link */
  bare = [];

  /** @param {string} source @param {import('./tokens.d.ts').Links} links */
  constructor(source, links) {
    this.source = source;
    this.links = links;
    this.spans = new Spans(source);
    this.hasLinks = Object.keys(links).length > 0;
  }

  /** @returns {import('./tokens.d.ts').Inline[]} */
  read() {
    this.skipBlanks();
    while (this.at < this.source.length) {
      const read = READERS[this.source[this.at]];
      if (read) read(this);
      else this.readWords();
    }
    this.runs.pair(null);
    return tokensOf(this.chain.first, this.source);
  }

  /** @param {number} end @param {string} [text] what is shown, if not the source */
  addText(end, text) {
    const { last } = this.chain;
    const isPlain = text === undefined && last?.kind === 'text' && last.text === undefined;
    if (isPlain) last.end = end;
    else this.chain.add({ kind: 'text', start: this.at, end, text });
    this.at = end;
  }

  /** @param {number} end @param {object} token */
  addToken(end, token) {
    const piece = this.chain.add({ kind: 'token', start: this.at, end, token });
    this.at = end;
    return piece;
  }

  skipBlanks() {
    let end = this.at;
    while (this.source[end] === ' ' || this.source[end] === '\t') end += 1;
    if (end > this.at) this.addText(end, '');
  }

  readWords() {
    WORDS.lastIndex = this.at;
    let end = WORDS.test(this.source) ? WORDS.lastIndex : this.at + 1;
    const url = this.nextUrl();
    if (url === this.at && this.readBareLink()) return;
    if (url > this.at) end = Math.min(end, url);
    const begun = this.at;
    this.addText(end);
    this.readMails(begun, end);
  }

  /** Return where an address may begin next; it is looked for once. */
  nextUrl() {
    if (this.url < this.at) {
      URL_BEGIN.lastIndex = this.at;
      this.url = URL_BEGIN.exec(this.source)?.index ?? this.source.length;
    }
    return this.url;
  }

  readBareLink() {
    const link = bareLink(this.source, this.at);
    if (link) this.addBare(link.end, link);
    return link !== null;
  }

  /** @param {number} end @param {{ href: string, text: string }} link */
  addBare(end, { href, text }) {
    const tokens = [{ type: 'text', raw: text, text }];
    this.bare.push(this.addToken(end, { type: 'link', href, title: null, tokens }));
  }

  /** Find mail addresses in the words just added. @param {number} from @param {number} end */
  readMails(from, end) {
    for (let at = this.source.indexOf('@', from); at >= 0 && at < end; at = this.source.indexOf('@', at + 1)) {
      const mail = bareMail(this.source, at);
      const { last } = this.chain;
      if (!mail || !last || last.text !== undefined || mail.start < last.start) continue;
      last.end = mail.start;
      this.at = mail.start;
      this.addBare(mail.end, mail);
      if (mail.end >= end) return;
      this.addText(end);
    }
  }

  readEscape() {
    const next = this.source[this.at + 1];
    const formula = next === '(' || next === '[' ? formulaAt(this.spans, this.at) : null;
    if (formula) this.addFormula(formula);
    else if (next === '\n') this.addBreak(this.at + 2);
    else if (next && ESCAPABLE.test(next)) this.addText(this.at + 2, next);
    else this.addText(this.at + 1);
  }

  /** @param {{ tex: string, display: boolean, end: number }} formula */
  addFormula({ tex, display, end }) {
    this.addToken(end, { type: 'formula', tex, display });
  }

  /** @param {number} end */
  addBreak(end) {
    const { last } = this.chain;
    if (last?.kind === 'text') last.text = (last.text ?? this.source.slice(last.start, last.end)).replace(/[ \t]+$/, '');
    this.addToken(end, { type: 'br' });
    this.skipBlanks();
  }

  readSpan() {
    const span = this.spans.opaque.get(this.at);
    if (!span) this.addText(this.at + Math.max(1, runLength(this.source, this.at)));
    else if (span.kind === 'link') this.addBare(span.end, span);
    else if (span.kind === 'code') this.addCode(span.end, span.width);
    else this.addHtml(span.end);
  }

  /** @param {number} end @param {number} width */
  addCode(end, width) {
    const text = this.source.slice(this.at + width, end - width).replaceAll('\n', ' ');
    const isPadded = text.startsWith(' ') && text.endsWith(' ') && text.trim() !== '';
    this.addToken(end, { type: 'codespan', text: isPadded ? text.slice(1, -1) : text });
  }

  /** @param {number} end */
  addHtml(end) {
    const html = this.source.slice(this.at, end);
    const tag = pairedTag(html);
    if (isBreak(html)) this.addToken(end, { type: 'br' });
    else if (!tag) this.addText(end);
    else if (tag.closes) this.closeTag(end, tag.name);
    else this.openTag(end, tag.name);
  }

  /** @param {number} end @param {string} name */
  openTag(end, name) {
    this.openings.addTag(this.addOpening(end, { name }));
  }

  /** @param {number} end @param {string} name */
  closeTag(end, name) {
    const opening = this.openings.takeTag(name);
    if (opening) this.wrap(opening, end, { type: 'tag', name });
    else this.addText(end);
  }

  /** @param {number} end @param {{ name?: string, isImage?: boolean }} kind @returns {Opening} */
  addOpening(end, kind) {
    const piece = this.chain.add({ kind: 'run', start: this.at, end, below: this.runs.top, ...kind });
    this.at = end;
    return piece;
  }

  /** Put all that stands behind `opening` into one group. @param {Opening} opening @param {number} end @param {object} token */
  wrap(opening, end, token) {
    this.runs.pair(opening.below);
    /** @type {Piece} */
    const group = { kind: 'group', start: opening.start, end, token };
    this.chain.wrap(opening, null, group);
    this.chain.remove(opening);
    this.at = end;
    return group;
  }

  readEntity() {
    const entity = entityAt(this.source, this.at);
    if (entity) this.addText(entity.end, entity.text);
    else this.addText(this.at + 1);
  }

  readDollar() {
    const formula = formulaAt(this.spans, this.at);
    if (formula) this.addFormula(formula);
    else this.addText(this.at + Math.max(1, runLength(this.source, this.at)));
  }

  readRun() {
    const { source, at } = this;
    SAME.lastIndex = at;
    const end = SAME.test(source) ? SAME.lastIndex : at + 1;
    const sign = source[at];
    const isInWord = sign === '_' && ASCII_WORD.test(source[at - 1] ?? '') && ASCII_WORD.test(source[end] ?? '');
    const dunder = sign === '_' && end - at === 2 ? dunderLength(source, at) : 0;
    if (dunder) { this.addText(at + dunder); return; }
    const { opens, closes } = isInWord ? { opens: false, closes: false } : flanking(source, at, end);
    if (!opens && !closes) { this.addText(end); return; }
    /** @type {Run} */
    const run = { kind: 'run', start: at, end, sign, length: end - at, opens, closes };
    this.runs.push(this.chain.add(run));
    this.at = end;
  }

  readBracket() {
    const note = footnoteRef(this.source, this.at);
    if (note) this.addToken(note.end, { type: 'footnote_ref', label: note.label });
    else this.openBracket(1);
  }

  readBang() {
    if (this.source[this.at + 1] === '[' && !footnoteRef(this.source, this.at + 1)) this.openBracket(2);
    else this.addText(this.at + 1);
  }

  /** @param {number} width 2 with the sign of an image */
  openBracket(width) {
    this.openings.addBracket(this.addOpening(this.at + width, { isImage: width === 2 }));
  }

  closeBracket() {
    const opening = this.openings.takeBracket();
    const link = opening && !opening.isUsed ? this.linkOf(opening) : null;
    if (!opening || !link) { this.addText(this.at + 1); return; }
    this.openings.forgetTags(opening.start);
    const { href, title, end } = link;
    const group = this.wrap(opening, end, { type: opening.isImage ? 'image' : 'link', href, title: title ?? null });
    if (opening.isImage) group.token.text = textOf(tokensOf(group.first, this.source));
    else this.forbidLinks(opening.start);
  }

  /** Inside of a link stands no other. @param {number} start */
  forbidLinks(start) {
    this.openings.forbidLinks();
    while ((this.bare.at(-1)?.start ?? -1) > start) {
      const piece = this.bare.pop();
      if (piece) { piece.kind = 'text'; piece.text = this.source.slice(piece.start, piece.end); }
    }
  }

  /** Return where the brackets lead that are closed here, or null. @param {Opening} opening */
  linkOf(opening) {
    if (opening.end === this.at && !opening.isImage) return null; // nothing to see of it
    const found = destination(this.source, this.at + 1);
    if (found || !this.hasLinks) return found;
    LABEL.lastIndex = this.at + 1;
    const second = LABEL.exec(this.source);
    const end = second ? LABEL.lastIndex : this.at + 1;
    if (!second?.[1] && (opening.holdsBracket || this.at - opening.end > MOST_LABEL)) return null;
    const label = normalLabel(second?.[1] || this.source.slice(opening.end, this.at));
    return Object.hasOwn(this.links, label) ? { ...this.links[label], end } : null;
  }
}

/** @type {Record<string, (line: Line) => void>} */
const READERS = {
  '\\': (line) => line.readEscape(),
  '`': (line) => line.readSpan(),
  '<': (line) => line.readSpan(),
  '*': (line) => line.readRun(),
  _: (line) => line.readRun(),
  '~': (line) => line.readRun(),
  '[': (line) => line.readBracket(),
  ']': (line) => line.closeBracket(),
  '!': (line) => line.readBang(),
  '&': (line) => line.readEntity(),
  $: (line) => line.readDollar(),
  '\n': (line) => line.addBreak(line.at + 1),
};

/** @param {string} source @param {import('./tokens.d.ts').Links} links the definitions that are known, by their normal label */
export function readInline(source, links) {
  if (!source) return [];
  const isPlain = !SPECIAL.test(source) && source === source.trimStart();
  return isPlain ? [{ type: 'text', raw: source, text: source }] : new Line(source, links).read();
}
