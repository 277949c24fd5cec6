// Footnotes: `[^1]` in a line, and `[^1]: words` with the lines that belong to them.

const LABEL = '[\\p{L}\\p{M}\\p{N}_.-]{1,100}';
const REF = new RegExp(`\\[\\^(${LABEL})\\](?![(+*?{])`, 'uy');
/** What is no name but a set of signs in a regular expression. */
const RANGE = /[a-z]-[a-z]|[0-9]-[0-9]/i;

/** @param {string} text @param {number} at */
export function footnoteRef(text, at) {
  if (text[at + 1] !== '^') return null;
  REF.lastIndex = at;
  const label = REF.exec(text)?.[1];
  return label && !RANGE.test(label) ? { label, end: REF.lastIndex } : null;
}

const FIRST = new RegExp(`^ {0,3}\\[\\^(${LABEL})\\]:([^\\n]*)(?:\\n|$)`, 'u');
const OTHER_BLOCK = /^ {0,3}(?:\[\^|#{1,6}\s|>|`{3}|~{3}|[-*+]\s|\d{1,9}[.)]\s|\$\$|\\\[|<\/?details|\||([-*_])(?:[ \t]*\1){2,}[ \t]*$)/i;
const INDENTED = /^(?: {2,4}|\t)/;
const LINE = /[^\n]*(?:\n|$)/y;

/** @param {string} source */
export const isFootnote = (source) => FIRST.test(source);

/** Read the note that begins `source`. @param {string} source */
export function footnoteBlock(source) {
  const [line, label, rest] = FIRST.exec(source) ?? ['', '', ''];
  let end = line.length;
  let words = rest.trimStart();
  let blanks = '';
  for (let at = end; at < source.length; at = LINE.lastIndex) {
    LINE.lastIndex = at;
    const next = (LINE.exec(source)?.[0] ?? '').replace(/\n$/, '');
    if (!next.trim()) { blanks += '\n'; continue; }
    if (!INDENTED.test(next) && (blanks || OTHER_BLOCK.test(next))) break;
    words += `\n${blanks}${next.replace(INDENTED, '')}`;
    blanks = '';
    end = LINE.lastIndex;
  }
  return { raw: source.slice(0, end), label, words };
}
