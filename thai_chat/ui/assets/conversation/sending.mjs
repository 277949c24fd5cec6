// A question on its way to the server: shown at once, followed when it is accepted, taken back when it is refused.
import { api, SEND_MS } from '../lib/api.mjs';
import { emit, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { forgetPick } from '../models/picks.mjs';
import { followAccepted, forgetQuestion, showQuestion } from './live.mjs';
import { lastSeen, showNewer } from './loading.mjs';

/** @typedef {{ key: string, text: string, choice: Choice | null, compare?: Choice[], session_options?: Options }} Question `key`: sent again with the same, and all else as before, it is stored once */

/**
 * Ask in a session, shown or not. `last_seen_message_id`: its end, as far as it is known. Rejects with `Refused`.
 *
 * @param {Pick<View, 'session_id' | 'is_temporary'>} session
 * @param {Question} question
 * @param {string | undefined} last_seen_message_id
 * @returns {Promise<Accepted>}
 */
export function post({ session_id, is_temporary }, { key, text, choice, compare = [], session_options }, last_seen_message_id) {
  const body = { query: text, ...choice, idempotency_key: key, compare: compare.length ? compare : undefined, temporary: is_temporary || undefined, session_options, last_seen_message_id };
  return api('POST', `api/sessions/${session_id}/messages`, { body, patience_ms: SEND_MS, isAsync: true });
}

/**
 * Ask in the shown session. Return what the server accepted, or why it did not, in words for people.
 *
 * `compare` are the models that answer beside the first one.
 *
 * @param {Question} question
 */
export async function ask(question) {
  const { key, text, choice } = question;
  const { view } = store;
  const { session_id } = view;
  const end = lastSeen();
  showQuestion(key, text, choice);
  try {
    const accepted = await post(view, question, end);
    forgetPick(view, choice);
    if (store.view.session_id === session_id) emit('accepted', accepted);
    followAccepted(key, accepted);
    return { accepted: true, session_id, code: '', message: '', mayHaveArrived: true };
  } catch ({ isSilent, code, message, mayHaveArrived }) {
    forgetQuestion(key);
    if (code === 'quota_used_up') emit('limited');
    await showNewer(session_id, code);
    return { accepted: false, session_id, code, message: isSilent ? t('server_away') : message, mayHaveArrived };
  }
}

/** A session takes with its first question what has been set for it on the page. @param {View} view */
export const optionsOfNew = ({ stored, options }) => (stored || !Object.keys(options).length ? undefined : options);
