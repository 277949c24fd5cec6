// A table in a place of its own, where it scrolls sideways, with a button that copies it for a spreadsheet.
import { el } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { copyButton } from './buttons.mjs';
import { makeReachable } from './reach.mjs';

/** A spreadsheet takes these for a formula, which may ask other servers for something. */
const BEGINS_A_FORMULA = /^[=@\t\r]|^[+-](?!\s*[\d.,\s]*%?$)/;

/** The text of a cell, a line for each <br>; what was drawn from a source, such as a formula, is told by it. @param {Node} node @returns {string} */
function textOf(node) {
  if (node instanceof Text) return node.data;
  if (!(node instanceof Element)) return '';
  if (node.localName === 'br') return '\n';
  const source = node instanceof HTMLElement && node.dataset.source;
  return source || [...node.childNodes].map(textOf).join('');
}

/** @param {HTMLTableCellElement} cell */
function fieldOf(cell) {
  const text = textOf(cell).trim();
  const safe = BEGINS_A_FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** By RFC 4180. @param {HTMLTableElement} table */
export const csvOf = (table) => [...table.rows].map((row) => `${[...row.cells].map(fieldOf).join(',')}\r\n`).join('');

/** Rows may be added to the table later. @param {HTMLTableElement} table */
export function tableBox(table) {
  const scroller = el('div', { class: 'table-scroll' }, table);
  makeReachable(scroller, table, t('table'));
  return el('div', { class: 'table-box' }, scroller,
    el('div', { class: 'table-tools' }, copyButton(t('table_copy'), () => csvOf(table), t('table_copy'))));
}
