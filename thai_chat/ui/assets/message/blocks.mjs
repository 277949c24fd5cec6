// Tokens of blocks -> nodes. What fails to be drawn is shown as it was written, and the blocks around it are drawn.
import { el } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { codeBlock } from './code.mjs';
import { formula } from './formulas.mjs';
import { Region } from './region.mjs';
import { drawTable } from './table.mjs';
import { inlineRegion, isSafe, reach } from './words.mjs';

/** @typedef {import('./region.mjs').Drawn} Drawn */

/** Tokens that show nothing, or that their list item shows. */
const UNSEEN = new Set(['space', 'def', 'checkbox']);
/** Nobody would see what a link means that is text. @param {any} token */
const isUnseen = ({ type, href }) => UNSEEN.has(type) && (type !== 'def' || isSafe(href));

/** @param {Node | string} text */
export const plainBox = (text) => el('div', { class: 'plain' }, text);

/** @param {readonly any[]} tokens */
export const seen = (tokens) => tokens.filter((token) => !isUnseen(token));

/** @type {(element: HTMLElement, name: string, isOn: boolean) => void} */
function setClass(element, name, isOn) {
  element.classList.toggle(name, isOn);
  if (!element.className) element.removeAttribute('class');
}

/** An element around the words of a line. @type {(element: HTMLElement, token: any, mayGrow: boolean, suits?: (token: any) => boolean) => Drawn} */
function lineOf(element, token, mayGrow, suits = () => true) {
  const region = inlineRegion(element);
  const show = (/** @type {any} */ { tokens, text, raw }, /** @type {boolean} */ stillGrows) => {
    setClass(element, 'verbatim', !tokens);
    return region.update(tokens ? seen(tokens) : [{ type: 'text', raw, text: text ?? raw }], stillGrows);
  };
  show(token, mayGrow);
  return { node: element, grow: (newer, stillGrows) => suits(newer) && show(newer, stillGrows) };
}

/** An element around other blocks. @type {(node: HTMLElement, place: HTMLElement, token: any, mayGrow: boolean, suits?: (token: any) => boolean, draw?: typeof drawBlock) => Drawn} */
function around(node, place, token, mayGrow, suits = () => true, draw = drawBlock) {
  const region = new Region(place, draw, rescued);
  region.update(seen(token.tokens ?? []), mayGrow);
  return {
    node,
    grow: (newer, stillGrows) => suits(newer) && region.update(seen(newer.tokens ?? []), stillGrows),
    isOpen: () => region.isOpen(),
  };
}

/** @param {any} token @param {boolean} mayGrow */
function headingOf(token, mayGrow) {
  const name = /** @type {'h1'} */ (`h${token.depth}`);
  return lineOf(el(name, { class: `heading level-${token.depth}` }), token, mayGrow, ({ depth }) => depth === token.depth);
}

/** Code, which can be told what it is by now without being read anew. */
export class Code {
  /** @param {any} token @param {boolean} mayGrow */
  constructor(token, mayGrow) {
    this.info = token.lang ?? '';
    this.isGrowing = mayGrow && Boolean(token.isOpen);
    this.block = codeBlock({ code: token.text, info: this.info, isOpen: this.isGrowing });
    this.node = this.block.element;
  }

  isOpen() {
    return this.isGrowing;
  }

  /** @param {any} token @param {boolean} mayGrow */
  grow(token, mayGrow) {
    if ((token.lang ?? '') !== this.info) return false;
    this.isGrowing = mayGrow && Boolean(token.isOpen);
    this.block.update({ code: token.text, isOpen: this.isGrowing });
    return true;
  }

  /** @param {string} code */
  extend(code) {
    this.block.update({ code, isOpen: true });
  }
}

/** @param {string} raw */
const writtenNumber = (raw) => Number(/^\s*(\d{1,9})[.)]/.exec(raw)?.[1] ?? Number.NaN);
const BLANK_LINE_AT_END = /\n[ \t]*\n[ \t]*$/;
const INNER_BLANK_LINE = /\n.*\n/;
/** @param {any} item */
const isLoose = ({ raw, tokens }) => BLANK_LINE_AT_END.test(raw) || tokens.some((/** @type {any} */ token) => token.type === 'space' && INNER_BLANK_LINE.test(token.raw));

/** A list whose first items can be fixed: a later token then holds only the others. */
export class List {
  /** The first number as it is written. */
  first = 0;
  /** The last number, the most digits, and whether blank lines part the items, as far as they are fixed. */
  number = 0;
  digits = 0;
  isLoose = false;

  /** @param {any} token @param {boolean} mayGrow */
  constructor(token, mayGrow) {
    this.isOrdered = token.ordered;
    this.marker = markerOf(token);
    this.node = el(token.ordered ? 'ol' : 'ul');
    this.items = new Region(this.node, (item, stillGrows) => drawItem(item, stillGrows), rescued);
    this.grow(token, mayGrow);
  }

  isOpen() {
    return this.items.isOpen();
  }

  /** @param {any} token @param {boolean} mayGrow */
  grow(token, mayGrow) {
    if (!this.continuesIn(token)) return false;
    this.items.update(token.items, mayGrow);
    setClass(this.node, 'loose', this.isLoose || token.loose);
    if (this.isOrdered) this.setNumbers(token.items);
    return true;
  }

  /** @param {any} token */
  continuesIn(token) {
    return token?.type === 'list' && token.ordered === this.isOrdered && markerOf(token) === this.marker;
  }

  /** @param {any[]} items */
  setNumbers(items) {
    let number = this.number;
    let longest = this.digits;
    const nodes = this.node.children;
    items.forEach((item, at) => {
      const isFirst = this.items.fixed + at === 0;
      const next = this.numberOf(item, number, isFirst);
      longest = Math.max(longest, String(next).length);
      const node = nodes[this.items.fixed + at];
      if (isFirst) this.node.setAttribute('start', String(next));
      else if (next !== number + 1) node.setAttribute('value', String(next));
      else node.removeAttribute('value');
      number = next;
    });
    this.node.style.setProperty('--digits', String(longest));
  }

  /** As it is written, unless all are written alike ("1. 1. 1."): then they are counted. @param {any} item @param {number} before @param {boolean} isFirst */
  numberOf({ raw }, before, isFirst) {
    const written = writtenNumber(raw) || 0;
    if (isFirst) this.first = written;
    return !isFirst && written === this.first ? before + 1 : written;
  }

  /** Keep the first `count` of `items` as they are. @param {any[]} items @param {number} count */
  fix(items, count) {
    for (const item of items.slice(0, count)) {
      this.number = this.numberOf(item, this.number, this.items.fixed === 0);
      this.digits = Math.max(this.digits, String(this.number).length);
      this.isLoose ||= isLoose(item);
      this.items.fixed += 1;
    }
  }

  /** Let all of it be read again. */
  unfix() {
    this.number = this.digits = 0;
    this.isLoose = false;
    this.items.fixed = 0;
  }
}

/** The sign behind its items' numbers, or before its items. @param {any} token */
const markerOf = ({ items }) => /^\s*\d*([-*+.)])/.exec(items[0]?.raw ?? '')?.[1] ?? '';

/** Tight or loose is a matter of style, so that an item need not be drawn anew. @type {(token: any, mayGrow: boolean) => Drawn} */
const drawInItem = (token, mayGrow) => (token.type === 'text' || token.type === 'paragraph' ? lineOf(el('div', { class: 'line' }), token, mayGrow) : drawBlock(token, mayGrow));

/** @param {any} token @param {boolean} mayGrow */
function drawItem(token, mayGrow) {
  const node = el('li');
  if (!token.task) return around(node, node, token, mayGrow, (newer) => !newer.task, drawInItem);
  const box = el('input', { type: 'checkbox', disabled: true });
  const setState = (/** @type {any} */ { checked }) => {
    box.toggleAttribute('checked', checked);
    box.setAttribute('aria-label', t(checked ? 'task_done' : 'task_open'));
    return true;
  };
  setState(token);
  node.className = 'task';
  node.append(box);
  return around(node, node, token, mayGrow, (newer) => newer.task && setState(newer), drawInItem);
}

/** @param {any} token @param {boolean} mayGrow */
function footnoteOf(token, mayGrow) {
  const { label } = token;
  const back = el('button', { type: 'button', 'aria-label': t('footnote_back', { label }), onclick: () => reach(back, '.footnote-ref', label) }, label);
  const body = el('div', { class: 'footnote-body' });
  return around(el('div', { class: 'footnote', role: 'note', dataset: { note: label } }, back, body), body, token, mayGrow, (newer) => newer.label === label);
}

/** Whether it is open is a person's choice once it is there. @param {any} token @param {boolean} mayGrow @returns {Drawn} */
function detailsOf(token, mayGrow) {
  const summary = el('summary');
  const body = el('div', { class: 'details-body' });
  const node = el('details', { class: 'folded', open: Boolean(token.isOpen) }, summary, body);
  const title = lineOf(summary, { tokens: token.summary ?? [] }, mayGrow);
  const blocks = around(node, body, token, mayGrow);
  return { ...blocks, grow: (newer, stillGrows) => Boolean(title.grow?.({ tokens: newer.summary ?? [] }, stillGrows) && blocks.grow?.(newer, stillGrows)) };
}

const DRAWERS = new Map(Object.entries(/** @type {Record<string, (token: any, mayGrow: boolean) => Drawn>} */ ({
  heading: headingOf,
  code: (token, mayGrow) => new Code(token, mayGrow),
  hr: () => ({ node: el('hr') }),
  blockquote: (token, mayGrow) => { const node = el('blockquote'); return around(node, node, token, mayGrow); },
  list: (token, mayGrow) => new List(token, mayGrow),
  table: drawTable,
  formula: ({ tex, display, raw }) => ({ node: formula(tex, display, raw) }),
  footnote: footnoteOf,
  details: detailsOf,
  plain: ({ raw }) => ({ node: plainBox(raw) }),
})));

/** @type {(token: any, mayGrow: boolean) => Drawn} */
function drawBlock(token, mayGrow) {
  const draw = DRAWERS.get(token.type);
  return draw ? draw(token, mayGrow) : lineOf(el('p'), token, mayGrow);
}

/** @param {any} token @returns {Drawn} */
function rescued({ raw }) {
  return { node: plainBox(raw) };
}

/** Return a region for blocks. @param {Element} place */
export const blockRegion = (place) => new Region(place, drawBlock, rescued);
