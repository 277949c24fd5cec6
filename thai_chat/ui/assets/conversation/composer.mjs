// The question box: sending, stopping, drafts.
import { alert, clearAlerts, hint } from '../lib/alerts.mjs';
import { api } from '../lib/api.mjs';
import { $, el, icon, isTouchPhone, randomKey } from '../lib/dom.mjs';
import { keep, kept } from '../lib/kept.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { followAccepted, forgetQuestion, showQuestion, stopShown } from './live.mjs';
import { isTooLong, limitPasted } from './pasting.mjs';

/** The last question that may not have reached the server: sent again, it has the same key and is stored once. */
let unsure = /** @type {{ text: string, session_id: string, key: string } | null} */ (null);

const LIMIT = window.thaiChatLimit;
const SEND_MS = 30_000;

const box = () => /** @type {HTMLTextAreaElement} */ ($('#box textarea'));
/** @param {View} view */
const draftKey = (view) => `draft:${view.stored ? view.session_id : 'new'}`;

export function mountComposer() {
  const hintLine = el('div', { id: 'hint' }, t('hint_keys'));
  $('#composer').append(hintLine);
  $('#send').replaceChildren(icon('down'));
  $('#stop').replaceChildren(el('span', { class: 'square' }));
  for (const [id, label] of [['send', t('send')], ['stop', t('stop')]]) {
    $(`#${id}`).setAttribute('aria-label', label);
    $(`#${id}`).title = label;
  }
  box().setAttribute('aria-describedby', 'hint');
  box().setAttribute('enterkeyhint', isTouchPhone() ? 'enter' : 'send');
  $('#box').addEventListener('input', () => { saveDraft(box().value); paintButtons(); });
  limitPasted($('#box'));
  // Before Gradio's own listener, which sends.
  $('#box').addEventListener('keydown', holdEnter, true);
  $('#box').addEventListener('keypress', holdEnter, true);
  on('busy', paintButtons);
  paintButtons();
}

/** An Enter that ends an input method's composition sends nothing; a finger's keyboard has no other key for a new line. @param {KeyboardEvent} event */
function holdEnter(event) {
  if (event.key === 'Enter' && (event.isComposing || event.keyCode === 229 || isTouchPhone())) event.stopPropagation();
}

function paintButtons() {
  document.body.dataset.busy = store.isBusy ? 'yes' : 'no';
  $('#send').setAttribute('aria-disabled', String(!box().value.trim()));
}

export const focusBox = () => box()?.focus({ preventScroll: true });

/** @param {string} text */
function write(text) {
  box().value = text;
  box().dispatchEvent(new Event('input', { bubbles: true })); // Gradio keeps its own copy and the height
}

/** @param {string} text */
function saveDraft(text) {
  if (store.view) keep(draftKey(store.view), text || null);
}

/** @param {View} view */
export function keepDraftOf(view) {
  write(kept(draftKey(view)) ?? '');
}

export async function send() {
  const text = box().value;
  if (!store.view) return;
  if (!text.trim()) { hint(t('hint_empty')); focusBox(); return; }
  if (store.isBusy) { hint(t('hint_running')); return; }
  clearAlerts();
  if (store.isGone) { alert(t('server_away')); return; }
  // The server says the same; but taking so much text out of the box and back in would freeze the page for a while.
  if (isTooLong(text)) { alert(t('question_too_long', { limit: number(LIMIT) })); return; }
  const { session_id } = store.view;
  const key = unsure?.text === text && unsure.session_id === session_id ? unsure.key : randomKey();
  const draft = draftKey(store.view);
  showQuestion(key, text, store.choice);
  write('');
  keep(draft, text); // until the question is accepted, although the box is empty
  const outcome = await post(session_id, text, key);
  if (outcome.accepted) {
    unsure = null;
    forgetDraft(draft, text);
    if (store.view.session_id === session_id) emit('accepted', outcome.accepted);
    followAccepted(key, outcome.accepted);
  } else {
    unsure = outcome.mayHaveArrived ? { text, session_id, key } : null;
    forgetQuestion(key);
    giveBack(session_id, text);
    alert(outcome.message);
  }
}

/** Not what has been written there since. @param {string} key @param {string} text */
function forgetDraft(key, text) {
  if (kept(key) === text) keep(key, null);
}

/** @param {string} session_id @param {string} text */
function giveBack(session_id, text) {
  if (store.view.session_id !== session_id) return;
  write(box().value ? `${text}\n${box().value}` : text);
  focusBox();
}

/** @param {string} session_id @param {string} query @param {string} idempotency_key */
async function post(session_id, query, idempotency_key) {
  const { backend, model } = store.choice ?? {};
  try {
    const compare = store.compared.length ? store.compared : undefined;
    const body = { query, backend, model, idempotency_key, compare, session_options: optionsOfNew() };
    return { accepted: await api('POST', `api/sessions/${session_id}/messages`, { body, patience_ms: SEND_MS, isAsync: true }) };
  } catch ({ isSilent, message, mayHaveArrived }) {
    return { message: isSilent ? t('server_away') : message, mayHaveArrived };
  }
}

/** A session takes with its first question what has been set for it on the page. */
const optionsOfNew = () => (store.view.stored || !Object.keys(store.view.options).length ? undefined : store.view.options);

export function stop() {
  if (store.isBusy) stopShown();
}
