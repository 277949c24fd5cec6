// The blocks that marked does not know, found in a text before it is read: footnotes, formulas, details.
import { Finder } from './finder.mjs';
import { footnoteBlock, isFootnote } from './footnotes.mjs';
import { detailsIn, summarised } from './html.mjs';
import { formulaBlock } from './tex.mjs';

const STARTS = /^ {0,3}(?=\[\^|\$\$|\\\[|<details)/gim;
const SIGNS = /\[\^|\$\$|\\\[|<details/i;
const REST_OF_LINE = /[ \t]*\n?/y;

/** @typedef {{ inline(source: string): any[], within(source: string): any[] }} Reader */
/** @typedef {(reader: Reader) => object} OwnBlock makes the token */

/** A text that is parted into blocks: whole, or what stands inside of a list's item, a quote or a note. */
export class Part {
  /** @type {Set<string>} kinds of HTML that are closed nowhere below */
  missing = new Set();
  /** @type {Map<number, OwnBlock> | undefined} */
  found;
  passed = 0;
  /** @type {number[] | undefined} */
  places;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** Blocks of ours by where they begin. */
  get blocks() {
    this.found ??= ownBlocks(this.text);
    return this.found;
  }

  /** Return where a block of ours begins next, behind `at`; Infinity when none does. @param {number} at */
  nextStart(at) {
    this.places ??= [...this.blocks.keys()];
    while (this.places[this.passed] <= at) this.passed += 1;
    return this.places[this.passed] ?? Number.POSITIVE_INFINITY;
  }
}

/** @param {string} text */
function ownBlocks(text) {
  /** @type {Map<number, OwnBlock>} */
  const blocks = new Map();
  if (!SIGNS.test(text)) return blocks;
  const finder = new Finder(text);
  const pairs = detailsIn(text);
  for (const { 0: indent, index: at } of text.matchAll(STARTS)) {
    const sign = text[at + indent.length];
    const block = sign === '[' ? footnote(text.slice(at)) : sign === '<' ? details(text, at, pairs.get(at)) : formula(text, at, finder);
    if (block) blocks.set(at, block);
  }
  return blocks;
}

/** @param {string} source @returns {OwnBlock | null} */
function footnote(source) {
  if (!isFootnote(source)) return null;
  return (reader) => {
    const { words, ...note } = footnoteBlock(source);
    return { type: 'footnote', ...note, tokens: reader.within(words) };
  };
}

/** @param {string} text @param {number} at @param {Finder} finder @returns {OwnBlock | null} */
function formula(text, at, finder) {
  const found = formulaBlock(text.slice(at), at, finder);
  return found && (() => ({ type: 'formula', ...found, display: true }));
}

/** @param {string} text @param {number} at @param {import('./html.mjs').Details | undefined} found @returns {OwnBlock | null} */
function details(text, at, found) {
  if (!found) return null;
  return (reader) => {
    REST_OF_LINE.lastIndex = found.end;
    REST_OF_LINE.exec(text);
    const raw = text.slice(at, REST_OF_LINE.lastIndex);
    const { summary, rest } = summarised(found.inner);
    return { type: 'details', raw, summary: reader.inline(summary), tokens: reader.within(rest), isOpen: found.isOpen };
  };
}
