// What is drawn as plain text: lines where lines are, lists with their signs, cells parted by tabs, formulas as TeX.
import { texOf } from './formulas.mjs';

/** Of what is exact, every blank counts; of the rest, lines and blanks are as the page shows them. @typedef {{ text: string, isExact: boolean }} Run */

const BLOCKS = new Set(['P', 'DIV', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'BLOCKQUOTE', 'TABLE', 'PRE', 'FIGURE', 'HR', 'DETAILS', 'SECTION', 'ASIDE']);
const LINES = new Set(['TR', 'SUMMARY', 'DT', 'DD']);
const EXACT = 'pre, .asked, .plain';
const LEFT_OUT = 'button, .code-head, [aria-hidden="true"]';

/** Return the text of the drawn part of a message that lies in a range; a part of a formula is all of it. @param {Range} range */
export function plainText(range) {
  const { commonAncestorContainer: common } = range;
  const around = common instanceof Element ? common : common.parentElement;
  const formula = /** @type {HTMLElement | null | undefined} */ (around?.closest('[data-source]'));
  return tidy(written(formula ?? common, range, Boolean(around?.closest(EXACT))));
}

/** @param {Run[]} runs */
function tidy(runs) {
  const whole = trimmed(joined(runs)).filter(({ text }) => text);
  const last = whole.length - 1;
  return whole.map(({ text, isExact }, at) => {
    if (isExact) return text;
    const lines = text.replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n');
    return at === last ? lines.trimEnd() : lines; // nothing parts what is copied from a cell that is not
  }).join('');
}

/** @param {Run[]} runs @returns {Run[]} */
function joined(runs) {
  /** @type {Run[]} */
  const found = [];
  for (const { text, isExact } of runs) {
    const last = found.at(-1);
    if (last?.isExact === isExact) last.text += text;
    else if (text) found.push({ text, isExact });
  }
  return found;
}

/** Without the blanks around it that are not exact. @param {Run[]} runs @returns {Run[]} */
function trimmed(runs) {
  const found = joined(runs);
  const [first, last] = [found[0], found.at(-1)];
  if (first && !first.isExact) first.text = first.text.trimStart();
  if (last && !last.isExact) last.text = last.text.trimEnd();
  return found;
}

/** @param {string} text @returns {Run} */
const loose = (text) => ({ text, isExact: false });

/** @param {Node} node @param {Range} range @param {boolean} isExact @returns {Run[]} */
function written(node, range, isExact) {
  if (!range.intersectsNode(node)) return [];
  if (node instanceof Text) {
    const data = selectedOf(node, range);
    return [isExact ? { text: data, isExact } : loose(data.replace(/\s+/g, ' '))];
  }
  if (!(node instanceof Element) || node.matches(LEFT_OUT)) return [];
  if (node.matches('[data-source]')) return [loose(texOf(/** @type {HTMLElement} */ (node)))];
  const isExactInside = isExact || node.matches(EXACT);
  return element(node, [...node.childNodes].flatMap((child) => written(child, range, isExactInside)));
}

/** @param {Text} node @param {Range} range */
function selectedOf(node, { startContainer, startOffset, endContainer, endOffset }) {
  return node.data.slice(node === startContainer ? startOffset : 0, node === endContainer ? endOffset : node.length);
}

/** What an element makes of the text in it. @type {(node: Element, runs: Run[]) => Run[]} */
function element(node, runs) {
  switch (node.tagName) {
    case 'BR': return [loose('\n')];
    case 'INPUT': return [loose(/** @type {HTMLInputElement} */ (node).checked ? '[x] ' : '[ ] ')];
    case 'TD': case 'TH': return [...trimmed(runs), loose(node.nextElementSibling ? '\t' : '')];
    case 'LI': return runs.some(({ text }) => text.trim()) ? [loose(signOf(node)), ...trimmed(runs), loose('\n')] : [];
    default: return LINES.has(node.tagName) ? [...runs, loose('\n')] : BLOCKS.has(node.tagName) ? [loose('\n'), ...runs, loose('\n')] : runs;
  }
}

/** The number that the browser shows: it counts on from the last one that is told. @param {Element} item */
function signOf(item) {
  const list = item.parentElement;
  if (list?.tagName !== 'OL') return '- ';
  let steps = 0;
  for (let before = /** @type {Element | null} */ (item); before; before = before.previousElementSibling) {
    if (before.hasAttribute('value')) return `${Number(before.getAttribute('value')) + steps}. `;
    steps += 1;
  }
  return `${Number(list.getAttribute('start') ?? 1) + steps - 1}. `;
}
