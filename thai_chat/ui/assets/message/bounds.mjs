// What can be read in time that grows with the length of a text, and no faster.

/** What is longer, deeper or wider is shown as it was written. */
const MOST_CHARS = 1_000_000;
/** A table's row has as many cells as its head, however few are written. */
export const MOST_CELLS = 20_000;
export const MOST_DEPTH = 60;
/** So many signs of lists and quotes stand before a line's words, one inside of the other. */
const DEEP = new RegExp(`^[ \\t]*(?:(?:>|(?:[-*+]|\\d{1,9}[.)])(?=[ \\t]))[ \\t]*){${MOST_DEPTH + 1}}`, 'm');

/** A text that is not read, because that would take too long. */
export class TooMuch extends Error {}

/** @param {string} source */
export const canBeRead = (source) => source.length <= MOST_CHARS && !DEEP.test(source);
