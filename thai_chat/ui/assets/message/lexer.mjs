// Marked's reading of blocks, with what is read otherwise here: code, tables, HTML, definitions, and all lines.
import { Lexer, Tokenizer } from '../vendor/marked.esm.js';
import { MOST_CELLS, MOST_DEPTH, TooMuch } from './bounds.mjs';
import { fencedCode } from './fences.mjs';
import { literalLines } from './html.mjs';
import { readInline } from './inline.mjs';
import { isAddress } from './links.mjs';
import { Part } from './own.mjs';
import { tableOf } from './rows.mjs';

/** Marked reads a line again for each block that it stands in, and now and then once more. */
const MOST_READS = 40;
const DEFINITION = /^ {0,3}\[((?:\\[\s\S]|[^\]\\])*)\]:\s*(<?)/;

class Blocks extends Tokenizer {
  /** @returns {Reader} */
  get reader() {
    return /** @type {Reader} */ (this.lexer);
  }

  /** @override @param {string} source */
  fences(source) {
    return fencedCode(source) ?? undefined;
  }

  /** Scripts, comments and the like hold no Markdown; all other HTML is read as a line is. @override @param {string} source */
  html(source) {
    const raw = literalLines(source, this.reader.part.missing);
    return raw ? { type: 'literal', raw } : undefined;
  }

  /** What looks like a definition and leads nowhere is words. @override @param {string} source */
  def(source) {
    const token = super.def(source);
    if (!token) return undefined;
    const [, label, angle] = DEFINITION.exec(token.raw) ?? [];
    return angle || isAddress(token.href) ? { ...token, label } : undefined;
  }

  /** @override @param {string} source */
  table(source) {
    const { reader, rules } = this;
    return tableOf(source, rules.block.table, (words) => reader.inline(words), (cells) => reader.countCells(cells)) ?? undefined;
  }

  /** A line of dashes makes no heading of a block of ours above it. @override @param {string} source */
  lheading(source) {
    const { part } = this.reader;
    const at = part.text.length - source.length;
    return super.lheading(source.slice(0, part.nextStart(at) - at));
  }

  /** Marked reads a quote's last list, or quote, once more for each line that may go on with it. @override @param {string} source */
  blockquote(source) {
    const { reader } = this;
    this.countAgain(source);
    const outer = reader.quote;
    reader.quote = reader.part;
    const token = super.blockquote(source);
    reader.quote = outer;
    return token;
  }

  /** @override @param {string} source */
  list(source) {
    this.countAgain(source);
    return super.list(source);
  }

  /** @param {string} source */
  countAgain(source) {
    if (this.reader.quote === this.reader.part) this.reader.count(source);
  }
}

export class Reader extends Lexer {
  /** @type {Part[]} one inside of the other */
  parts = [];
  /** @type {Part | null} where a quote is being read */
  quote = null;
  work = 0;
  cells = 0;

  /** @param {string} source @param {import('./tokens.d.ts').Links} [links] */
  constructor(source, links) {
    super({
      gfm: true,
      breaks: true,
      tokenizer: new Blocks(),
      extensions: { block: [ownBlock], startBlock: [nextOwnBlock], renderers: {}, childTokens: {} },
    });
    Object.assign(this.tokens.links, links);
    this.most = MOST_READS * (source.length + 1000);
  }

  get part() {
    return /** @type {Part} */ (this.parts.at(-1));
  }

  /** @param {number} cells */
  countCells(cells) {
    this.cells += cells;
    if (this.cells > MOST_CELLS) throw new TooMuch('too many cells');
  }

  /** Count what is read, and give up where the same lines are read again and again. @param {string} source */
  count(source) {
    this.work += source.length;
    if (this.work > this.most) throw new TooMuch('the same lines again and again');
  }

  /** @override @param {string} source @param {any[]} [tokens] @param {boolean} [isClipped] */
  blockTokens(source, tokens = [], isClipped = false) {
    if (this.parts.length > MOST_DEPTH) throw new TooMuch('too many blocks inside of blocks');
    this.parts.push(new Part(source));
    this.count(source);
    try {
      return super.blockTokens(source, tokens, isClipped);
    } finally {
      this.parts.pop();
    }
  }

  /** Read what stands inside of a block of ours. @param {string} source @returns {any[]} */
  within(source) {
    const { top } = this.state;
    this.state.top = true;
    const tokens = this.blockTokens(source, []);
    this.state.top = top;
    return tokens;
  }

  /** @override @param {string} source @param {any[]} [tokens] */
  inlineTokens(source, tokens = []) {
    for (const token of readInline(source, this.tokens.links)) tokens.push(token);
    return tokens;
  }
}

/** @this {{ lexer: Reader }} @param {string} source */
function ownBlock(source) {
  const { part } = this.lexer;
  return part.blocks.get(part.text.length - source.length)?.(this.lexer);
}

/** @this {{ lexer: Reader }} @param {string} rest the source without its first sign */
function nextOwnBlock(rest) {
  const { part } = this.lexer;
  const at = part.text.length - rest.length;
  return part.nextStart(at - 1) - at;
}
