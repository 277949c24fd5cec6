// Paints templates: what has not changed stays as it is in the page, and the focus stays with what had it.
import { html, nothing, render } from '../vendor/lit-html.mjs';
import { $$, focused, pathOf } from './dom.mjs';

export { guard, html, nothing, repeat } from '../vendor/lit-html.mjs';

/** @typedef {import('../vendor/lit-html.mjs').TemplateResult} Template */

/**
 * Paint `template` into `place`, which holds nothing else. What had the focus keeps it. When it has gone, the focus goes
 * to what has its `data-key` now, else to the next one of its kind, else to the one before. A key is a kind and an id,
 * "more 7"; `data-heir` names another kind for those that come after it.
 *
 * @param {HTMLElement} place
 * @param {unknown} template
 */
export function paint(place, template) {
  const had = focused();
  const { key, heir } = had.dataset;
  const isInside = place !== had && place.contains(had);
  const keys = isInside && key ? keysIn(place) : [];
  render(template, place);
  if (!isInside || focused() === had) return;
  if (had.isConnected) had.focus({ preventScroll: true });
  else if (key) heirOf(key, heir ?? kindOf(key), keys, place)?.focus({ preventScroll: true });
}

/** @param {HTMLElement} place */
const keysIn = (place) => $$('[data-key]', place).map(({ dataset }) => dataset.key ?? '');

/** @param {string} key */
const kindOf = (key) => key.split(' ')[0];

/** @type {(key: string, kind: string, keys: string[], place: HTMLElement) => HTMLElement | undefined} */
function heirOf(key, kind, keys, place) {
  const now = new Map($$('[data-key]', place).map((element) => [element.dataset.key, element]));
  const at = keys.indexOf(key);
  const isLeft = (/** @type {string} */ other) => kindOf(other) === kind && now.has(other);
  return now.get(key) ?? now.get(keys.slice(at + 1).find(isLeft) ?? keys.slice(0, at).findLast(isLeft) ?? '');
}

/** The template of an icon. @param {string} name */
export const iconOf = (name) => html`<svg viewBox="0 0 24 24" aria-hidden="true" class="icon"><path d=${pathOf(name)}></path></svg>`;

/**
 * The template of a button that is an icon alone; `key` is its `data-key`.
 *
 * @param {string} name
 * @param {string} label
 * @param {(event: any) => void} act
 * @param {{ classes?: string, isMenu?: boolean, isDisabled?: boolean, key?: string }} [how]
 */
export const iconButtonOf = (name, label, act, { classes = '', isMenu = false, isDisabled = false, key } = {}) => html`<button type="button" class="icon-button ${classes}"
  aria-label=${label} title=${label} data-key=${key ?? nothing} aria-haspopup=${isMenu ? 'menu' : nothing} aria-expanded=${isMenu ? 'false' : nothing} ?disabled=${isDisabled} @click=${act}>${iconOf(name)}</button>`;
