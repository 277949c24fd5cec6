// Tokens of a line -> nodes. A link leads to the web or to a mailbox; any other address is text, and no picture is loaded.
import { el } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { formula } from './formulas.mjs';
import { Region } from './region.mjs';

/** @typedef {import('./region.mjs').Drawn} Drawn */

const SAFE = /^(?:https?:\/\/|mailto:)/i;
/** @param {unknown} href */
export const isSafe = (href) => typeof href === 'string' && SAFE.test(href);
/** Pairs of tags that are drawn. */
const TAGS = new Set(['sub', 'sup', 'kbd', 'b', 'i', 'u', 's', 'mark', 'small', 'ins', 'del', 'strong', 'em']);

/** @param {string} source @returns {Drawn} */
const asText = (source) => ({ node: new Text(source) });

/** Change only what differs: what is selected before it stays selected. @param {Text} node @param {string} text */
function rewrite(node, text) {
  const old = node.data;
  if (text.startsWith(old)) { node.appendData(text.slice(old.length)); return; }
  let same = 0;
  while (same < text.length && old[same] === text[same]) same += 1;
  node.replaceData(same, old.length - same, text.slice(same));
}

/** @param {{ text?: string, raw: string }} token @returns {Drawn} */
function textOf({ text, raw }) {
  const node = new Text(text ?? raw);
  return { node, grow: (token) => { rewrite(node, token.text ?? token.raw); return true; } };
}

/** An element around other tokens. @type {(element: HTMLElement, token: any, mayGrow: boolean, suits?: (token: any) => boolean) => Drawn} */
function around(element, token, mayGrow, suits = () => true) {
  const region = inlineRegion(element);
  region.update(token.tokens ?? [], mayGrow);
  return {
    node: element,
    grow: (newer, stillGrows) => suits(newer) && region.update(newer.tokens ?? [], stillGrows),
  };
}

/** @param {any} token @param {boolean} mayGrow */
function linkOf(token, mayGrow) {
  if (!isSafe(token.href)) return asText(token.raw);
  const link = linkTo(token.href, token.title);
  return around(link, token, mayGrow, (newer) => {
    if (!isSafe(newer.href)) return false;
    link.href = newer.href;
    return true;
  });
}

/** @param {string} href @param {string | null} [title] */
const linkTo = (href, title) => el('a', { href, title: title || null, target: '_blank', rel: 'noopener noreferrer nofollow' });

/** Return a link, or null where `href` leads neither to the web nor to a mailbox. @type {(href: string, text: string) => HTMLElement | null} */
export function webLink(href, text) {
  if (!isSafe(href)) return null;
  const link = linkTo(href);
  link.append(text);
  return link;
}

/** @param {any} token @returns {Drawn} */
function imageOf({ href, text, raw }) {
  const link = webLink(href ?? '', text || href);
  return link ? { node: link } : asText(raw);
}

/** @param {any} token @returns {Drawn} */
function codeOf({ text }) {
  const words = textOf({ raw: text, text });
  return { node: el('code', {}, words.node), grow: words.grow };
}

/** What leads to a note within the message: found by its label, so that no id is made of what a model writes. @param {any} token @returns {Drawn} */
function noteRefOf({ label }) {
  const jump = (/** @type {Event} */ { currentTarget }) => reach(currentTarget, '.footnote', label);
  const button = el('button', { type: 'button', 'aria-label': t('footnote', { label }), onclick: jump }, label);
  return { node: el('sup', { class: 'footnote-ref', dataset: { note: label } }, button) };
}

/** Scroll to what has the note's label in the same message, and give it the focus. @type {(from: any, selector: string, label: string) => void} */
export function reach(from, selector, label) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (from.closest('.words')?.querySelectorAll(selector) ?? []);
  const found = [...all].find((one) => one.dataset.note === label);
  const target = found?.querySelector('button') ?? found;
  target?.scrollIntoView({ block: 'nearest' });
  target?.focus({ preventScroll: true });
}

const DRAWERS = new Map(Object.entries(/** @type {Record<string, (token: any, mayGrow: boolean) => Drawn>} */ ({
  strong: (token, mayGrow) => around(el('strong'), token, mayGrow),
  em: (token, mayGrow) => around(el('em'), token, mayGrow),
  del: (token, mayGrow) => around(el('del'), token, mayGrow),
  tag: (token, mayGrow) => around(el(/** @type {any} */ (TAGS.has(token.name) ? token.name : 'span')), token, mayGrow, (newer) => newer.name === token.name),
  codespan: codeOf,
  br: () => ({ node: el('br') }),
  link: linkOf,
  image: imageOf,
  formula: ({ tex, display, raw }) => ({ node: formula(tex, display, raw) }),
  footnote_ref: noteRefOf,
})));

/** @type {(token: any, mayGrow: boolean) => Drawn} */
function drawInline(token, mayGrow) {
  const draw = DRAWERS.get(token.type);
  if (draw) return draw(token, mayGrow);
  return token.tokens ? around(el('span'), token, mayGrow) : textOf(token);
}

/** Return a region for tokens of a line. @param {Element} place */
export const inlineRegion = (place) => new Region(place, drawInline);
