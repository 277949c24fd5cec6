// The list follows what changes elsewhere: in other tabs, in other browsers, by the API.
import { api, isAborted } from '../lib/api.mjs';
import { emit, on } from '../lib/store.mjs';
import { shelf } from './shelf.mjs';

/** More than these are read as the list's first page. */
const MOST_SINGLY = 3;
const LATER_MS = 250;

export function followSessions() {
  on('told', take);
  on('anew', () => shelf.refresh());
}

/** @param {Change[]} changes */
async function take(changes) {
  // Half of what is done here is no state to show.
  if (shelf.deeds) { setTimeout(() => take(changes), LATER_MS); return; }
  const gone = new Set(changes.filter(({ kind }) => kind === 'deleted').map(({ session_id }) => session_id));
  const changed = new Set(changes.filter((change) => !gone.has(change.session_id) && !isKnown(change)).map(({ session_id }) => session_id));
  const put = changed.size > MOST_SINGLY ? [] : await Promise.all([...changed].map(read));
  if (changed.size > MOST_SINGLY) shelf.refresh();
  const found = put.filter((session) => session !== null);
  shelf.put(...found);
  shelf.drop(...gone);
  if (found.length || gone.size) emit('elsewhere', { put: found, drop: [...gone] });
}

/** A question that was asked here is listed already. @param {Change} change */
const isKnown = ({ kind, session_id }) => kind === 'began' && Boolean(shelf.find(session_id)?.running);

/** Null when it is gone by now, or the server is; a temporary one is in no list. @param {string} session_id @returns {Promise<Session | null>} */
const read = (session_id) => api('GET', `api/sessions/${session_id}`).then((session) => (session.temporary ? null : session), (error) => {
  if (isAborted(error)) throw error;
  return null;
});
