// What of a growing text is certain: which blocks stay whatever comes, so that their source need not be read again.

/** @typedef {import('./region.mjs').Token} Token */

const BLANK_LINE_AT_END = /\n[ \t]*\n[ \t]*$/;
/** May still become the next item of a list that stands before it. */
const HALF_MARKER = /^[ \t]*(?:[-+*]|\d{1,9}[.)]?)?[ \t]*$/;
const TWO_LINES = /\n.*\n/;
const NEAR_CHARS = 200;

/** @param {readonly Token[]} tokens */
export const lengthOf = (tokens) => tokens.reduce((length, { raw }) => length + raw.length, 0);

/** Whether nothing that follows can change where the block before `at` ends. @param {string} text @param {number} at */
function isEdge(text, at) {
  const rest = text.slice(at, at + 10 * NEAR_CHARS);
  if (TWO_LINES.test(rest)) return true;
  return BLANK_LINE_AT_END.test(text.slice(Math.max(0, at - NEAR_CHARS), at)) && !HALF_MARKER.test(rest);
}

/** HTML that is text as long as it has no end, and then holds what comes before that, blank lines too. */
const OPEN_HTML = /^ {0,3}<(details|script|pre|style|textarea|!--|\?|!\[CDATA\[)/im;
/** Beyond that nobody waits for the end. */
const HTML_CHARS = 20_000;

/** Whether a token is the beginning of HTML whose end may still come. @param {Token} token */
function beginsHtml({ type, raw }) {
  const name = type === 'paragraph' || type === 'text' ? OPEN_HTML.exec(raw)?.[1].toLowerCase() : null;
  if (!name) return false;
  if (name === 'details') return true;
  const closing = { '!--': '-->', '?': '?>', '![cdata[': ']]>' }[name] ?? `</${name}`;
  return !raw.toLowerCase().includes(closing);
}

/** Return how many of the first tokens of `text` stay as they are. @param {readonly Token[]} tokens @param {string} text */
export function certain(tokens, text) {
  const html = tokens.findIndex(beginsHtml);
  const isAwaited = html >= 0 && text.length - lengthOf(tokens.slice(0, html)) < HTML_CHARS;
  let last = isAwaited ? html : tokens.findLastIndex(({ type }) => type !== 'space');
  let at = lengthOf(tokens.slice(0, Math.max(0, last)));
  for (; last > 0; last -= 1) {
    if (isEdge(text, at)) return last;
    at -= tokens[last - 1].raw.length;
  }
  return 0;
}

/** The lines of a table: two make its head, and each of the others a row. @param {Token} token */
export function linesOf(token) {
  const lines = token.raw.trimEnd().split('\n').map((line) => `${line}\n`);
  return lines.length - 2 === token.rows?.length ? lines : null;
}

const OPENING = /^(`{3,}|~{3,})[^\n]*\n/;

/** Code whose fence has not come: what is added is more of it until a line could close it. */
export class OpenCode {
  /** @param {string} source the code with its fence */
  static of(source) {
    const opening = OPENING.exec(source);
    return opening && new OpenCode(opening[1], source.slice(opening[0].length));
  }

  /** @param {string} fence @param {string} body */
  constructor(fence, body) {
    this.closing = new RegExp(`^[ \\t]*${fence}`, 'm');
    this.body = body;
    this.line = body.slice(body.lastIndexOf('\n') + 1);
  }

  /** Return the code by now, or null where it may have ended. @param {string} added */
  add(added) {
    this.body += added;
    this.line += added;
    if (this.closing.test(this.line)) return null;
    this.line = this.line.slice(this.line.lastIndexOf('\n') + 1);
    return this.line ? this.body : this.body.slice(0, -1);
  }
}
