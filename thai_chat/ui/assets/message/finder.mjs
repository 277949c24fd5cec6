// Where signs stand in a text, looked for in time that grows with its length.

const BLANK_LINE = /\n[ \t]*\n/g;

/** Finds signs in one text, asked for places that only grow; a sign that is not there is looked for once. */
export class Finder {
  /** @type {Map<string, number>} */
  found = new Map();
  blank = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** Return where `sign` comes next at or behind `from`, or -1. @param {string} sign @param {number} from */
  next(sign, from) {
    let at = this.found.get(sign);
    if (at === undefined || (at >= 0 && at < from)) {
      at = this.text.indexOf(sign, from);
      this.found.set(sign, at);
    }
    return at;
  }

  /** Return where a line without words comes next at or behind `from`, or -1. @param {number} from */
  nextBlankLine(from) {
    if (this.blank >= 0 && this.blank < from) {
      BLANK_LINE.lastIndex = from;
      this.blank = BLANK_LINE.exec(this.text)?.index ?? -1;
    }
    return this.blank;
  }
}
