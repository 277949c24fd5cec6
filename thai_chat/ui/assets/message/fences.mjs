// Fenced code: its text is what stands between the fences, byte for byte.

const FENCE = /^( {0,3})(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})([^\n]*)(?:\n|$)/;
const CLOSING = /^ {0,3}(`+|~+)[ \t]*$/;
const UNESCAPE = /\\([!-/:-@[-`{-~])/g;
const LINE = /[^\n]*/y;

/** Drop at most `width` blanks from the beginning. @param {string} line @param {number} width */
function outdented(line, width) {
  let at = 0;
  while (at < width && line[at] === ' ') at += 1;
  return line.slice(at);
}

/** @param {string} line @param {string} fence */
function isClosing(line, fence) {
  const mark = CLOSING.exec(line)?.[1] ?? '';
  return mark[0] === fence[0] && mark.length >= fence.length;
}

/** Read the code that begins `source`, or return null. @param {string} source @returns {import('./tokens.d.ts').Code | null} */
export function fencedCode(source) {
  const begun = FENCE.exec(source);
  if (!begun) return null;
  const [opening, indent, fence, info] = begun;
  /** @type {string[]} */
  const lines = [];
  let at = opening.length;
  let isOpen = true;
  while (at < source.length && isOpen) {
    LINE.lastIndex = at;
    const line = LINE.exec(source)?.[0] ?? '';
    at += line.length + 1;
    isOpen = !isClosing(line, fence);
    if (isOpen) lines.push(outdented(line, indent.length));
  }
  const raw = source.slice(0, isOpen ? source.length : at - 1);
  return { type: 'code', raw, lang: info.trim().replace(UNESCAPE, '$1'), text: lines.join('\n'), isOpen };
}
