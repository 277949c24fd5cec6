// The worker that finds the colours of code, so that the page is never held by it. It answers with lines of [tone, text].
import hljs from '../vendor/highlight/core.min.js';
import { grammars, inner } from './grammars.mjs';

/** @typedef {[string, string]} Part */
/**
 * `keep`: so many characters of the code that was sent before still stand; `coloured`: so many lines have the colours that were told.
 * @typedef {{ id: number, grammar: string, keep: number, add: string, coloured: number, isLast: boolean }} Job
 */
/** @typedef {{ code: string, keys: string[] }} Known */

const MOST_CHARS_OF_LINE = 4_000;

/** The scopes of highlight.js, the longest name that fits wins; '' takes a tone away. */
const TONES = new Map(Object.entries({
  addition: 'added', attr: 'property', attribute: 'property', built_in: 'type', bullet: 'keyword', 'char.escape': 'number', class: 'type',
  code: 'string', comment: 'comment', deletion: 'removed', doctag: 'keyword', emphasis: 'emphasis', formula: 'number', function: 'function',
  keyword: 'keyword', link: 'string', literal: 'number', meta: 'meta', name: 'function', number: 'number', property: 'property', quote: 'comment',
  regexp: 'string', section: 'function', 'selector-attr': 'property', 'selector-class': 'property', 'selector-id': 'property',
  'selector-pseudo': 'property', 'selector-tag': 'function', string: 'string', strong: 'strong', subst: '', symbol: 'number', 'template-tag': 'meta',
  'template-variable': 'property', title: 'function', 'title.class': 'type', type: 'type', variable: 'property', 'variable.constant': 'number',
  'variable.language': 'keyword',
}));

/** @param {string | undefined} scope @param {string} outer */
function toneOf(scope = '', outer) {
  if (scope.startsWith('language:')) return '';
  for (let name = scope; name; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const tone = TONES.get(name);
    if (tone !== undefined) return tone;
  }
  return outer;
}

/** @param {import('../vendor/highlight/core.min.js').Node} root */
function linesOf(root) {
  /** @type {Part[][]} */
  const lines = [[]];
  const add = (/** @type {string} */ tone, /** @type {string} */ text) => {
    const line = /** @type {Part[]} */ (lines.at(-1));
    const last = line.at(-1);
    if (last && last[0] === tone) last[1] += text;
    else if (text) line.push([tone, text]);
  };
  const walk = (/** @type {import('../vendor/highlight/core.min.js').Node} */ node, /** @type {string} */ tone) => {
    for (const child of node.children) {
      if (typeof child !== 'string') { walk(child, toneOf(child.scope, tone)); continue; }
      child.split('\n').forEach((text, at) => {
        if (at) lines.push([]);
        add(tone, text);
      });
    }
  };
  walk(root, '');
  return lines;
}

/** @param {Part[]} line @returns {Part[]} */
function inBounds(line) {
  const text = line.map((part) => part[1]).join('');
  return text.length > MOST_CHARS_OF_LINE ? [['', text]] : line;
}

/** @param {string} name @param {Set<string>} [seen] */
async function load(name, seen = new Set()) {
  if (seen.has(name)) return;
  seen.add(name);
  const others = (inner.get(name) ?? []).map((other) => load(other, seen));
  if (!hljs.getLanguage(name)) hljs.registerLanguage(name, (await /** @type {any} */ (grammars.get(name))()).default);
  await Promise.all(others);
}

/** @type {Map<number, Known>} */
const known = new Map();

/** Return the lines whose colours are others than they were. @param {Job} job */
function changesOf({ id, grammar, keep, add, coloured, isLast }) {
  const before = known.get(id);
  const code = (before?.code.slice(0, keep) ?? '') + add;
  const keys = before?.keys.slice(0, coloured) ?? [];
  /** @type {[number, Part[]][]} */
  const changes = [];
  linesOf(hljs.highlight(code, { language: grammar, ignoreIllegals: true })._emitter.rootNode).map(inBounds).forEach((line, at) => {
    const key = JSON.stringify(line);
    if (keys[at] !== key) changes.push([at, line]);
    keys[at] = key;
  });
  if (isLast) known.delete(id);
  else known.set(id, { code, keys });
  return changes;
}

/** @param {MessageEvent<Job>} message */
async function answer({ data: job }) {
  try {
    await load(job.grammar);
    postMessage({ id: job.id, hasBegun: true });
    postMessage({ id: job.id, changes: changesOf(job) });
  } catch {
    known.delete(job.id);
    postMessage({ id: job.id, hasFailed: true });
  }
}

addEventListener('message', answer);
