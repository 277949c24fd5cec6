// A question on its way to the server: shown at once, followed when it is accepted, taken back when it is refused.
import { api, SEND_MS } from '../lib/api.mjs';
import { emit, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { forgetPick } from '../models/picks.mjs';
import { followAccepted, forgetQuestion, showQuestion } from './live.mjs';
import { lastSeen, showNewer } from './loading.mjs';

/**
 * Ask in the shown session. Return what the server accepted, or why it did not, in words for people.
 *
 * `compare` are the models that answer beside the first one.
 *
 * @param {{ key: string, text: string, choice: Choice | null, compare?: Choice[], session_options?: Options }} question `key`: sent again with the same, and all else as before, it is stored once
 */
export async function ask({ key, text, choice, compare = [], session_options }) {
  const { view } = store;
  const { session_id } = view;
  const body = { query: text, ...choice, idempotency_key: key, compare: compare.length ? compare : undefined, temporary: view.is_temporary || undefined, session_options, last_seen_message_id: lastSeen() };
  showQuestion(key, text, choice);
  try {
    const accepted = /** @type {Accepted} */ (await api('POST', `api/sessions/${session_id}/messages`, { body, patience_ms: SEND_MS, isAsync: true }));
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
