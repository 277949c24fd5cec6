// Which stars, underlines and tildes make words bold, slanted or struck: CommonMark's rule, widened for scripts without blanks.

/** Scripts that put no blank between words, and those that mostly do not. */
const SCRIPT = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}]/u;
const BLANK = /^\s?$/;
const SIGN = /[\p{P}\p{S}]/u;
const ASCII_WORD = /[A-Za-z0-9]/;
const DIGIT = /[0-9๐-๙]/;
const OPENING = /[\p{Ps}\p{Pi}]/u;
const CLOSING = /[\p{Pe}\p{Pf}.,:;!?…]/u;
const DUNDER = /__[a-z][a-z0-9]*(?:_[a-z0-9]+)*__(?![A-Za-z0-9_])/y;
const MOST_SIGNS = 4;

/** @typedef {import('./chain.mjs').Piece & { kind: 'run', sign: string, length: number, opens: boolean, closes: boolean, below?: Run | null, above?: Run | null }} Run */

/** Return the length of a name such as `__init__` at `at`, which is no emphasis; or 0. @param {string} text @param {number} at */
export function dunderLength(text, at) {
  DUNDER.lastIndex = at;
  return DUNDER.exec(text)?.[0].length ?? 0;
}

/** @param {string} text @param {number} end */
function signBefore(text, end) {
  const sign = text[end - 1] ?? '';
  return /[\uDC00-\uDFFF]/.test(sign) ? text.slice(Math.max(0, end - 2), end) : sign;
}

/** @param {string} text @param {number} at */
const signAt = (text, at) => (at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : '');

/** Whether a word of such a script stands before the signs that end at `end`. @param {string} text @param {number} end */
function isScriptBefore(text, end) {
  let at = end;
  for (let count = 0; count < MOST_SIGNS && at > 0; count += 1) {
    const sign = signBefore(text, at);
    if (!SIGN.test(sign)) return SCRIPT.test(sign);
    at -= sign.length;
  }
  return false;
}

/** @param {string} text @param {number} start @param {number} end */
export function flanking(text, start, end) {
  const around = { text, start, length: end - start, before: signBefore(text, start), after: signAt(text, end) };
  if (text[start] === '~') {
    return { opens: around.length === 2 && !BLANK.test(around.after), closes: around.length === 2 && !BLANK.test(around.before) };
  }
  return text[start] === '_'
    ? { opens: opensLine(around), closes: closesLine(around) }
    : { opens: opensStar(around), closes: closesStar(around) };
}

/** @typedef {{ text: string, start: number, length: number, before: string, after: string }} Around */

/** @param {Around} around */
function opensStar({ length, before, after }) {
  if (BLANK.test(after)) return false;
  if (ASCII_WORD.test(before) && ASCII_WORD.test(after) && (length === 1 || DIGIT.test(before + after))) return false; // 5*6, x**2
  if (length === 1 && DIGIT.test(before)) return false; // 2*ยาว
  if (!SIGN.test(after) || BLANK.test(before) || SIGN.test(before)) return true;
  return !CLOSING.test(after) && (length > 1 || SCRIPT.test(before));
}

/** @param {Around} around */
function closesStar({ text, start, length, before, after }) {
  if (BLANK.test(before)) return false;
  if (!SIGN.test(before) || BLANK.test(after) || SIGN.test(after)) return true;
  return !OPENING.test(before) && (length > 1 || SCRIPT.test(after) || isScriptBefore(text, start));
}

/** @param {Around} around */
const opensLine = ({ before, after }) => !BLANK.test(after) && (BLANK.test(before) || SIGN.test(before));

/** @param {Around} around */
const closesLine = ({ before, after }) => !BLANK.test(before) && (BLANK.test(after) || SIGN.test(after) || SCRIPT.test(after));

/** The runs of signs that have not found their other half, in a row. */
export class Runs {
  /** @type {Run | null} */
  top = null;

  /** @param {import('./chain.mjs').Chain} chain */
  constructor(chain) {
    this.chain = chain;
  }

  /** @param {Run} run */
  push(run) {
    run.below = this.top;
    run.above = null;
    if (this.top) this.top.above = run;
    this.top = run;
  }

  /** @param {Run} run */
  drop(run) {
    if (run.below) run.below.above = run.above;
    if (run.above) run.above.below = run.below;
    else this.top = run.below ?? null;
  }

  /** Pair what stands above `bottom`, and forget the rest of it. @param {Run | null} bottom */
  pair(bottom) {
    /** @type {Map<string, Run | null | undefined>} below them no opening run fits: looked for once */
    const floors = new Map();
    let run = this.lowest(bottom);
    while (run) run = run.closes ? this.close(run, bottom, floors) : (run.above ?? null);
    while (this.top && this.top !== bottom) this.drop(this.top);
  }

  /** @param {Run | null} bottom */
  lowest(bottom) {
    let run = this.top;
    if (run === bottom) return null;
    while (run?.below && run.below !== bottom) run = run.below;
    return run;
  }

  /** Return the run to look at next. @param {Run} closing @param {Run | null} bottom @param {Map<string, Run | null | undefined>} floors */
  close(closing, bottom, floors) {
    const kind = `${closing.sign}${closing.opens}${closing.length % 3}`;
    const floor = floors.has(kind) ? floors.get(kind) : bottom;
    let opening = closing.below;
    while (opening && opening !== bottom && opening !== floor && !fits(opening, closing)) opening = opening.below;
    const next = closing.above ?? null;
    if (opening && opening !== bottom && opening !== floor) {
      this.join(opening, closing);
      return closing.end > closing.start ? closing : next;
    }
    floors.set(kind, closing.below);
    if (!closing.opens) this.drop(closing);
    return next;
  }

  /** @param {Run} opening @param {Run} closing */
  join(opening, closing) {
    const width = Math.min(opening.end - opening.start, closing.end - closing.start, 2);
    const type = opening.sign === '~' ? 'del' : width === 2 ? 'strong' : 'em';
    while (closing.below && closing.below !== opening) this.drop(closing.below);
    opening.end -= width;
    closing.start += width;
    this.chain.wrap(opening, closing, { kind: 'group', token: { type }, start: opening.end, end: closing.start });
    for (const run of [opening, closing]) {
      if (run.end > run.start) continue;
      this.drop(run);
      this.chain.remove(run);
    }
  }
}

/** @param {Run} opening @param {Run} closing */
function fits(opening, closing) {
  if (opening.sign !== closing.sign || !opening.opens) return false;
  const either = opening.closes || closing.opens;
  return !(either && closing.length % 3 && (opening.length + closing.length) % 3 === 0);
}
