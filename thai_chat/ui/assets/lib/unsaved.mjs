// What somebody has begun to change and not saved, a text a field: it outlives a reload, and a look at another session.
import { $$ } from './dom.mjs';
import { hasUnkeptDrafts } from './drafts.mjs';
import { isHereAlone, keep, keepHere, kept, keptNames } from './kept.mjs';
import { store } from './store.mjs';

const START = 'unsaved:';
/** So many are kept; the oldest are forgotten. */
const MOST = 16;
/** What is longer is kept as long as the page lives. */
const MOST_CHARS = 200_000;

/** Return the name of a field of the shown session. @param {string} field */
export const unsavedName = (field) => `${START}${store.view.stored || store.view.is_temporary ? store.view.session_id : 'new'}:${field}`;

/** Return what was begun there, or null. @param {string} name @returns {any} */
export const unsaved = (name) => read(name)?.value ?? null;

/** Of a temporary session nothing is written down. @param {string} name @param {unknown} value */
export function keepUnsaved(name, value) {
  const text = JSON.stringify({ at: Date.now(), value });
  if (kept(name) === null) makeRoom();
  const isHere = store.view.is_temporary || text.length > MOST_CHARS;
  keep(name, isHere ? null : text);
  if (isHere) keepHere(name, text);
}

/** It is saved, or given up. @param {string} name */
export const forgetUnsaved = (name) => keep(name, null);

/** True when something that is written here would not outlive a reload. Fields with `data-unkept` live as long as the page. */
export const wouldBeLost = () => isHereAlone(START) || isHereAlone('queue:') || isHereAlone('draft:') || hasUnkeptDrafts()
  || /** @type {HTMLInputElement[]} */ (/** @type {unknown} */ ($$('input[data-unkept]'))).some(({ value, defaultValue }) => value !== defaultValue);

function makeRoom() {
  const all = keptNames(START).map((name) => ({ name, at: read(name)?.at ?? 0 })).sort((one, other) => other.at - one.at);
  for (const { name } of all.slice(MOST - 1)) keep(name, null);
}

/** @param {string} name @returns {{ at: number, value: unknown } | null} */
function read(name) {
  try {
    const { at, value } = JSON.parse(kept(name) ?? 'null') ?? {};
    return { at: Number(at) || 0, value };
  } catch {
    return null;
  }
}
