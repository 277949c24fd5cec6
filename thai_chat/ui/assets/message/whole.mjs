// A whole text -> tokens, however much it is. What is too much to be read is shown as it was written.
import { read } from './reading.mjs';

/** @typedef {import('./region.mjs').Token} Token */

export const MOST_CHARS = 400_000;
/** So much of plain text is one box: the browser lays out only the last one anew. */
export const PLAIN_CHARS = 20_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** Return the tokens of `source`, or null where it is too much, or can not be read. @param {string} source @returns {Token[] | null} */
export function tokensOf(source) {
  try { return /** @type {any} */ (read(source)); } catch { return null; }
}

/** Return the tokens of a whole text: what can not be read at once is read part by part. @param {string} source @returns {Token[]} */
export function wholeTokens(source) {
  const all = source.length > MOST_CHARS ? null : tokensOf(source);
  if (all) return all;
  let length = 0;
  return sectionsOf(source).flatMap((section) => {
    length += section.length;
    return (length > MOST_CHARS ? null : tokensOf(section)) ?? plainTokens(section);
  });
}

/** Cut at blank lines that are not in code. @param {string} source */
function sectionsOf(source) {
  const sections = [''];
  let fence = '';
  let isBlank = false;
  for (const line of linesOf(source)) {
    const [, signs = '', info = ''] = FENCE.exec(line.trimEnd()) ?? [];
    if (isBlank && !fence && line.trim()) sections.push('');
    if (!fence) fence = signs;
    else if (signs.startsWith(fence) && !info.trim()) fence = '';
    isBlank = !line.trim();
    sections[sections.length - 1] += line;
  }
  return sections;
}

/** @param {string} text */
const linesOf = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** @param {string} text @returns {Token[]} */
function plainTokens(text) {
  const boxes = [''];
  for (const line of linesOf(text)) {
    if (boxes[boxes.length - 1].length > PLAIN_CHARS) boxes.push('');
    boxes[boxes.length - 1] += line;
  }
  return boxes.map((raw) => ({ type: 'plain', raw }));
}
