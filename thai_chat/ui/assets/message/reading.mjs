// Markdown as tokens (tokens.d.ts has their shapes): marked reads the blocks, inline.mjs the lines.
import { canBeRead, TooMuch } from './bounds.mjs';
import { Reader } from './lexer.mjs';
import { Tabs } from './tabs.mjs';

export { canBeRead, TooMuch };

/** Lines in which nothing is Markdown. @param {string} raw */
function literal(raw) {
  const tokens = raw.trimEnd().split('\n').flatMap((text, at) => {
    const words = { type: 'text', raw: text, text };
    return at ? [{ type: 'br', raw: '\n' }, words] : [words];
  });
  return { type: 'paragraph', raw, text: raw, tokens };
}

/** Items keep the number that was written, unless all have the same. @param {import('./tokens.d.ts').List} list */
function number(list) {
  const written = list.items.map(({ raw }) => Number.parseInt(raw.trim(), 10));
  const isSame = written.every((value) => value === written[0]);
  for (const [at, item] of list.items.entries()) item.value = isSame ? written[0] + at : written[at];
}

const CONTAINERS = new Set(['blockquote', 'footnote', 'details']);

/** @param {any[]} tokens @param {Tabs | null} tabs @param {boolean} isInside of a list or a quote */
function finish(tokens, tabs, isInside = false) {
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'literal') tokens[at] = literal(token.raw);
    else if (token.type === 'code') { if (isInside) tabs?.mend(token); }
    else if (token.type === 'list') finishList(token, tabs);
    else if (CONTAINERS.has(token.type)) finish(token.tokens, tabs, true);
  }
}

/** @param {import('./tokens.d.ts').List} list @param {Tabs | null} tabs */
function finishList(list, tabs) {
  if (list.ordered) number(list);
  for (const item of list.items) finish(item.tokens, tabs, true);
}

/** Marked takes one blank at the end for the end of a line. @param {any[]} tokens @param {string} source */
function restoreRaw(tokens, source) {
  let at = 0;
  for (const token of tokens) {
    token.raw = source.slice(at, at + token.raw.length);
    at += token.raw.length;
  }
}

/**
 * Read Markdown. The `raw` of the tokens, one behind the other, is the source (whose lines end in `\n` alone).
 * @param {string} source
 * @param {import('./tokens.d.ts').Links} [links] definitions that stand above, from the `links` of an earlier reading
 * @returns {import('./tokens.d.ts').Tokens}
 * @throws {TooMuch} when it cannot be read in time that grows with its length; it is to be shown as it is
 */
export function read(source, links) {
  if (!canBeRead(source)) throw new TooMuch('too long or too deep');
  try {
    const tokens = new Reader(source, links).lex(source);
    finish(tokens, source.includes('\t') ? new Tabs(source) : null);
    restoreRaw(tokens, source);
    return tokens;
  } catch (error) {
    if (error instanceof RangeError) throw new TooMuch(error.message);
    throw error;
  }
}
