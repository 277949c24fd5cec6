// Follows what changes at the server. A browser has six connections for a host: one of its tabs holds the stream and passes
// on to the others what it hears. Where locks are missing (plain http) or forbidden, each tab that can be seen has its own.
import { isAborted } from './api.mjs';
import { forgetSession } from './kept.mjs';
import { emit, on, store } from './store.mjs';
import { REST_MS, Stream } from './stream.mjs';

/** Tabs of one person share what they hear. */
const NAME = `${window.thaiChat.own}changes`;
/** Nothing of the page waits for it. */
const START_MS = 1_500;
/** A tab that holds the stream and says nothing for so long is not let run by its browser. */
const LOST_MS = 4_000;
/** While the server is gone, it is asked less and less often. */
const LOST_GONE_MS = 10_000;
const LOOK_MS = 1_000;
const [SOON_MS, BETWEEN_MS] = [120, 500];
/** A tab that was out of sight for longer reads everything anew. */
const AWAY_MS = 10_000;
/** A change may be told a little later than it was. */
const MARGIN_MS = 500;
const MINUTE_MS = 60_000;
const MOST_UNREAD = 64;

const channel = 'BroadcastChannel' in window ? new BroadcastChannel(NAME) : null;
let locks = 'locks' in navigator ? navigator.locks : null;
const stream = new Stream((name, body) => {
  channel?.postMessage({ name, body, isHidden: document.hidden });
  hear(name, body);
});

/** When something was heard last; what this page had read by then is not older than the page. */
let heardAt = Date.now();
let hasStarted = false;
/** Ends the hold of this tab on the stream. */
let letGo = /** @type {(() => void) | null} */ (null);
let waiting = /** @type {AbortController | null} */ (null);
let hiddenAt = 0;
/** Too many pages follow: no tab of this browser is told anything until then. */
let restUntil = 0;

/** Changes that the page has not been told of yet, and whether they are too many. */
let unread = /** @type {Map<string, Change>} */ (new Map());
let isAnew = false;
let toldAt = 0;
let timer = 0;

/** True while every change is told: whoever asks again and again need not. */
export const isFollowed = () => hasStarted && !store.isGone && !restUntil && Date.now() - heardAt < LOST_MS;

export function followChanges() {
  channel?.addEventListener('message', ({ data }) => {
    hear(data.name, data.body);
    if (data.name === 'gone' && data.isHidden && !document.hidden) take(); // timers are slow where nobody looks
  });
  setTimeout(start, START_MS);
}

function start() {
  hasStarted = true;
  stand();
  setInterval(() => { if (!document.hidden && Date.now() > restUntil && Date.now() - heardAt > (store.isGone ? LOST_GONE_MS : LOST_MS)) take(); }, LOOK_MS);
  document.addEventListener('visibilitychange', onVisibility);
  addEventListener('online', () => stream.hurry());
  addEventListener('offline', () => stream.hurry());
  // A page that is put away gives the stream to another; one that comes back knows nothing of the time between.
  addEventListener('pagehide', leave);
  document.addEventListener('freeze', leave);
  addEventListener('pageshow', ({ persisted }) => { if (persisted) comeBack(); });
  document.addEventListener('resume', comeBack);
  on('unanswered', () => stream.doubt());
}

/** Wait until it is this tab's turn to hold the stream. */
async function stand() {
  waiting?.abort();
  if (!locks) { if (!document.hidden) stream.open(); return; }
  waiting = new AbortController();
  const { signal } = waiting;
  while (locks && !signal.aborted) await hold({ signal });
}

/** Hold the stream until another tab takes it, or it is let go. @param {LockOptions} how */
async function hold(how) {
  let mine = /** @type {(() => void) | undefined} */ (undefined);
  const held = () => new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    letGo = mine = resolve;
    stream.open();
  });
  try { await locks?.request(NAME, how, held); } catch (error) {
    if (!isAborted(error)) { locks = null; stand(); return; }
  }
  if (!mine || letGo !== mine) return;
  letGo = null;
  stream.close();
}

/** Take the stream from a tab that does not tell what it hears. */
function take() {
  heardAt = Date.now();
  if (locks && !letGo) hold({ steal: true });
  else stream.hurry();
}

function leave() {
  waiting?.abort();
  if (letGo) letGo();
  else stream.close();
}

function comeBack() {
  stand();
  readAnew();
}

function onVisibility() {
  if (!locks) { if (document.hidden) stream.close(); else stream.open(); }
  if (document.hidden) { hiddenAt = Date.now(); return; }
  if (store.isGone) stream.hurry();
  if (Date.now() - hiddenAt > AWAY_MS) readAnew();
  else tellSoon();
}

/** @param {string} name @param {any} body */
function hear(name, body) {
  const quiet_ms = Date.now() - heardAt;
  heardAt = Date.now();
  restUntil = name === 'crowded' ? Date.now() + REST_MS + LOST_MS : 0;
  if (name === 'gone') { setGone(true); return; }
  setGone(false);
  if (name === 'hello') greet(body, quiet_ms);
  else if (name === 'anew') readAnew();
  else if (body?.session_id) note({ ...body, kind: name });
}

/** @param {{ page: string, changed_ms_ago: number | null }} hello @param {number} quiet_ms how long nothing was heard */
function greet({ page, changed_ms_ago }, quiet_ms) {
  if (page && page !== window.thaiChat.version) emit('outdated');
  if (changed_ms_ago === null ? quiet_ms > MINUTE_MS : changed_ms_ago < quiet_ms + MARGIN_MS) readAnew();
}

/** @param {boolean} isGone */
function setGone(isGone) {
  if (store.isGone === isGone) return;
  store.isGone = isGone;
  emit(isGone ? 'gone' : 'back');
  if (!isGone) readAnew();
}

/** @param {Change} change */
function note(change) {
  if (change.kind === 'deleted') forgetSession(change.session_id);
  emit('heard', change);
  unread.set(`${change.kind} ${change.session_id} ${change.reply_id ?? ''}`, change);
  if (unread.size > MOST_UNREAD) readAnew();
  else tellSoon();
}

function readAnew() {
  isAnew = true;
  emit('missed');
  tellSoon();
}

/** Several changes in short time are told together, and nothing while nobody looks. */
function tellSoon() {
  clearTimeout(timer);
  if (document.hidden || !(isAnew || unread.size)) return;
  timer = setTimeout(tellNow, Math.max(SOON_MS, toldAt + BETWEEN_MS - Date.now()));
}

function tellNow() {
  const told = [...unread.values()];
  const anew = isAnew;
  [unread, isAnew, toldAt] = [new Map(), false, Date.now()];
  if (anew) emit('anew');
  else emit('told', told);
}
