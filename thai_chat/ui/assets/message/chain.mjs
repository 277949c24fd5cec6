// A line's pieces in a row, from which a stretch can be taken out in one step to stand inside of another piece.

/**
 * @typedef {object} Piece `start` and `end` are places in the source
 * @property {'text' | 'run' | 'token' | 'group'} kind
 * @property {number} start
 * @property {number} end
 * @property {string} [text] what is shown of a text
 * @property {any} [token] what a token, or a group, becomes
 * @property {Piece | null} [first] the first piece of a group
 * @property {Piece | null} [before]
 * @property {Piece | null} [after]
 */

/** Deeper pieces are shown as they were written. */
const MOST_DEPTH = 60;

export class Chain {
  /** @type {Piece | null} */
  first = null;
  /** @type {Piece | null} */
  last = null;

  /** @template {Piece} T @param {T} piece @returns {T} */
  add(piece) {
    piece.before = this.last;
    piece.after = null;
    if (this.last) this.last.after = piece;
    else this.first = piece;
    this.last = piece;
    return piece;
  }

  /** @param {Piece} piece */
  remove(piece) {
    if (piece.before) piece.before.after = piece.after;
    else this.first = piece.after ?? null;
    if (piece.after) piece.after.before = piece.before;
    else this.last = piece.before ?? null;
  }

  /** Put what stands between `left` and `right` (or the end) into `group`, in their place. @param {Piece} left @param {Piece | null} right @param {Piece} group */
  wrap(left, right, group) {
    const first = left.after === right ? null : (left.after ?? null);
    const last = right ? right.before : this.last;
    if (first && last) {
      first.before = null;
      last.after = null;
      group.first = first;
    }
    group.before = left;
    group.after = right;
    left.after = group;
    if (right) right.before = group;
    else this.last = group;
  }
}

/**
 * Return the tokens of pieces, with neighbouring texts in one.
 * @param {Piece | null | undefined} first @param {string} source @param {number} [depth]
 */
export function tokensOf(first, source, depth = 0) {
  /** @type {any[]} */
  const tokens = [];
  for (let piece = first; piece; piece = piece.after) {
    const raw = source.slice(piece.start, piece.end);
    const { kind, token } = piece;
    if (kind === 'group' && depth < MOST_DEPTH) token.tokens = tokensOf(piece.first, source, depth + 1);
    else if (kind !== 'token') { addText(tokens, raw, kind === 'text' ? (piece.text ?? raw) : raw); continue; }
    token.raw = raw;
    tokens.push(token);
  }
  return tokens;
}

/** @param {any[]} tokens @param {string} raw @param {string} text */
function addText(tokens, raw, text) {
  const last = tokens.at(-1);
  if (last?.type !== 'text') tokens.push({ type: 'text', raw, text });
  else { last.raw += raw; last.text += text; }
}

/** Return the words of tokens, without what they look like. @param {import('./tokens.d.ts').Inline[]} tokens @returns {string} */
export function textOf(tokens) {
  return tokens.map((token) => {
    if ('tokens' in token && token.tokens) return textOf(token.tokens);
    return 'text' in token ? token.text : token.type === 'br' ? ' ' : token.raw;
  }).join('');
}
