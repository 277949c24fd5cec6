// The HTML of replies: a few tags mean what they say, all else is text as it was written.

/** Tags that are drawn when they come in pairs. */
const PAIRED = new Set(['sub', 'sup', 'kbd', 'b', 'i', 'u', 's', 'mark', 'small', 'ins', 'del', 'strong', 'em']);
const SIMPLE = /^<(\/?)([a-z]+)\s*>$/i;
const BREAK = /^<br\s*\/?>$/i;
const ATTRIBUTE = '\\s+[a-z:_][\\w.:-]*(?:\\s*=\\s*(?:"[^"]*"|\'[^\']*\'|[^\\s"\'=<>`]+))?';
const TAG = new RegExp(`<(?:[a-z][a-z0-9-]*(?:${ATTRIBUTE})*\\s*/?|/[a-z][a-z0-9-]*\\s*)>`, 'iy');
/** How what is neither tag nor text begins, and ends. @type {[string, string][]} */
const SECTIONS = [['<!--', '-->'], ['<?', '?>'], ['<![CDATA[', ']]>'], ['<!', '>']];

/** Return where the tag, or comment, ends that begins at `at`; -1 when none does. @param {import('./finder.mjs').Finder} finder @param {number} at */
export function endOfHtml(finder, at) {
  const { text } = finder;
  TAG.lastIndex = at;
  if (TAG.test(text)) return TAG.lastIndex;
  for (const [opening, closing] of SECTIONS) {
    if (!text.startsWith(opening, at)) continue;
    const end = finder.next(closing, at + opening.length);
    return end < 0 ? -1 : end + closing.length;
  }
  return -1;
}

/** @param {string} html */
export const isBreak = (html) => BREAK.test(html);

/** Return which drawn tag this is, or null. @param {string} html @returns {{ name: string, closes: boolean } | null} */
export function pairedTag(html) {
  const [, slash, name] = SIMPLE.exec(html) ?? [];
  return name && PAIRED.has(name.toLowerCase()) ? { name: name.toLowerCase(), closes: slash === '/' } : null;
}

const LITERAL = /^ {0,3}(?:<(script|pre|style|textarea)(?=[\s>])|(<!--|<\?|<!\[CDATA\[))/i;
/** @type {Record<string, string>} */
const CLOSING = { '<!--': '-->', '<?': '?>', '<![cdata[': ']]>' };

/** Return the lines of a script, a comment and the like that begin `source`, or null. No Markdown is in them.
 * @param {string} source @param {Set<string>} missing what is known to be closed nowhere in the rest of the text */
export function literalLines(source, missing) {
  const begun = LITERAL.exec(source);
  if (!begun) return null;
  const name = (begun[1] ?? begun[2]).toLowerCase();
  if (missing.has(name)) return null;
  const closing = begun[1] ? new RegExp(`</${name}>`, 'ig') : new RegExp(CLOSING[name].replace(/[\]?]/g, '\\$&'), 'g');
  closing.lastIndex = begun[0].length;
  if (!closing.test(source)) { missing.add(name); return null; }
  const end = source.indexOf('\n', closing.lastIndex);
  return end < 0 ? source : source.slice(0, end + 1);
}

const DETAILS = /^ {0,3}(`{3,}|~{3,})([^\n]*)$|^ {0,3}<details(\s+open(?:="[^"\n]*")?)?\s*>|(?<!`)<\/details\s*>/gim;
const SUMMARY = /^\s*<summary>([\s\S]*?)<\/summary\s*>/i;
/** @typedef {{ inner: string, end: number, isOpen: boolean }} Details what is inside, and where the closing tag ends */

/** Return the paired `<details>` of a text by where their lines begin. Those in code are none. @param {string} text */
export function detailsIn(text) {
  /** @type {Map<number, Details>} */
  const pairs = new Map();
  if (!/<\/details/i.test(text)) return pairs;
  /** @type {RegExpExecArray[]} */
  const open = [];
  let fence = '';
  for (const sign of text.matchAll(DETAILS)) {
    const [whole, mark, info] = sign;
    if (mark) fence = fenceAfter(fence, mark, info);
    else if (fence) continue;
    else if (!whole.trimStart().startsWith('</')) open.push(sign);
    else {
      const begun = open.pop();
      if (!begun) continue;
      const inner = text.slice(begun.index + begun[0].length, sign.index);
      pairs.set(begun.index, { inner, end: sign.index + whole.length, isOpen: begun[3] !== undefined });
    }
  }
  return pairs;
}

/** @param {string} fence the one that is open @param {string} mark @param {string} info */
function fenceAfter(fence, mark, info) {
  if (!fence) return mark;
  return mark.startsWith(fence) && !info.trim() ? '' : fence;
}

/** Part what is inside of `<details>` into its summary and the rest. @param {string} inner */
export function summarised(inner) {
  const found = SUMMARY.exec(inner);
  return { summary: found?.[1].trim() ?? '', rest: found ? inner.slice(found[0].length) : inner };
}
