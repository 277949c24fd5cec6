// The question box: sending, stopping, drafts.
import { alert, clearAlerts, hint } from '../lib/alerts.mjs';
import { $, el, icon, isTouchPhone, randomKey } from '../lib/dom.mjs';
import { draftName, followDraft, forgetDraft, hasOwnDraft, onDraft, takeDraft, writeDraft } from '../lib/drafts.mjs';
import { on, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { isSameChoice, pick } from '../models/picks.mjs';
import { box, focusBox, giveBack, isWritten, write } from './box.mjs';
import { stopShown } from './live.mjs';
import { isTooLong, limitPasted } from './pasting.mjs';
import { ask } from './sending.mjs';

/** The last question that may not have reached the server: sent again, it has the same key and is stored once. */
let unsure = /** @type {{ text: string, session_id: string, key: string } | null} */ (null);
/** The draft that this tab knows of: a box with something else is being written in. */
let known = '';

const LIMIT = window.thaiChatLimit;

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
  $('#box').addEventListener('input', () => { if (!isWritten()) saveDraft(box().value); paintButtons(); });
  onDraft(follow);
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

/** @param {string} text */
function saveDraft(text) {
  known = text;
  if (store.view) writeDraft(draftName(store.view), { text });
}

/** Show what was written in a session and not sent. @param {View} view */
export function showDraftOf(view) {
  known = takeDraft(draftName(view))?.text ?? '';
  write(known);
}

/** What another tab writes is shown here too, unless something else is being written here. @param {string} name */
function follow(name) {
  if (!store.view || name !== draftName(store.view) || hasOwnDraft(name) || box().value !== known) return;
  known = followDraft(name)?.text ?? '';
  write(known);
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
  sendNow(text);
}

/** @param {string} text */
async function sendNow(text) {
  const { view, choice } = store;
  const key = unsure?.text === text && unsure.session_id === view.session_id ? unsure.key : randomKey();
  const name = draftName(view);
  write('');
  writeDraft(name, { text }); // until the question is accepted, although the box is empty
  const outcome = await ask({ key, text, choice, compare: store.compared });
  const isShown = store.view.session_id === view.session_id;
  if (outcome.accepted) {
    unsure = null;
    forgetDraft(name, text);
    if (isShown) settleDraft(view, choice);
  } else {
    unsure = outcome.mayHaveArrived ? { text, session_id: view.session_id, key } : null;
    if (isShown) giveBack(text);
    alert(outcome.message);
  }
}

/** What has been written and picked since a question was sent is kept with its session, which may have been new. @param {View} before @param {Choice | null} asked */
function settleDraft(before, asked) {
  known = box().value;
  if (before.stored) return;
  writeDraft(draftName(before), { text: '', choice: null, options: {} });
  if (known) saveDraft(known);
  if (!isSameChoice(store.choice, asked)) pick(store.choice);
}

export function stop() {
  if (store.isBusy) stopShown();
}
