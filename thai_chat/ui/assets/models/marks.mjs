// The models that a person has marked, as this browser keeps them: favourites, hidden ones, and those that were used last.
import { keep, kept, onKept } from '../lib/kept.mjs';
import { emit } from '../lib/store.mjs';

const FAVOURITES = 'favourite-models';
const HIDDEN = 'hidden-models';
const RECENT = 'recent-models';
const MOST_RECENT = 3;

/** @param {Choice} given */
export const keyOf = ({ backend, model }) => `${backend}/${model}`;

/** Return the keys under a name; whatever else stands there counts as nothing. @param {string} name @returns {string[]} */
function keysIn(name) {
  try {
    const keys = JSON.parse(kept(name) ?? '[]');
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  } catch { return []; }
}

/** @type {(name: string, keys: string[]) => void} */
function put(name, keys) {
  keep(name, keys.length ? JSON.stringify(keys) : null);
  emit('marks');
}

/** @type {(name: string, key: string) => void} */
function toggle(name, key) {
  const keys = keysIn(name);
  put(name, keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key]);
}

/** The marks as they are now, by the models' keys; the newest of `recent` first. */
export const marksNow = () => ({ favourites: new Set(keysIn(FAVOURITES)), hidden: new Set(keysIn(HIDDEN)), recent: keysIn(RECENT) });

/** @param {string} key */
export const toggleFavourite = (key) => toggle(FAVOURITES, key);

/** @param {string} key */
export const toggleHidden = (key) => toggle(HIDDEN, key);

/** @param {string} key */
export const noteUse = (key) => put(RECENT, [key, ...keysIn(RECENT).filter((other) => other !== key)].slice(0, MOST_RECENT));

onKept((name) => { if ([FAVOURITES, HIDDEN, RECENT].includes(name)) emit('marks'); });
