// A table's rows: as many cells as its head has, and not a word less than was written.

/** Part a row at its pipes, but not at `\|`. @param {string} row */
function cellsOf(row) {
  /** @type {string[]} */
  const cells = [];
  let begun = 0;
  for (let at = 0; at < row.length; at += 1) {
    if (row[at] === '\\') at += 1;
    else if (row[at] === '|') { cells.push(row.slice(begun, at)); begun = at + 1; }
  }
  cells.push(row.slice(begun));
  if (!cells[0].trim() && cells.length > 1) cells.shift();
  if (cells.length > 1 && !cells.at(-1)?.trim()) cells.pop();
  return cells;
}

/** @param {string} cell */
const shown = (cell) => cell.trim().replaceAll('\\|', '|');

/** Return the words of a row's cells. What is too much for the head stands in the last one. @param {string} row @param {number} [width] */
export function rowOf(row, width) {
  const cells = cellsOf(row);
  const most = width ?? cells.length;
  if (cells.length > most) cells.push(cells.splice(most - 1).join('|'));
  while (cells.length < most) cells.push('');
  return cells.map(shown);
}

const TABLE_SIGN = /[:|]/;

/** @param {string} dashes @returns {import('./tokens.d.ts').Align} */
function alignOf(dashes) {
  const mark = dashes.trim();
  if (mark.endsWith(':')) return mark.startsWith(':') ? 'center' : 'right';
  return mark.startsWith(':') ? 'left' : null;
}

/**
 * Read the table that begins `source`, or return null.
 * @param {string} source @param {RegExp} pattern marked's: the head, the dashes, the rows
 * @param {(words: string) => import('./tokens.d.ts').Inline[]} inline
 * @param {(cells: number) => void} count is told of the cells before they are made
 */
export function tableOf(source, pattern, inline, count) {
  const found = pattern.exec(source);
  if (!found || !TABLE_SIGN.test(found[2])) return null;
  const head = rowOf(found[1]);
  const align = cellsOf(found[2]).map(alignOf);
  if (head.length !== align.length) return null;
  /** @param {string[]} words @param {boolean} header */
  const row = (words, header) => words.map((text, at) => ({ text, header, align: align[at], tokens: inline(text) }));
  const lines = found[3]?.trim() ? found[3].replace(/\n[ \t]*$/, '').split('\n') : [];
  count(head.length * (1 + lines.length));
  return {
    type: 'table',
    raw: found[0].replace(/\n+$/, ''),
    align,
    header: row(head, true),
    rows: lines.map((line) => row(rowOf(line, head.length), false)),
  };
}
