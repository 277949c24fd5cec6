// The brackets and tags of a line that may still be closed.

/** @typedef {import('./chain.mjs').Piece & { below: import('./emphasis.mjs').Run | null, isImage?: boolean, isUsed?: boolean, holdsBracket?: boolean, name?: string }} Opening */

/** @param {Opening[]} openings @param {number} start */
const isBehind = (openings, start) => (openings.at(-1)?.start ?? -1) > start;

export class Openings {
  /** @type {Opening[]} */
  brackets = [];
  /** @type {Opening[]} */
  tags = [];
  /** @type {Map<string, number>} how many of a name are open */
  open = new Map();
  /** Below it, every bracket knows that a link stands inside of it. */
  used = 0;

  /** @param {Opening} bracket */
  addBracket(bracket) {
    const outer = this.brackets.at(-1);
    if (outer) outer.holdsBracket = true;
    this.brackets.push(bracket);
  }

  takeBracket() {
    const bracket = this.brackets.pop();
    this.used = Math.min(this.used, this.brackets.length);
    return bracket;
  }

  /** A link was closed: the brackets around it make none. */
  forbidLinks() {
    for (; this.used < this.brackets.length; this.used += 1) {
      if (!this.brackets[this.used].isImage) this.brackets[this.used].isUsed = true;
    }
  }

  /** @param {Opening} tag */
  addTag(tag) {
    const name = tag.name ?? '';
    this.tags.push(tag);
    this.open.set(name, (this.open.get(name) ?? 0) + 1);
  }

  /** Return the last open tag of that name, and forget what was opened behind it; or null. @param {string} name */
  takeTag(name) {
    if (!this.open.get(name)) return null;
    let tag = this.popTag();
    while (tag.name !== name) tag = this.popTag();
    while (isBehind(this.brackets, tag.start)) this.takeBracket();
    return tag;
  }

  /** Forget the tags behind a place. @param {number} start */
  forgetTags(start) {
    while (isBehind(this.tags, start)) this.popTag();
  }

  popTag() {
    const tag = /** @type {Opening} */ (this.tags.pop());
    const name = tag.name ?? '';
    this.open.set(name, (this.open.get(name) ?? 1) - 1);
    return tag;
  }
}
