// Tabs of code in lists and quotes, where the blocks around it have turned them into blanks.

const WIDTH = 4;
const LEADING = /^[ \t]*/;

/** @param {string} line */
const leading = (line) => LEADING.exec(line)?.[0] ?? '';

/** Return the end of `blanks` from column `from` on. A tab that reaches over it leaves blanks. @param {string} blanks @param {number} from */
function behind(blanks, from) {
  let column = 0;
  let at = 0;
  for (; at < blanks.length && column < from; at += 1) column += blanks[at] === '\t' ? WIDTH - (column % WIDTH) : 1;
  return ' '.repeat(Math.max(0, column - from)) + blanks.slice(at);
}

/** @param {string} blanks */
function widthOf(blanks) {
  let column = 0;
  for (const sign of blanks) column += sign === '\t' ? WIDTH - (column % WIDTH) : 1;
  return column;
}

/** Drop the signs of quotes, with the blank that belongs to each. @param {string} text */
function unquoted(text) {
  const at = text.lastIndexOf('>') + 1;
  return text.slice(at && text[at] === ' ' ? at + 1 : at);
}

/** Return a line of code with the tabs that stand before it in its source. @param {string} line @param {string} source */
function mended(line, source) {
  const words = line.slice(leading(line).length);
  const blanks = unquoted(source.slice(0, source.length - words.length));
  const before = widthOf(blanks) - leading(line).length;
  return !words || before < 0 || blanks.trim() || !blanks.includes('\t') ? line : behind(blanks, before) + words;
}

/** Gives code its tabs back, in the order in which it stands in the source. */
export class Tabs {
  line = 0;

  /** @param {string} source */
  constructor(source) {
    this.lines = source.split('\n');
  }

  /** @param {import('./tokens.d.ts').Code} code */
  mend(code) {
    const lines = code.text.split('\n');
    const start = this.find(code, lines);
    if (start < 0) return;
    code.text = lines.map((line, at) => mended(line, this.lines[start + at])).join('\n');
    this.line = start + lines.length;
  }

  /** Return the number of the line where the code's text begins; -1 when it is not found. @param {import('./tokens.d.ts').Code} code @param {string[]} lines */
  find(code, lines) {
    const isFenced = code.codeBlockStyle !== 'indented';
    const first = (isFenced ? code.raw.split('\n', 1)[0] : lines[0]).trim();
    for (let at = this.line; at < this.lines.length; at += 1) {
      if (!this.lines[at].trimEnd().endsWith(first)) continue;
      const start = isFenced ? at + 1 : at;
      if (lines.every((line, below) => this.lines[start + below]?.endsWith(line.trimStart()))) return start;
    }
    this.line = this.lines.length; // whatever is not found is not looked for again
    return -1;
  }
}
