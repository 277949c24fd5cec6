// Questions that wait for the reply that runs, by their sessions: each is kept under a name of its own, in the order in which they
// were written, so that tabs write over nothing of each other.
import { randomKey } from '../lib/dom.mjs';
import { keep, keepHere, kept, keptNames, onKept } from '../lib/kept.mjs';

/**
 * A question that waits, with the model that it is meant for and those that answer beside it. `key`: sent by two tabs, it is stored once.
 * `written`: what it is being changed to. `refused`: why the server did not take it. Such questions wait for the person's word.
 *
 * @typedef {{ name: string, key: string, text: string, choice: Choice | null, compare: Choice[], is_temporary: boolean, written: string | null, refused: string | null }} Queued
 */

let last = 0;

/** Return the questions that wait in a session, in their order. @param {string} session_id */
export const queuedIn = (session_id) => keptNames(`queue:${session_id}:`).sort().map(read).filter((item) => item !== null);

/** @param {View} view @param {string} text @param {Choice | null} choice @param {Choice[]} compare */
export function addQueued({ session_id, is_temporary }, text, choice, compare) {
  last = Math.max(Date.now(), last + 1);
  put({ name: `queue:${session_id}:${last}:${randomKey().slice(0, 8)}`, key: randomKey(), text, choice, compare, is_temporary, written: null, refused: null });
}

/** Another text is another question. Return false when it waits no more. @param {Queued} item @param {string} text */
export function changeQueued(item, text) {
  if (kept(item.name) === null) return false;
  put({ ...item, key: randomKey(), text, written: null, refused: null });
  return true;
}

/** Keep what is being written instead of it; null when that is over. @param {Queued} item @param {string | null} written */
export function noteWritten(item, written) {
  if (kept(item.name) !== null) put({ ...item, written });
}

/** Keep why it was refused; null when it may be sent again. @param {Queued} item @param {string | null} refused */
export function noteRefused(item, refused) {
  if (kept(item.name) !== null) put({ ...item, refused });
}

/** It waits for nobody's word. @param {Queued | undefined} item */
export const isFree = (item) => item?.written === null && item.refused === null;

/** It was sent, or taken back; what it has been changed to meanwhile is another question. @param {Queued} item */
export function dropQueued({ name, key }) {
  if ((read(name)?.key ?? key) === key) keep(name, null);
}

/** Return the sessions in which questions wait. */
export const queuedSessions = () => new Set(keptNames('queue:').map((name) => name.split(':')[1]));

/** Hear of what another tab does with the queue of a session. @param {(session_id: string) => void} listener */
export function onQueued(listener) {
  onKept((name) => { if (name.startsWith('queue:')) listener(name.split(':')[1]); });
}

/** What waits in a temporary session is gone with the page, as the session is. @param {Queued} item */
function put({ name, ...item }) {
  (item.is_temporary ? keepHere : keep)(name, JSON.stringify(item));
}

/** @param {string} name @returns {Queued | null} */
function read(name) {
  try {
    const { key, text, choice, compare = [], is_temporary = false, written = null, refused = null } = JSON.parse(kept(name) ?? '');
    return typeof key === 'string' && typeof text === 'string' ? { name, key, text, choice, compare, is_temporary, written, refused } : null;
  } catch {
    return null;
  }
}
