// Where formulas stand: `$…$` by Pandoc's rule, `$$…$$`, `\(…\)` and `\[…\]`; what is money stays money.

const MATHS = /[A-Za-z0-9\\]|[=+<>^|∑∫√∞≤≥≠≈±×÷∂∆π-]/;
const BLANK = /\s/;
const DIGIT = /[0-9๐-๙]/;

/** Whether there is more than words of another script between the signs. @param {string} tex */
const isMaths = (tex) => tex.trim() !== '' && MATHS.test(tex);

/**
 * Read the formula in a line that begins at `at`. Null when none does.
 * @param {import('./spans.mjs').Spans} spans @param {number} at
 * @returns {{ tex: string, display: boolean, end: number } | null}
 */
export function formulaAt(spans, at) {
  const { text } = spans;
  if (text[at] === '$') return spans.dollarsAt(at) === 2 ? between(spans, at, '$$') : money(spans, at);
  return between(spans, at, text[at + 1] === '(' ? '\\)' : '\\]');
}

/** @param {import('./spans.mjs').Spans} spans @param {number} at @param {string} closing */
function between(spans, at, closing) {
  const end = spans.nextClosing(closing, at + 2);
  if (end < 0 || (closing === '\\]' && spans.text[end + 2] === '(')) return null;
  const tex = spans.text.slice(at + 2, end);
  return isMaths(tex) ? { tex: tex.trim(), display: closing !== '\\)', end: end + 2 } : null;
}

/** One dollar: a blank must not stand inside of either, nor a digit behind the second. @param {import('./spans.mjs').Spans} spans @param {number} at */
function money(spans, at) {
  const { text } = spans;
  const end = spans.nextClosing('$', at + 1);
  if (spans.dollarsAt(at) !== 1 || spans.dollarsAt(end) !== 1) return null;
  if (BLANK.test(text[at + 1]) || BLANK.test(text[end - 1]) || DIGIT.test(text[end + 1] ?? '')) return null;
  const tex = text.slice(at + 1, end);
  return isMaths(tex) ? { tex, display: false, end: end + 1 } : null;
}

const OPENING = /^ {0,3}(\$\$(?!\$)|\\\[)/;
const LINE_END = /[ \t]*(?:\n|$)/y;

/**
 * Read the formula that takes the lines at the beginning of `source` for itself. Null when none does.
 * @param {string} source @param {number} at where `source` begins in the text that `finder` reads
 * @param {import('./finder.mjs').Finder} finder
 */
export function formulaBlock(source, at, finder) {
  const begun = OPENING.exec(source);
  if (!begun) return null;
  const from = begun[0].length;
  const end = finder.next(begun[1] === '$$' ? '$$' : '\\]', at + from) - at;
  if (end < from || !isParagraph(finder, at + from, at + end)) return null;
  LINE_END.lastIndex = end + 2;
  const tex = source.slice(from, end);
  if (!LINE_END.test(source) || !isMaths(tex)) return null;
  return { raw: source.slice(0, LINE_END.lastIndex), tex: tex.trim() };
}

/** Whether no blank line parts the two places. @param {import('./finder.mjs').Finder} finder @param {number} from @param {number} to */
function isParagraph(finder, from, to) {
  const blank = finder.nextBlankLine(from);
  return blank < 0 || blank >= to;
}
