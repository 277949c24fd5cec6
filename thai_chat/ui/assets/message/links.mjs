// Addresses in texts: what is one, where it ends, and what a link's brackets say.

const SCHEME = /^(?:https?|ftp|mailto|tel|xmpp|javascript|data|vbscript|file):/i;
const PATH = /^(?:[/#?]|\.{1,2}\/)/;
const DOTTED = /^[^\s<>]*[^\s<>.][./][^\s<>.]/;

/** Whether `[x]: text` and `[x](text)` name an address, and not what somebody wants to read. @param {string} text */
export const isAddress = (text) => SCHEME.test(text) || PATH.test(text) || (DOTTED.test(text) && !/^[\d.,/:-]+$/.test(text));

/** @param {string} label */
export const normalLabel = (label) => label.trim().replace(/\s+/g, ' ').toLowerCase().toUpperCase().toLowerCase();

const UNESCAPE = /\\([!-/:-@[-`{-~])/g;
/** @param {string} text */
const unescaped = (text) => text.replace(UNESCAPE, '$1');

const ANGLED = /<((?:\\.|[^\n<>\\])*)>/y;
const TITLE = /[ \t\n]+("(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\((?:\\[\s\S]|[^()\\])*\))/y;
const BLANKS = /[ \t\n]*/y;
const MOST_PARENTHESES = 32;

/** @param {RegExp} pattern @param {string} text @param {number} at */
function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Return where an address without angles ends. @param {string} text @param {number} at */
function endOfBare(text, at) {
  let depth = 0;
  let end = at;
  for (; end < text.length; end += 1) {
    const sign = text[end];
    if (sign <= ' ' || (sign === ')' && depth === 0)) break;
    if (sign === '(' && ++depth > MOST_PARENTHESES) return at;
    if (sign === ')') depth -= 1;
    if (sign === '\\') end += 1;
  }
  return depth ? at : Math.min(end, text.length);
}

/** Read `(address "title")` at `at`. Null when it is none. @param {string} text @param {number} at */
export function destination(text, at) {
  if (text[at] !== '(') return null;
  let end = at + 1 + (matchAt(BLANKS, text, at + 1)?.[0].length ?? 0);
  const angled = matchAt(ANGLED, text, end);
  const begun = end;
  end = angled ? ANGLED.lastIndex : endOfBare(text, end);
  const href = unescaped(angled ? angled[1] : text.slice(begun, end));
  if (!href || !(angled || isAddress(href))) return null;
  const title = matchAt(TITLE, text, end);
  if (title) end = TITLE.lastIndex;
  end += matchAt(BLANKS, text, end)?.[0].length ?? 0;
  return text[end] === ')' ? { href, title: title ? unescaped(title[1].slice(1, -1)) : null, end: end + 1 } : null;
}

const ANGLED_LINK = /<([a-z][a-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)>/iy;

/** Return `<https://…>` or `<foo@example.com>` at `at`, or null. @param {string} text @param {number} at */
export function angledLink(text, at) {
  const found = matchAt(ANGLED_LINK, text, at);
  if (!found) return null;
  const href = /^[a-z][a-z0-9+.-]*:/i.test(found[1]) ? found[1] : `mailto:${found[1]}`;
  return { href, text: found[1], end: ANGLED_LINK.lastIndex };
}

// Letters of scripts without blanks belong to an address behind a sign (`wiki/ประเทศไทย`), not behind a word (`/xดูต่อ`).
const NO_BLANKS = '\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const WORDS = `(?:[a-z0-9]|(?![\\0-\\x7f${NO_BLANKS}])[\\p{L}\\p{M}\\p{N}]|(?<=[-./=_#?&+])[${NO_BLANKS}]+)`;
const HOST = `(?:${WORDS}|[-._~:@%])+`;
const REST = `(?:${WORDS.replace('[-./', '[-/')}|[-._~:/?#@!$&'()+,;=%])*`;
const URL_ = new RegExp(`(?:https?://|ftp://|www\\.)${HOST}(?:[/?#]${REST})?`, 'iuy');
export const URL_BEGIN = /(?:https?:\/\/|ftp:\/\/|www\.)/gi;
const TRAILING = /[?!.,:;*_~'"]$/;
const ENTITY_END = /&[a-z0-9]{1,31};$/i;

/** Drop what ends the sentence and not the address. @param {string} address */
function trimmed(address) {
  let end = address.length;
  let surplus = 0;
  for (const sign of address) surplus += Number(sign === ')') - Number(sign === '(');
  for (;;) {
    const last = address.slice(Math.max(0, end - 34), end);
    if (last.endsWith(')') && surplus > 0) { surplus -= 1; end -= 1; }
    else if (ENTITY_END.test(last)) end -= ENTITY_END.exec(last)?.[0].length ?? 1;
    else if (TRAILING.test(last)) end -= 1;
    else return address.slice(0, end);
  }
}

/** Return the address without brackets that begins at `at`, or null. @param {string} text @param {number} at */
export function bareLink(text, at) {
  if (at > 0 && /[a-z0-9_]/i.test(text[at - 1])) return null;
  const found = matchAt(URL_, text, at);
  if (!found) return null;
  const address = trimmed(found[0]);
  if (!/^(?:[a-z]+:\/\/|www\.)[^/.]/i.test(address)) return null;
  return { href: /^www\./i.test(address) ? `http://${address}` : address, text: address, end: at + address.length };
}

const MAILBOX = /[a-z0-9][a-z0-9._+-]{0,63}$/i;
const DOMAIN = /@[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+/iy;

/** Return the mail address around the `@` at `at`, or null. @param {string} text @param {number} at */
export function bareMail(text, at) {
  const domain = matchAt(DOMAIN, text, at);
  const box = domain && MAILBOX.exec(text.slice(Math.max(0, at - 64), at));
  if (!domain || !box) return null;
  const end = DOMAIN.lastIndex - (/[_-]+$/.exec(domain[0])?.[0].length ?? 0);
  const start = at - box[0].length;
  return { href: `mailto:${text.slice(start, end)}`, text: text.slice(start, end), start, end };
}
