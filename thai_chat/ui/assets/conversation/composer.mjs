// The question box: sending, stopping, drafts.
import { alert, clearAlerts, hint } from '../lib/alerts.mjs';
import { answers } from '../lib/api.mjs';
import { $, el, icon, isTouchPhone, randomKey } from '../lib/dom.mjs';
import { draftName, followDraft, forgetDraft, hasOwnDraft, onDraft, takeDraft, writeDraft } from '../lib/drafts.mjs';
import { on, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { isSameChoice, pick } from '../models/picks.mjs';
import { box, focusBox, giveBack, isPageWriting, write } from './box.mjs';
import { stopShown } from './live.mjs';
import { isTooLong, limitPasted } from './pasting.mjs';
import { isGoing, queue } from './queue.mjs';
import { ask, optionsOfNew } from './sending.mjs';

/** The last question that may not have reached the server: sent again, it is the same request and is stored once. */
let unsure = /** @type {{ what: string, question: Parameters<typeof ask>[0] } | null} */ (null);
/** The question that was sent while the first one of its session was on its way; it is in the box. */
let early = '';
/** The draft that this tab knows of: a box with something else is being written in. */
let known = '';

const ANSWER_MS = 1_000;
const LIMIT = window.thaiChatLimit;

export function mountComposer() {
  const hintLine = el('div', { id: 'hint' }, t('hint_keys'));
  $('#composer').append(hintLine);
  $('#send').replaceChildren(icon('down'));
  $('#stop').replaceChildren(el('span', { class: 'square' }));
  $('#stop').setAttribute('aria-label', t('stop'));
  $('#stop').title = t('stop');
  box().setAttribute('aria-describedby', 'hint');
  box().setAttribute('enterkeyhint', isTouchPhone() ? 'enter' : 'send');
  $('#box').addEventListener('input', () => { if (!isPageWriting()) saveDraft(box().value); paintButtons(); });
  onDraft(follow);
  limitPasted($('#box'));
  // Before Gradio's own listener, which sends.
  $('#box').addEventListener('keydown', holdEnter, true);
  $('#box').addEventListener('keypress', holdEnter, true);
  // It comes in the place of the button that sends: the second click of a double click there stops nothing.
  $('#stop').addEventListener('click', (/** @type {MouseEvent} */ event) => { if (event.detail > 1) event.stopImmediatePropagation(); }, true);
  on('busy', paintButtons);
  // The session is stored, and knows its draft, a moment later.
  on('accepted', () => setTimeout(() => { if (early && box().value === early) wait(early); early = ''; }));
  paintButtons();
}

/** An Enter that ends an input method's composition sends nothing; a finger's keyboard has no other key for a new line.
 * What is in the box at this moment is sent: Gradio would look at it later, when the next question may be in it. @param {KeyboardEvent} event */
function holdEnter(event) {
  if (event.key !== 'Enter') return;
  const isHeld = event.isComposing || event.keyCode === 229 || isTouchPhone();
  const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
  if (isHeld) event.stopPropagation();
  if (isHeld || !isPlain || event.type !== 'keydown') return;
  event.stopPropagation();
  event.preventDefault();
  if (!event.repeat) send();
}

function paintButtons() {
  const isWritten = Boolean(box().value.trim());
  const label = t(store.isBusy ? 'send_later' : 'send');
  document.body.dataset.busy = store.isBusy ? 'yes' : 'no';
  document.body.dataset.written = isWritten ? 'yes' : 'no';
  $('#send').setAttribute('aria-disabled', String(!isWritten));
  $('#send').setAttribute('aria-label', label);
  $('#send').title = label;
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
  // The sign may be older than the server's return.
  if (store.isGone && box().value.trim() && !await answers(ANSWER_MS)) { clearAlerts(); alert(t('server_away')); return; }
  const text = box().value;
  if (!store.view) return;
  if (!text.trim()) { hint(t('hint_empty')); focusBox(); return; }
  clearAlerts();
  // The server says the same; but taking so much text out of the box and back in would freeze the page for a while.
  if (isTooLong(text)) { alert(t('question_too_long', { limit: number(LIMIT) })); return; }
  if (store.isBusy || isGoing()) wait(text);
  else sendNow(text);
}

/** The question is asked when the reply that runs has ended. A session gets its queue with its first accepted question. @param {string} text */
function wait(text) {
  early = store.view.stored ? '' : text;
  if (early) { hint(t('hint_running')); return; }
  write('');
  saveDraft('');
  queue(text);
}

/** @param {string} text */
async function sendNow(text) {
  const { view, choice } = store;
  const compare = store.compared;
  const what = JSON.stringify([view.session_id, text, choice, compare]);
  const question = unsure?.what === what ? unsure.question : { key: randomKey(), text, choice, compare, session_options: optionsOfNew(view) };
  const name = draftName(view);
  write('');
  writeDraft(name, { text }); // until the question is accepted, although the box is empty
  const outcome = await ask(question);
  const isShown = store.view.session_id === view.session_id;
  if (outcome.accepted) {
    unsure = null;
    forgetDraft(name, text);
    if (isShown) settleDraft(view, choice);
  } else {
    unsure = outcome.mayHaveArrived ? { what, question } : null;
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
