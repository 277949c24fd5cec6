// Questions that wait in sessions that are not shown: they are sent as those of the shown session are, one after the other.
import { api, isAborted, Refused } from '../lib/api.mjs';
import { isFollowed } from '../lib/changes.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { forgetPick } from '../models/picks.mjs';
import { dropQueued, isFree, noteRefused, queuedIn, queuedSessions } from './queued.mjs';
import { post } from './sending.mjs';

/** A tab that shows the session comes first. */
const AFTER_MS = 400;
/** Nothing of the page waits for it. */
const START_MS = 2_000;
/** Where changes are not told, and after a request that got no answer. */
const AGAIN_MS = 10_000;
/** What can be asked again that soon was not refused for good. */
const SOON_S = 120;
const MOST_ATTEMPTS = 3;

/** By its session, when what was not taken is sent again. @type {Map<string, number>} */
const timers = new Map();
let changed = (/** @type {string} */ _session_id) => {};

/** @param {(session_id: string) => void} listener called when something has happened to what waits in a session */
export function mountUnseen(listener) {
  changed = listener;
  on('heard', ({ kind, session_id }) => { if (kind === 'ended') setTimeout(() => goOnUnseen(session_id), AFTER_MS); });
  on('missed', goOnEverywhere);
  on('view', ({ isFirst }) => { if (isFirst) setTimeout(goOnEverywhere, START_MS); });
  setInterval(() => { if (!isFollowed() && !store.isGone) goOnEverywhere(); }, AGAIN_MS);
}

const goOnEverywhere = () => queuedSessions().forEach(goOnUnseen);

/** Nobody asks for somebody else, who has signed in meanwhile. @param {string} session_id */
const isItsTurn = (session_id) => Boolean(store.view) && !window.thaiChat.isAnother() && store.view.session_id !== session_id && isFree(queuedIn(session_id)[0]);

/** Send what waits first in a session that is not shown, if it is its turn; one tab does it at a time. @param {string} session_id */
export async function goOnUnseen(session_id) {
  if (!isItsTurn(session_id)) return;
  const act = () => sendFirst(session_id);
  try { await navigator.locks.request(`${window.thaiChat.own}queue:${session_id}`, act); } catch { await act(); } // locks are missing, or forbidden
  changed(session_id);
}

/** @param {string} session_id */
async function sendFirst(session_id) {
  for (let attempt = 0; attempt < MOST_ATTEMPTS && isItsTurn(session_id); attempt += 1) {
    const [first] = queuedIn(session_id);
    try { await send(first, session_id); return; } catch (error) {
      if (isAborted(/** @type {Error} */ (error))) return;
      if (!(error instanceof Refused)) throw error;
      if (error.code !== 'newer_messages') { takeRefusal(first, session_id, error); return; }
    }
  }
}

/** Send it below the end of its session, if that is a good one. @param {import('./queued.mjs').Queued} first @param {string} session_id */
async function send(first, session_id) {
  const end = await wellEnded(session_id);
  if (!end || !isItsTurn(session_id) || queuedIn(session_id)[0].key !== first.key) return;
  const session = { session_id, is_temporary: first.is_temporary, stored: true };
  await post(session, first, end);
  forgetPick(session, first.choice);
  dropQueued(first);
}

/** Return the last message of a session, if it is a reply that has ended well and nothing grows. @param {string} session_id @returns {Promise<string | null>} */
async function wellEnded(session_id) {
  const { session, history, live, also_live } = /** @type {HistoryBody} */ (await api('GET', `api/sessions/${session_id}/messages`, { query: { limit: 1 } }));
  const last = history.at(-1);
  return !session.deleted_at && !live && !also_live.length && last?.role === 'assistant' && last.status === 'complete' ? last.message_id : null;
}

/** What the server will take later is sent later; all else waits for the person's word. @type {(first: import('./queued.mjs').Queued, session_id: string, error: Refused) => void} */
function takeRefusal(first, session_id, { status, code, message, mayHaveArrived, after_s }) {
  if (code === 'reply_running' || status === 401 || window.thaiChat.isAnother()) return; // its end is told, and who signs in begins with another page
  if (code === 'quota_used_up') emit('limited');
  if (!mayHaveArrived && (after_s ?? Infinity) > SOON_S) { noteRefused(first, message); return; }
  clearTimeout(timers.get(session_id));
  timers.set(session_id, setTimeout(() => goOnUnseen(session_id), Math.max(AGAIN_MS, (after_s ?? 0) * 1000)));
}
