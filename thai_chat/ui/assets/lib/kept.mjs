// What this browser keeps for the person: choices and what is not sent yet. A private window, or one that is full, keeps it
// as long as the page lives.
const PREFIX = 'thai-chat:';
/** What is the same whoever signs in: how this browser shows the page. */
const SHARED = new Set(['theme', 'contrast', 'face', 'size', 'column', 'language', 'menu']);
/** What else is kept is one person's. The sign-in page knows of nobody. */
const OWN = window.thaiChat?.own ?? PREFIX;
/** @param {string} name */
const keyOf = (name) => (SHARED.has(name) ? PREFIX : OWN) + name;
/** @type {Map<string, string | null>} */
const unkept = new Map();

/** @param {string} name @returns {string | null} */
export function kept(name) {
  if (unkept.has(name)) return unkept.get(name) ?? null;
  try { return localStorage.getItem(keyOf(name)); } catch { return null; }
}

/** @param {string} name @param {string | null} value null forgets it */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(keyOf(name));
    else localStorage.setItem(keyOf(name), value);
    unkept.delete(name);
  } catch { unkept.set(name, value); }
}

/** Keep as long as the page lives: nothing of it is written down. @param {string} name @param {string} value */
export const keepHere = (name, value) => { unkept.set(name, value); };

/** True when something whose name begins so lives as long as the page alone. @param {string} start */
export const isHereAlone = (start) => [...unkept].some(([name, value]) => value !== null && name.startsWith(start));

/** Return the names of what is kept that begin so. @param {string} start */
export function keptNames(start) {
  let names = /** @type {string[]} */ ([]);
  try { names = Object.keys(localStorage).filter((key) => key.startsWith(OWN)).map((key) => key.slice(OWN.length)); } catch { /* nothing is kept there */ }
  return [...new Set([...names, ...unkept.keys()])].filter((name) => name.startsWith(start) && kept(name) !== null);
}

/** Forget what is kept for a session, which is deleted for good. @param {string} session_id */
export function forgetSession(session_id) {
  const names = ['queue', 'draft', 'pick', 'unsaved'].flatMap((kind) => keptNames(`${kind}:${session_id}`));
  for (const name of names) keep(name, null);
}

/** Forget all that is this person's: nobody who uses the browser next is to find it. */
export function forgetPerson() {
  for (const name of keptNames('')) if (!SHARED.has(name) && !name.startsWith('@')) keep(name, null);
}

/** Hear of what another tab of this browser keeps. @param {(name: string, value: string | null) => void} listener */
export function onKept(listener) {
  addEventListener('storage', ({ key, newValue }) => {
    const name = key?.startsWith(OWN) ? key.slice(OWN.length) : key?.slice(PREFIX.length) ?? '';
    if (key === keyOf(name)) listener(name, newValue);
  });
}
