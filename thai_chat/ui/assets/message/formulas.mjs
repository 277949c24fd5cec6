// Formulas in a message. Temml, which makes MathML of TeX, is fetched when the first one is drawn.
//
// A formula shows its source until it is drawn. Few are drawn at once, many in slices, so that the page answers meanwhile.
import { copyText, el, icon, iconButton } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { BadFormula, mathOf } from './mathml.mjs';

const SLICE_MS = 10;
const LAYOUT_MS = 0.25; // what the browser will need for one that is not in the page yet
const LAID_OUT_TOGETHER = 4;
const KEPT = 400;

/** @typedef {{ element: HTMLElement, tex: string, isDisplay: boolean }} Waiting */
/** @typedef {typeof import('../vendor/temml.mjs').default} Temml */

/** @type {Temml | null} */
let temml = null;
/** @type {Promise<void> | null} */
let loading = null;
/** @type {Promise<void> | null} */
let drawing = null;
/** @type {Waiting[]} */
let waiting = [];
/** What was drawn of late: a paragraph that grows is built again and again. @type {Map<string, Element | BadFormula>} */
const kept = new Map();
let spent_ms = 0;
let isCopying = false;

/**
 * Return the element of a formula: `raw` is its source with its delimiters, `tex` what stands between them.
 *
 * @param {string} tex
 * @param {boolean} isDisplay
 * @param {string} raw
 * @returns {HTMLElement}
 */
export function formula(tex, isDisplay, raw) {
  const element = el(isDisplay ? 'div' : 'span', { class: `formula${isDisplay ? ' display' : ''} waiting`, dataset: { source: raw } }, raw);
  const asked = { element, tex, isDisplay };
  if (temml && mayBeDrawnAtOnce(asked)) {
    draw(asked, temml);
    spend(LAYOUT_MS);
  } else {
    waiting.push(asked);
    drawing ??= drawAll();
  }
  listenToCopies();
  return element;
}

/** What was drawn before may take longer: it stood there when the text was shorter. @param {Waiting} asked */
const mayBeDrawnAtOnce = (asked) => (kept.has(keyOf(asked)) ? spent_ms < 2 * SLICE_MS : !waiting.length && spent_ms < SLICE_MS);

/** Return the TeX of a formula's element, with its delimiters. @param {HTMLElement} element */
export const texOf = (element) => element.dataset.source ?? '';

/** Fetch what draws formulas, once; it may fail, and be asked for again. @returns {Promise<void>} */
export function loadFormulas() {
  loading ??= import('../vendor/temml.mjs').then(
    (found) => { temml = found.default; },
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** Resolve when no formula waits any more. */
export async function whenFormulasSettle() {
  while (drawing) await drawing;
}

async function drawAll() {
  try {
    await loadFormulas();
    for (let next = waiting.shift(), count = 1; next; next = waiting.shift(), count += 1) {
      const { element } = next;
      draw(next, /** @type {Temml} */ (temml));
      if (count % LAID_OUT_TOGETHER === 0) measured(() => element.getBoundingClientRect()); // that is the larger part of the work
      if (spent_ms >= SLICE_MS) await nextTask();
    }
  } catch {
    waiting = []; // their sources are shown; the next formula asks for Temml once more
  } finally {
    drawing = null;
  }
}

/** Let the browser do what else waits, and begin a new slice. */
async function nextTask() {
  await (globalThis.scheduler?.yield ? globalThis.scheduler.yield() : new Promise((resolve) => { setTimeout(resolve); }));
  spent_ms = 0;
}

/** @param {Waiting} asked @param {Temml} loaded */
function draw({ element, tex, isDisplay }, loaded) {
  const math = drawn({ element, tex, isDisplay }, loaded);
  element.classList.remove('waiting');
  if (math instanceof BadFormula) {
    element.classList.add('bad');
    element.title = t('formula_bad', { reason: math.reason || t(math.code) });
    return;
  }
  element.replaceChildren(math.cloneNode(true));
  if (isDisplay) element.append(copyButton(element));
}

/** @param {Waiting} asked @param {Temml} loaded @returns {Element | BadFormula} */
function drawn(asked, loaded) {
  const key = keyOf(asked);
  const found = kept.get(key) ?? measured(() => mathOrReason(asked, loaded));
  kept.delete(key); // what was used last is thrown away last
  kept.set(key, found);
  if (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return found;
}

/** @param {Waiting} asked @param {Temml} loaded */
function mathOrReason({ tex, isDisplay }, loaded) {
  try {
    return mathOf(loaded, tex, isDisplay);
  } catch (error) {
    return error instanceof BadFormula ? error : new BadFormula('formula_unknown');
  }
}

/** @template Result @param {() => Result} work @returns {Result} */
function measured(work) {
  const begun = performance.now();
  const result = work();
  spend(performance.now() - begun);
  return result;
}

/** @param {number} duration_ms */
function spend(duration_ms) {
  if (!spent_ms) setTimeout(() => { spent_ms = 0; });
  spent_ms += duration_ms;
}

/** @param {Waiting} asked */
const keyOf = ({ tex, isDisplay }) => `${isDisplay ? 'display' : 'inline'} ${tex}`;

/** @param {HTMLElement} element */
const copyButton = (element) => iconButton('copy', t('formula_copy'), async ({ currentTarget: button }) => {
  await copyText(texOf(element));
  button.replaceChildren(icon('check'));
  button.setAttribute('aria-label', t('copied'));
  setTimeout(() => {
    button.replaceChildren(icon('copy'));
    button.setAttribute('aria-label', t('formula_copy'));
  }, 1500);
}, { class: 'icon-button formula-copy' });

/** A selection that holds formulas is copied with their TeX, unless somebody else has seen to it. */
function listenToCopies() {
  if (isCopying) return;
  isCopying = true;
  document.addEventListener('copy', (event) => {
    const place = event.defaultPrevented ? null : selected();
    if (!place) return;
    document.body.append(place);
    // biome-ignore lint/performance/useDomNodeTextContent: line breaks are known only of what is laid out
    event.clipboardData?.setData('text/plain', place.innerText);
    event.clipboardData?.setData('text/html', new XMLSerializer().serializeToString(place));
    place.remove();
    event.preventDefault();
  });
}

/** Return a copy of what is selected, its formulas as TeX; null where none is selected. */
function selected() {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const common = range.commonAncestorContainer;
  const around = (common instanceof Element ? common : common.parentElement)?.closest('.formula:not(.bad)');
  const copied = around ? around.cloneNode(true) : range.cloneContents();
  const place = el('div', { class: 'words offscreen' }, copied);
  return writeTex(place) ? place : null;
}

/** Put the TeX in the place of each formula below `root`, and return how many there were. @param {HTMLElement} root */
export function writeTex(root) {
  const formulas = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('.formula')]);
  for (const one of formulas) {
    one.textContent = texOf(one);
    one.classList.remove('display', 'waiting');
  }
  return formulas.length;
}
