// The queue above the question box: questions that are sent one after the other, each when the reply before has ended well.
import { alert, clearAlerts } from '../lib/alerts.mjs';
import { $, el } from '../lib/dom.mjs';
import { html, iconButtonOf, nothing, paint, repeat } from '../lib/painting.mjs';
import { on, store } from '../lib/store.mjs';
import { nameOf, number, t } from '../lib/texts.mjs';
import { isSameChoice } from '../models/picks.mjs';
import { giveBack } from './box.mjs';
import { isQuiet } from './live.mjs';
import { refresh } from './loading.mjs';
import { isTooLong, limitPasted } from './pasting.mjs';
import { addQueued, changeQueued, dropQueued, isFree, noteRefused, noteWritten, onQueued, queuedIn } from './queued.mjs';
import { ask } from './sending.mjs';
import { goOnUnseen, mountUnseen } from './unseen.mjs';

/** @typedef {import('./queued.mjs').Queued} Queued */

const BROKEN = ['stopped', 'failed', 'interrupted'];

/** @type {HTMLElement} */
let place;
/** The questions that wait in the shown session. */
let items = /** @type {Queued[]} */ ([]);
/** By its session, the name of the one that is on its way. */
const sending = /** @type {Map<string, string>} */ (new Map());
/** The name of the one whose text is being changed. */
let edited = '';
/** Something went wrong with the first of them: it waits for a word of the person's. */
let isHeld = false;

/** Mount it when all that follows replies is mounted: it goes by what they know. */
export function mountQueue() {
  place = el('section', { id: 'queue', 'aria-label': t('queue'), hidden: true });
  $('#composer').before(place);
  limitPasted(place);
  let shown = '';
  on('view', ({ isOther }) => {
    const left = shown;
    shown = store.view.session_id;
    if (isOther) comeTo();
    else load();
    if (isOther && left && !sending.has(left)) goOnUnseen(left); // its reply may have ended a moment ago
    go();
  });
  on('accepted', () => { isHeld = false; });
  for (const change of /** @type {const} */ (['busy', 'choice'])) on(change, show);
  onQueued((session_id) => { if (session_id === store.view?.session_id) load(); });
  mountUnseen((session_id) => {
    if (session_id !== store.view.session_id) return;
    load();
    refresh().catch(() => {}); // it was sent a moment before its session was shown
  });
}

/** Have a question wait for its turn in the shown session. @param {string} text */
export function queue(text) {
  addQueued(store.view, text, store.choice, store.compared.filter((one) => !isSameChoice(one, store.choice)));
  load();
}

/** True while a question would be asked before others that are about to be sent. */
export const isGoing = () => items.length > 0 && !isHeld && (isSending() || !isQuiet());

const isSending = () => sending.has(store.view?.session_id);

/** Another session is shown, and what was begun to be changed in it. */
function comeTo() {
  [items, isHeld] = [queuedIn(store.view.session_id), false];
  edited = items.find(({ written }) => written !== null)?.name ?? '';
  show();
}

function load() {
  const before = items.find(({ name }) => name === edited);
  items = queuedIn(store.view.session_id);
  if (before && !items.some(({ name }) => name === edited)) {
    // Another tab has sent it, or taken it back.
    const { value } = $('textarea', place);
    if (value !== before.text) giveBack(value);
    edited = '';
  }
  if (!items.length) isHeld = false;
  show();
}

/** The last reply has ended well, and all of it is shown. */
function hasEndedWell() {
  const { stored, has_later, messages } = store.view;
  const last = messages.at(-1);
  return stored && !has_later && isQuiet() && last?.role === 'assistant' && last.status === 'complete';
}

/** Send the first of them if it is its turn. */
function go() {
  if (!isHeld && isFree(items[0]) && hasEndedWell()) sendFirst();
}

async function sendFirst() {
  const [first] = items;
  if (!first || isSending() || store.isBusy) return;
  const { session_id } = store.view;
  sending.set(session_id, first.name);
  show();
  const { accepted, code, message } = await ask(first);
  sending.delete(session_id);
  if (accepted) dropQueued(first);
  if (store.view.session_id !== session_id) { goOnUnseen(session_id); return; }
  // Another tab has sent the one before.
  isHeld = !accepted && code !== 'reply_running';
  if (isHeld) alert(message);
  load();
  go();
}

function sendNow() {
  clearAlerts();
  isHeld = false;
  if (items[0]?.refused) noteRefused(items[0], null);
  sendFirst();
}

/** @param {Queued} item */
function takeBack(item) {
  dropQueued(item);
  giveBack(item.text);
  load();
}

/** @param {Queued} item */
function edit(item) {
  const other = items.find(({ name }) => name === edited);
  if (other) noteWritten(other, null);
  noteWritten(item, item.written ?? item.text);
  edited = item.name;
  load();
  const box = $('textarea', place);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function endEdit() {
  const item = items.find(({ name }) => name === edited);
  if (item) noteWritten(item, null);
  edited = '';
  load();
  go();
}

/** Nothing of what was written is lost when the question has been sent meanwhile. @param {Queued} item */
function save(item) {
  const text = $('textarea', place).value;
  if (isTooLong(text)) { alert(t('question_too_long', { limit: number(window.thaiChatLimit) })); return; }
  edited = '';
  if (!text.trim()) dropQueued(item);
  else if (text === item.text) noteWritten(item, null);
  else if (!changeQueued(item, text)) giveBack(text);
  endEdit();
}

/** @param {KeyboardEvent} event @param {Queued} item */
function onKey(event, item) {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === 'Escape') { event.stopPropagation(); endEdit(); }
  if (event.key === 'Enter' && !event.shiftKey && !event.altKey) { event.preventDefault(); save(item); }
}

function show() {
  const waiting = items.filter(({ name }) => name !== sending.get(store.view?.session_id));
  place.hidden = !waiting.length;
  const [words, canSend] = state();
  paint(place, waiting.length ? html`<p class="queue-state" role="status"><span>${words}</span>${canSend
    ? html`<button type="button" class="queue-send" data-key="send queue" @click=${sendNow}>${t('queue_send')}</button>` : nothing}</p
    ><ol>${repeat(waiting, ({ name }) => name, (item) => html`<li>${item.name === edited ? editorOf(item) : rowOf(item)}</li>`)}</ol>` : nothing);
}

/** Return what the questions wait for, and whether the first can be sent at once. @returns {[string, boolean]} */
function state() {
  if (store.isBusy || isSending()) return [t('queue_waits'), false];
  const refused = items[0]?.refused;
  if (refused) return [t('queue_refused', { reason: refused }), items[0].name !== edited];
  const isBroken = BROKEN.includes(store.view?.messages.at(-1)?.status ?? '');
  return [t(isBroken ? 'queue_broken' : 'queue_held'), items[0]?.name !== edited];
}

/** @param {Queued} item */
const rowOf = (item) => html`<span class="queued" dir="auto">${item.text}</span>${isSameChoice(item.choice, store.choice) || !item.choice
  ? nothing : html`<small>${nameOf(item.choice)}</small>`}${
  iconButtonOf('pencil', t('queue_edit'), () => edit(item), { key: `edit ${item.name}` })}${
  iconButtonOf('back', t('queue_take_back'), () => takeBack(item), { key: `back ${item.name}` })}`;

/** @param {Queued} item */
const editorOf = (item) => html`<textarea rows="1" dir="auto" spellcheck="false" aria-label=${t('queue_edit')} .value=${item.written ?? item.text}
  @input=${(/** @type {any} */ event) => noteWritten(item, event.target.value)} @keydown=${(/** @type {KeyboardEvent} */ event) => onKey(event, item)}></textarea><button type="button" @click=${endEdit}>${t('cancel')}</button
  ><button type="button" class="save" @click=${() => save(item)}>${t('save')}</button>`;
