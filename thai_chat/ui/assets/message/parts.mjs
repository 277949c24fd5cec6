// The parts of a message that is more than text: thoughts, tools, files, sources, and kinds that nobody knows yet.
import { el, icon } from '../lib/dom.mjs';
import { backendName, bytes, t } from '../lib/texts.mjs';
import { plainBox } from './blocks.mjs';
import { codeBlock } from './code.mjs';
import { draw } from './painter.mjs';
import { webLink } from './words.mjs';

/** @typedef {{ type: string, [field: string]: any }} Part as `thai_chat/domain/parts.py` writes it */

/** @param {unknown} value */
const text = (value) => (typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value));

/** @param {unknown} value */
const json = (value) => codeBlock({ code: typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? '', info: 'json', isOpen: false }).element;

/** @type {(classes: string, title: (Node | string)[], ...content: (Node | null)[]) => HTMLElement} */
const folded = (classes, title, ...content) => el('details', { class: `folded ${classes}` }, el('summary', {}, title), el('div', { class: 'details-body' }, content));

/** @param {Part} part */
function textOf(part) {
  const element = el('div', { class: 'part-text' });
  draw(element, text(part.text));
  return element;
}

/** @param {Part} part */
const reasoningOf = (part) => el('details', { class: 'thoughts' }, el('summary', {}, icon('bulb'), t('thoughts')),
  el('div', { class: 'thoughts-text', tabindex: 0 }, text(part.text)));

/** @param {Part} result */
const resultOf = (result) => el('div', { class: result.is_error ? 'tool-result failed' : 'tool-result' },
  el('p', { class: 'tool-label' }, t(result.is_error ? 'part_tool_error' : 'part_tool_result')),
  codeBlock({ code: text(result.text), info: '', isOpen: false }).element);

/** @param {Part} call @param {Part[]} results */
const callOf = (call, results) => folded('tool', [icon('sliders'), t('part_tool', { name: text(call.name) })],
  call.arguments === null || call.arguments === undefined ? null : json(call.arguments), ...results.map(resultOf));

/** @param {Part} part */
function attachmentOf(part) {
  const about = [text(part.media_type), typeof part.size_bytes === 'number' ? bytes(part.size_bytes, part.size_bytes) : ''];
  return el('div', { class: 'attachment', role: 'group', 'aria-label': t('part_attachment') }, icon('folder'),
    el('bdi', { class: 'attachment-name' }, text(part.name) || t('part_attachment')),
    el('span', { class: 'attachment-about' }, about.filter(Boolean).join(' · ')));
}

/** @param {Part} part */
function citationOf(part) {
  const url = text(part.url);
  const title = text(part.title) || url || text(part.document_id) || t('part_citation');
  const link = webLink(url, title);
  return el('li', {}, link ?? el('span', {}, title), url && !link ? el('span', { class: 'citation-url' }, ` ${url}`) : null,
    part.quote ? el('blockquote', {}, text(part.quote)) : null);
}

/** @param {Part[]} parts @param {number} first the number of the first one in the message */
const citationsOf = (parts, first) => el('ol', { class: 'citations', start: first, 'aria-label': t('part_citations') }, parts.map(citationOf));

/** @param {Part} part */
function noticeText({ code, params }) {
  const named = { ...params };
  for (const name of ['asked', 'answered', 'backend']) if (typeof named[name] === 'string') named[name] = backendName(named[name]);
  try { return t(code, named); } catch { return text(code); } // a code of another program
}

/** @param {Part} part */
const noticeOf = (part) => el('div', { class: 'notice' }, icon('info'), el('span', {}, noticeText(part)));

/** @param {Part} part */
const unknownOf = (part) => folded('unknown', [icon('info'), t('part_unknown', { type: text(part?.type) || '?' })], json(part));

/** @type {Map<string, (part: Part) => HTMLElement>} */
const DRAWERS = new Map(Object.entries({
  text: textOf,
  reasoning: reasoningOf,
  tool_result: (part) => folded('tool', [icon('sliders'), t('part_tool_result')], resultOf(part)),
  attachment: attachmentOf,
  notice: noticeOf,
}));

/** Texts that follow each other are one text, and sources one list. */
const JOINED = new Set(['text', 'citation']);

/** @param {Part[]} parts @returns {Part[][]} */
function grouped(parts) {
  /** @type {Part[][]} */
  const groups = [];
  for (const part of parts) {
    const group = groups.at(-1);
    if (group && JOINED.has(part?.type) && group[0]?.type === part.type) group.push(part);
    else groups.push([part]);
  }
  return groups;
}

/** The results of a call stand in it. @param {Part[]} parts */
function resultsByCall(parts) {
  /** @type {Map<unknown, Part[]>} */
  const results = new Map(parts.filter((part) => part?.type === 'tool_call').map((part) => [part.call_id, []]));
  for (const part of parts) if (part?.type === 'tool_result') results.get(part.call_id)?.push(part);
  return results;
}

/** Draw the parts of a message into `element`, which shows nothing else then. @param {HTMLElement} element @param {readonly Part[]} parts */
export function drawParts(element, parts) {
  const results = resultsByCall([...parts]);
  const others = parts.filter((part) => part?.type !== 'tool_result' || !results.has(part.call_id));
  let sources = 0;
  const draw = (/** @type {Part[]} */ group) => {
    const [part] = group;
    if (part?.type === 'citation') {
      sources += group.length;
      return citationsOf(group, sources - group.length + 1);
    }
    if (part?.type === 'tool_call') return callOf(part, results.get(part.call_id)?.splice(0) ?? []);
    if (part?.type === 'text') return textOf({ ...part, text: group.map((one) => text(one.text)).join('') });
    return (DRAWERS.get(part?.type) ?? unknownOf)(part);
  };
  element.replaceChildren(...grouped(others).map((group) => {
    try { return draw(group); } catch { return plainBox(JSON.stringify(group)); }
  }));
}
