// What is drawn as plain text: lines where lines are, lists with their signs, cells parted by tabs, formulas as TeX.
import { texOf } from './formulas.mjs';

const BLOCKS = new Set(['P', 'DIV', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'BLOCKQUOTE', 'TABLE', 'PRE', 'FIGURE', 'HR', 'DETAILS', 'SECTION', 'ASIDE']);
const LINES = new Set(['TR', 'SUMMARY', 'DT', 'DD']);
const EXACT = 'pre, .asked, .plain';
const LEFT_OUT = 'button, .code-head, [aria-hidden="true"]';

/** Return the text of what was drawn. @param {Node} root @returns {string} */
export function plainText(root) {
  return written(root, false).replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim();
}

/** @param {Node} node @param {boolean} isExact true in code, where every blank counts @returns {string} */
function written(node, isExact) {
  if (node instanceof Text) return isExact || node.parentElement?.closest(EXACT) ? node.data : node.data.replace(/\s+/g, ' ');
  if (!(node instanceof Element)) return inside(node, isExact);
  if (node.matches(LEFT_OUT)) return '';
  if (node.matches('[data-source]')) return texOf(/** @type {HTMLElement} */ (node));
  return element(node, inside(node, isExact || node.matches(EXACT)));
}

/** What an element makes of the text in it. @type {(node: Element, text: string) => string} */
function element(node, text) {
  switch (node.tagName) {
    case 'BR': return '\n';
    case 'INPUT': return /** @type {HTMLInputElement} */ (node).checked ? '[x] ' : '[ ] ';
    case 'TD': case 'TH': return node.nextElementSibling ? `${text.trim()}\t` : text.trim();
    case 'LI': return `${signOf(node)}${text.trim()}\n`;
    default: return LINES.has(node.tagName) ? `${text}\n` : BLOCKS.has(node.tagName) ? `\n${text}\n` : text;
  }
}

/** @param {Node} node @param {boolean} isExact */
const inside = (node, isExact) => [...node.childNodes].map((child) => written(child, isExact)).join('');

/** @param {Element} item */
function signOf(item) {
  const list = item.parentElement;
  if (list?.tagName !== 'OL') return '- ';
  return `${Number(list.getAttribute('start') ?? 1) + [...list.children].indexOf(item)}. `;
}
