// What binds a line together before anything else: code, tags, addresses in angles; and the signs of formulas outside of them.
import { Finder } from './finder.mjs';
import { endOfHtml } from './html.mjs';
import { angledLink } from './links.mjs';

/** @typedef {{ kind: 'code' | 'html', end: number, width: number } | { kind: 'link', end: number, href: string, text: string }} Span */

const SPECIAL = /[\\`<$]/g;
const HAS_SPECIAL = /[\\`<$]/;
const NOTHING = new Map();
const RUN = /`+|\$+/y;

/** @param {string} text @param {number} at */
export function runLength(text, at) {
  RUN.lastIndex = at;
  return RUN.exec(text)?.[0].length ?? 0;
}

/** The lengths of runs of backticks, each with the places where such a run stands. @param {string} text */
function backticksIn(text) {
  /** @type {Map<number, number[]>} */
  const places = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const known = places.get(run.length);
    if (known) known.push(index);
    else places.set(run.length, [index]);
  }
  for (const known of places.values()) known.reverse();
  return places;
}

export class Spans {
  /** @type {Map<number, Span>} by where they begin */
  opaque = NOTHING;
  /** @type {Map<number, number>} lengths of runs of dollars */
  dollars = NOTHING;
  /** @type {Record<string, number[]>} places in a row */
  closings = {};
  /** @type {Record<string, number>} how many of them are passed */
  passed = {};

  /** @type {Finder | undefined} */
  finder;
  /** @type {Map<number, number[]>} */
  backticks = NOTHING;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    if (HAS_SPECIAL.test(text)) this.read();
  }

  read() {
    const { text } = this;
    this.opaque = new Map();
    this.dollars = new Map();
    this.backticks = text.includes('`') ? backticksIn(text) : NOTHING;
    let at = 0;
    for (;;) {
      SPECIAL.lastIndex = at;
      const found = SPECIAL.exec(text);
      if (!found) return;
      at = found.index;
      if (found[0] === '\\') at = this.readEscape(at);
      else if (found[0] === '`') at = this.readCode(at);
      else if (found[0] === '<') at = this.readAngle(at);
      else at = this.readDollars(at);
    }
  }

  /** @param {number} at */
  readEscape(at) {
    const pair = this.text.slice(at, at + 2);
    if (pair === '\\)' || pair === '\\]') this.addClosing(pair, at);
    return at + 2;
  }

  /** @param {string} sign @param {number} at */
  addClosing(sign, at) {
    const places = this.closings[sign];
    if (places) places.push(at);
    else { this.closings[sign] = [at]; this.passed[sign] = 0; }
  }

  /** @param {number} at */
  readCode(at) {
    const width = runLength(this.text, at);
    const places = this.backticks.get(width);
    while (places?.length && (places.at(-1) ?? 0) < at + width) places.pop();
    const closing = places?.at(-1);
    if (closing === undefined) return at + width;
    this.opaque.set(at, { kind: 'code', end: closing + width, width });
    return closing + width;
  }

  /** @param {number} at */
  readAngle(at) {
    this.finder ??= new Finder(this.text);
    const link = angledLink(this.text, at);
    const end = link?.end ?? endOfHtml(this.finder, at);
    if (link) this.opaque.set(at, { kind: 'link', ...link });
    else if (end > 0) this.opaque.set(at, { kind: 'html', end, width: 0 });
    return end > 0 ? end : at + 1;
  }

  /** @param {number} at */
  readDollars(at) {
    const length = runLength(this.text, at);
    this.dollars.set(at, length);
    this.addClosing('$', at);
    if (length === 2) this.addClosing('$$', at);
    return at + length;
  }

  /** @param {number} at */
  dollarsAt(at) {
    return this.dollars.get(at) ?? 0;
  }

  /** Return where such a sign stands next, or -1. It is asked for places that only grow. @param {string} sign @param {number} from */
  nextClosing(sign, from) {
    const places = this.closings[sign];
    if (!places) return -1;
    while (this.passed[sign] < places.length && places[this.passed[sign]] < from) this.passed[sign] += 1;
    return places[this.passed[sign]] ?? -1;
  }
}
