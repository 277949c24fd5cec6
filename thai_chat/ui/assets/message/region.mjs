// A place whose nodes follow a list of tokens: what is equal keeps its node, what has grown grows in place, the rest is drawn.

/**
 * @typedef {{ type: string, raw: string, [field: string]: any }} Token a token of reading.mjs
 *
 * `grow` makes the node show a newer token and returns false where it can not. `isOpen` tells that the end of the token
 * has not come. A token may grow when the text ends with it, and more is to come.
 * @typedef {{ node: ChildNode, grow?: (token: any, mayGrow: boolean) => boolean, isOpen?: () => boolean }} Drawn
 * @typedef {{ token: Token, drawn: Drawn }} Piece
 */

/** In a list, the same words are a text or a paragraph by what stands around them. @param {string} type */
const kindOf = (type) => (type === 'text' ? 'paragraph' : type);

/** What reads alike may mean something else by now: the definition of a link or a note came later. @type {(piece: Piece, token: Token) => boolean} */
function isSame({ token: old, drawn }, token) {
  if (kindOf(old.type) !== kindOf(token.type) || old.raw !== token.raw || drawn.isOpen?.()) return false;
  return !token.raw.includes('[') || JSON.stringify(old) === JSON.stringify(token);
}

export class Region {
  /** @type {Piece[]} */
  pieces = [];
  /** So many pieces stay as they are. */
  fixed = 0;

  /**
   * @param {Element} place
   * @param {(token: any, mayGrow: boolean) => Drawn} draw
   * @param {(token: any) => Drawn} [rescue] what is drawn instead of a token that nothing else can be made of
   */
  constructor(place, draw, rescue) {
    this.place = place;
    this.draw = draw;
    this.rescue = rescue;
  }

  isOpen() {
    return Boolean(this.pieces.at(-1)?.drawn.isOpen?.());
  }

  /** Show `tokens` behind the pieces that are fixed. @param {readonly Token[]} tokens @param {boolean} mayGrow @returns {true} */
  update(tokens, mayGrow) {
    const old = this.pieces;
    const shift = this.fixed;
    const most = Math.min(old.length - shift, tokens.length);
    let first = 0;
    while (first < most && isSame(old[shift + first], tokens[first])) first += 1;
    let behind = 0;
    while (behind < most - first && isSame(old[old.length - 1 - behind], tokens[tokens.length - 1 - behind])) behind += 1;
    const replaced = old.slice(shift + first, old.length - behind);
    const before = old[old.length - behind]?.drawn.node ?? null;
    const drawn = tokens.slice(first, tokens.length - behind).map((token, at) => {
      const isLast = mayGrow && first + at === tokens.length - 1;
      return this.show(replaced[at], token, isLast, before);
    });
    for (const { drawn: { node } } of replaced.slice(drawn.length)) node.remove();
    old.splice(shift + first, replaced.length, ...drawn);
    return true;
  }

  /** @type {(piece: Piece | undefined, token: Token, mayGrow: boolean, before: ChildNode | null) => Piece} */
  show(piece, token, mayGrow, before) {
    if (piece && kindOf(piece.token.type) === kindOf(token.type) && this.grow(piece.drawn, token, mayGrow)) return { token, drawn: piece.drawn };
    const drawn = this.make(token, mayGrow);
    if (piece) piece.drawn.node.replaceWith(drawn.node);
    else this.place.insertBefore(drawn.node, before);
    return { token, drawn };
  }

  /** @param {Token} token @param {boolean} mayGrow */
  make(token, mayGrow) {
    if (!this.rescue) return this.draw(token, mayGrow);
    try { return this.draw(token, mayGrow); } catch { return this.rescue(token); }
  }

  /** @param {Drawn} drawn @param {Token} token @param {boolean} mayGrow */
  grow(drawn, token, mayGrow) {
    if (!this.rescue) return Boolean(drawn.grow?.(token, mayGrow));
    try { return Boolean(drawn.grow?.(token, mayGrow)); } catch { return false; } // drawing it anew fails too, and is rescued there
  }

  /** Remove what is not fixed. */
  cut() {
    for (const { drawn: { node } } of this.pieces.splice(this.fixed)) node.remove();
  }
}
