// Which messages the page has: read from the API, at the end of a session, around a message, back and forth.
import { alert } from '../lib/alerts.mjs';
import { api, isAborted, Refused } from '../lib/api.mjs';
import { $$ } from '../lib/dom.mjs';
import { newId } from '../lib/ids.mjs';
import { emit, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { startFollowing } from './scrolling.mjs';
import { emptyView, shownOf, viewOf } from './shown.mjs';

const WINDOW = 30;
const MORE = 50;
/** The page has so many messages at most: as more come, those at the other end leave. Every frame costs what is there. */
const KEPT = 600;
const MOST = 200;
/** The newest messages that are read when a reply has ended. */
const NEWEST = 6;

/** What was asked for last; whatever answers to something earlier is not shown any more. */
let asked = new AbortController();
/** Earlier or later messages are on their way. */
let isReading = false;

/** @param {string} session_id @param {Record<string, unknown>} query @param {AbortSignal} [signal] @returns {Promise<HistoryBody>} */
const read = (session_id, query, signal) => api('GET', `api/sessions/${encodeURIComponent(session_id)}/messages`, { query, signal });

function begin() {
  asked.abort();
  asked = new AbortController();
  return asked.signal;
}

/** Show a session at its end, or at a message of it. Resolves to whether it is shown now. @param {string} session_id @param {string} [message_id] */
export async function openSession(session_id, message_id = '') {
  const signal = begin();
  try {
    show(await windowOf(session_id, message_id, signal));
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) { if (isAborted(/** @type {Error} */ (error))) return false; throw error; }
    alert(error.message);
    return false;
  }
}

/** @param {string} session_id @param {string} message_id @param {AbortSignal} signal */
async function windowOf(session_id, message_id, signal) {
  const { body, problem } = message_id ? await around(session_id, message_id, signal) : { body: await read(session_id, { limit: WINDOW }, signal), problem: null };
  return viewOf(body, { target: message_id || null, notice: problem });
}

/** The window around a message; its branch is shown from then on. At the end, and with the reason, when that can't be. @param {string} session_id @param {string} message_id @param {AbortSignal} signal */
async function around(session_id, message_id, signal) {
  const atMessage = () => read(session_id, { limit: WINDOW, around: message_id }, signal);
  try {
    try {
      return { body: await atMessage(), problem: null };
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error;
      await api('PATCH', `api/sessions/${encodeURIComponent(session_id)}`, { body: { shown_message_id: message_id }, signal });
      return { body: await atMessage(), problem: null };
    }
  } catch (error) {
    if (!(error instanceof Refused) || !error.status || error.status >= 500) throw error;
    return { body: await read(session_id, { limit: WINDOW }, signal), problem: error.status === 400 ? t('message_not_found') : error.message }; // no id at all
  }
}

/**
 * Begin to read what the page's address names, else the last session. Return what shows it when there is a place for it:
 * an empty session when there is none, with the reason.
 *
 * @param {{ session_id: string, message_id: string, is_new: boolean }} arrival
 * @param {() => Promise<string | undefined>} lastSession
 */
export function arriving({ session_id, message_id, is_new }, lastSession) {
  const signal = begin();
  const find = async () => {
    const meant = is_new ? '' : session_id || await lastSession();
    return meant ? windowOf(meant, message_id, signal) : null;
  };
  const found = find();
  found.catch(() => {}); // it is heard below
  return async () => {
    try {
      const view = await found;
      if (!signal.aborted) show(view ?? emptyView(newId()));
    } catch (error) {
      if (!signal.aborted) startInstead(/** @type {Error} */ (error));
    }
  };
}

/** @param {Error} error */
function startInstead(error) {
  if (!(error instanceof Refused)) throw error;
  if (error.status >= 400 && error.status < 500) startNew({ notice: t('session_replaced') });
  else startNew({ notice: error.message, is_instead: true });
}

/** @param {{ notice?: string, is_instead?: boolean }} [how] */
export function startNew(how) {
  begin();
  show(emptyView(newId(), how));
}

/** @param {View} view */
function show(view) {
  const isOther = store.view?.session_id !== view.session_id;
  const isFirst = !store.view;
  store.view = view;
  emit('view', { isOther, isFirst, how: 'opened' });
}

/** What has happened since: a reply has ended, or another branch is shown. Whoever reads further up stays there. @param {{ isAll?: boolean }} [how] */
export async function refresh({ isAll = false } = {}) {
  const before = store.view;
  if (!before?.stored) return;
  const limit = isAll ? Math.min(MOST, Math.max(WINDOW, before.messages.length + 2)) : NEWEST;
  const body = await read(before.session_id, { limit });
  if (store.view !== before) { if (store.view?.session_id === before.session_id) await refresh({ isAll }); return; }
  if (before.has_later) return; // the end is not what is shown
  const view = viewOf(body, { target: before.target });
  const isWhole = isAll || !view.has_earlier;
  const messages = isWhole ? view.messages : joined(before.messages, view.messages);
  if (!messages) { await refresh({ isAll: true }); return; }
  store.view = { ...view, messages, has_earlier: isWhole ? view.has_earlier : before.has_earlier };
  emit('view', { isOther: false, isFirst: false, how: 'refreshed' });
}

/** What the shown session's end was when it was read, for the server to compare; nothing where that is not known. */
export const lastSeen = () => (store.view.has_later ? undefined : store.view.newest ?? undefined);

/** The refusals of a question that was asked from a view which lacks something. */
const BEHIND = ['newer_messages', 'reply_running'];

/** What was asked in the shown session was refused. Where something newer is the reason, show that at the end of the session.
 * @param {string} session_id @param {string} code */
export async function showNewer(session_id, code) {
  if (!BEHIND.includes(code) || store.view.session_id !== session_id) return;
  try {
    await refresh({ isAll: true });
    if (store.view.session_id === session_id) startFollowing();
  } catch {
    // Nobody can read it now, and so nobody is asked to.
    if (store.view.session_id === session_id) store.view = { ...store.view, newest: null };
  }
}

/**
 * Take in a turn that was asked here and whose reply has ended: the end of its events has all of it. Return false when
 * it does not follow on what is known; then the history has to be read.
 *
 * @param {MessageBody} question
 * @param {ChatBody} ended
 */
export function takeIn(question, { response, ...reply }) {
  const before = store.view;
  if (before?.session_id !== reply.session_id || before.has_later) return false;
  // The server names a session by its first question, and takes one out of the trash.
  if (!before.name || before.shelf !== 'current') return false;
  const known = before.messages.filter(({ message_id }) => message_id !== question.message_id && message_id !== reply.message_id);
  if ((known.at(-1)?.message_id ?? null) !== question.parent_id || reply.parent_id !== question.message_id) return false;
  if (question.parent_id === null && question.message_order > 1) return false; // after a reset: it has versions
  const messages = [...known, ...shownOf([question, { ...reply, role: 'assistant', content: response }], {}, null)];
  store.view = { ...before, stored: true, live: null, newest: reply.message_id, messages };
  emit('view', { isOther: false, isFirst: false, how: 'refreshed' });
  return true;
}

/** Messages that are known with newer ones that follow on them; null when something lies between. @type {(known: ShownMessage[], newest: ShownMessage[]) => ShownMessage[] | null} */
function joined(known, newest) {
  const first = newest[0];
  const at = first ? known.findIndex(({ message_id }) => message_id === first.message_id) : -1;
  return at < 0 ? null : [...known.slice(0, at), ...newest];
}

/** @param {View} view @param {Where} where */
const edgeOf = (view, where) => view.messages.at(where === 'earlier' ? 0 : -1)?.order;

/** @typedef {'earlier' | 'later'} Where */

/** More of the shown branch, before or behind what is there. Resolves to whether something came. @param {Where} where */
export async function more(where) {
  const before = store.view;
  if (isReading || !before?.[`has_${where}`]) return false;
  isReading = true;
  try {
    return await extend(before, where, edgeOf(before, where));
  } catch (error) {
    if (error instanceof Refused) alert(error.message);
    else if (!isAborted(/** @type {Error} */ (error))) throw error;
    return false;
  } finally {
    isReading = false;
  }
}

/** Something in the conversation is selected, written or growing: nothing may leave. */
const isInUse = () => store.isBusy || !(getSelection()?.isCollapsed ?? true) || $$('#chat .editor').length > 0;

/** @param {View} before @param {Where} where @param {number | undefined} edge */
async function extend({ session_id }, where, edge) {
  const body = await read(session_id, { limit: MORE, [where === 'earlier' ? 'before_order' : 'after_order']: edge }, asked.signal);
  const { view } = store;
  if (view.session_id !== session_id || edgeOf(view, where) !== edge) return false;
  const found = shownOf(body.history, body.siblings, body.live);
  const most = isInUse() ? Infinity : KEPT;
  if (where === 'earlier') {
    const all = [...found, ...view.messages];
    store.view = { ...view, messages: all.slice(0, most), has_earlier: body.has_earlier, has_later: view.has_later || all.length > most, newest: all.length > most ? null : view.newest };
  } else {
    const all = [...view.messages, ...found];
    store.view = { ...view, messages: all.slice(-most), has_earlier: view.has_earlier || all.length > most, has_later: body.has_later, live: body.live, also_live: body.also_live, newest: body.has_later ? null : body.history.at(-1)?.message_id ?? null };
  }
  emit('view', { isOther: false, isFirst: false, how: 'extended' });
  return true;
}
