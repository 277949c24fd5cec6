// A table: rows that are whole stay, and the last one grows cell by cell.
import { el } from '../lib/dom.mjs';
import { Region } from './region.mjs';
import { tableBox } from './tables.mjs';
import { inlineRegion } from './words.mjs';

/** @typedef {import('./region.mjs').Drawn} Drawn */

/** @param {any[]} cells */
const rawOf = (cells) => cells.map(({ text }) => text).join('\n');

/** @param {any[]} cells */
const rowOf = (cells) => ({ type: 'row', raw: rawOf(cells), cells });

/** @type {(cells: any[], name: 'td' | 'th', mayGrow: boolean) => Drawn} */
function drawCells(cells, name, mayGrow) {
  const row = el('tr');
  const regions = cells.map(({ align, tokens }) => {
    const cell = el(name, { class: align ? `align-${align}` : null, scope: name === 'th' ? 'col' : null });
    row.append(cell);
    const region = inlineRegion(cell);
    region.update(tokens, mayGrow);
    return region;
  });
  const grow = (/** @type {any} */ newer, /** @type {boolean} */ stillGrows) => {
    if (newer.cells.length !== regions.length) return false;
    regions.forEach((region, at) => region.update(newer.cells[at].tokens, stillGrows));
    return true;
  };
  return { node: row, grow };
}

/** @param {any} row @returns {Drawn} */
const asWritten = ({ cells }) => ({ node: el('tr', {}, cells.map((/** @type {any} */ { text }) => el('td', { class: 'plain' }, text))) });

/** A table whose first rows can be fixed: a later token then holds only the others. */
export class Table {
  /** @param {any} token @param {boolean} mayGrow */
  constructor(token, mayGrow) {
    this.shape = shapeOf(token);
    this.head = drawCells(token.header, 'th', mayGrow);
    const body = el('tbody');
    this.rows = new Region(body, ({ cells }, stillGrows) => drawCells(cells, 'td', stillGrows), asWritten);
    this.node = tableBox(el('table', {}, el('thead', {}, this.head.node), body));
    this.grow(token, mayGrow);
  }

  /** @param {any} token @param {boolean} mayGrow */
  grow(token, mayGrow) {
    if (!this.continuesIn(token)) return false;
    this.head.grow?.({ cells: token.header }, mayGrow);
    this.rows.update(token.rows.map(rowOf), mayGrow);
    return true;
  }

  /** @param {any} token */
  continuesIn(token) {
    return token?.type === 'table' && shapeOf(token) === this.shape;
  }

  /** Keep the first `count` rows that are not fixed yet as they are. @param {number} count */
  fix(count) {
    this.rows.fixed += count;
  }

  /** Let all of it be read again. */
  unfix() {
    this.rows.fixed = 0;
  }
}

/** @param {any} token */
const shapeOf = ({ header, align }) => JSON.stringify([rawOf(header), align]);

/** @type {(token: any, mayGrow: boolean) => Drawn} */
export const drawTable = (token, mayGrow) => new Table(token, mayGrow);
