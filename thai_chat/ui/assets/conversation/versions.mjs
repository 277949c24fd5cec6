// The deeds on a message: edit a question, ask again, continue a reply, look at its other versions.
import { alert, clearAlerts, hint } from '../lib/alerts.mjs';
import { api, SEND_MS } from '../lib/api.mjs';
import { $, $$, el, icon, iconButton, randomKey } from '../lib/dom.mjs';
import { emit, modelInfo, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { forgetUnsaved, keepUnsaved, unsaved, unsavedName } from '../lib/unsaved.mjs';
import { chooseModel } from '../models/choose.mjs';
import { forgetPick, isSameChoice, keepPick, pick } from '../models/picks.mjs';
import { offer } from './actions.mjs';
import { giveBack } from './box.mjs';
import { lastSeen, showNewer } from './loading.mjs';
import { limitPasted } from './pasting.mjs';

const CAN_ANSWER = ['up', 'slow', 'loading'];
/** Keys of what may not have reached the server: sent again, it is stored once. */
const unsure = new Map();

/** Everything that another branch could come of: nothing while a reply grows, which would be left behind. @param {(button: HTMLButtonElement) => void} act */
const guarded = (act) => (/** @type {MouseEvent} */ event) => unlessBusy(() => act(/** @type {HTMLButtonElement} */ (event.currentTarget)));

/** @param {() => unknown} act */
function unlessBusy(act) {
  if (store.isBusy) hint(t('hint_running'));
  else act();
}

/** @param {ShownMessage} message */
export const questionControls = (message) => [
  iconButton('pencil', t('edit'), guarded((button) => openEditor(/** @type {HTMLElement} */ (button.closest('.message-row')), message)), { class: 'icon-button edit' }),
  versionSwitch(message),
];

/** The last question of the session, when the page has it. */
export function editLast() {
  if (!store.view?.has_later) $$('#chat .user-row .edit').at(-1)?.click();
}

/** @param {ShownMessage} message */
export const replyControls = (message) => [
  iconButton('again', t('again'), guarded((button) => askAgain(button, message, { continues: false })), { class: 'icon-button again' }),
  versionSwitch(message),
];

offer((message, button) => (message.role === 'user' || button.closest('.compared') ? [] : [
  { icon: 'swap', text: t('again_with'), act: () => unlessBusy(() => askAgainWith(button, message)) },
  { icon: 'columns', text: t('compare_with'), act: () => unlessBusy(() => emit('compare', { message, button })) },
  ...(message.versions ? [{ icon: 'checks', text: t('compare_versions'), act: () => unlessBusy(() => emit('compare', { message, button, isStored: true })) }] : []),
]));

/** For a reply that is not whole: what is there is kept, and any model can go on from it. @param {ShownMessage} message */
export function continueButton(message) {
  if (!message.can_continue) return null;
  const continues = message.text.trim().length > 0;
  const choice = likeliestFor(message);
  const words = !choice?.model || isSameChoice(choice, authorOf(message))
    ? t(continues ? 'continue' : 'try_again')
    : t(continues ? 'continue_with' : 'try_again_with', { model: choice?.model });
  return [
    el('button', { type: 'button', class: 'go-on', onclick: guarded((button) => askWith(choice, button, message, { continues })) },
      icon(continues ? 'go_on' : 'again'), el('span', {}, words)),
    hasOthers(message) ? otherButton(message, continues) : null,
  ];
}

/** @param {ShownMessage} message @returns {Choice} */
const authorOf = ({ backend = '', model = '' }) => ({ backend, model });

/** The picked model, unless it is known that it can't answer now and another can. @param {ShownMessage} message */
function likeliestFor(message) {
  const picked = modelInfo(store.choice ?? {});
  if (!picked || CAN_ANSWER.includes(picked.state ?? '')) return store.choice;
  return othersFor(message)[0] ?? store.choice;
}

/** The models that could answer instead of the one that failed, beside the one that is picked. @param {ShownMessage} message */
const othersFor = (message) => store.backends.flatMap(({ name, models }) => models
  .filter(({ state = '' }) => CAN_ANSWER.includes(state))
  .map(({ model }) => ({ backend: name, model }))
  .filter((choice) => ![authorOf(message), store.choice].some((other) => isSameChoice(choice, other))));

/** @param {ShownMessage} message */
export const hasOthers = (message) => message.status === 'failed' && othersFor(message).length > 0;

/** @param {ShownMessage} message @param {boolean} continues */
function otherButton(message, continues) {
  const button = el('button', { type: 'button', class: 'go-on', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }, el('span', {}, t('try_other')), icon('chevron'));
  button.addEventListener('click', guarded(async () => {
    const { view } = store;
    const choice = await chooseModel(button, { label: t('try_other'), chosen: store.choice });
    if (choice && store.view.session_id === view.session_id) askWith(choice, button, message, { continues });
  }));
  return button;
}

/** @param {Choice | null} choice @param {HTMLButtonElement} button @param {ShownMessage} message @param {{ continues: boolean }} how */
function askWith(choice, button, message, how) {
  if (choice !== store.choice) {
    pick(choice);
    emit('choice');
  }
  askAgain(button, message, how);
}

/** @param {ShownMessage} given */
function versionSwitch({ message_id, versions }) {
  if (!versions) return null;
  const at = versions.indexOf(message_id);
  /** @param {string} name @param {string} label @param {number} to */
  const step = (name, label, to) =>
    iconButton(name, label, guarded(() => show(versions[to])), { disabled: !versions[to], class: 'icon-button step' });
  return el('span', { class: 'versions', role: 'group', 'aria-label': t('versions') },
    step('left', t('version_before'), at - 1),
    el('span', { class: 'version', 'aria-live': 'polite' }, `${number(at + 1)}/${number(versions.length)}`),
    step('right', t('version_after'), at + 1));
}

/** @param {string} shown_message_id */
async function show(shown_message_id) {
  const { session_id } = store.view;
  const outcome = await send('PATCH', '', { shown_message_id });
  if (!outcome.ok) alert(outcome.message);
  else tellOf(session_id, { follow: false, shown_message_id });
}

/** Another version of the reply by a model that is chosen for it alone. @param {HTMLButtonElement} button @param {ShownMessage} message */
async function askAgainWith(button, message) {
  const { view } = store;
  const choice = await chooseModel(button, { label: t('again_with'), chosen: { backend: message.backend, model: message.model } });
  if (choice && store.view.session_id === view.session_id) askAgain(button, message, { continues: false, choice });
}

/** @param {HTMLButtonElement} button @param {ShownMessage} given @param {{ continues: boolean, choice?: Choice | null }} how */
async function askAgain(button, { message_id }, { continues, choice = store.choice }) {
  if (store.isBusy) { hint(t('hint_running')); return; }
  button.disabled = true;
  clearAlerts();
  const { view } = store;
  keepPick(view, choice);
  const outcome = await sendOnce(`/messages/${message_id}/replies`, { continues, ...choice });
  button.disabled = false;
  if (!outcome.ok) await refuse(view.session_id, outcome);
  else {
    forgetPick(view, choice);
    tellOf(view.session_id, { follow: true });
  }
}

/** Another session may be shown by now, which has not changed. @param {string} session_id @param {Changes['changed']} change */
function tellOf(session_id, change) {
  if (store.view.session_id === session_id) emit('changed', change);
}

/** @param {string} message_id */
const editOf = (message_id) => unsavedName(`edit:${message_id}`);

/** An edit that was begun and not sent is open again. @param {HTMLElement} row @param {ShownMessage} message */
export function reopenEditor(row, message) {
  const written = unsaved(editOf(message.message_id));
  if (typeof written === 'string') openEditor(row, message, written);
}

/** `written` is what was begun before. @param {HTMLElement} row @param {ShownMessage} given @param {string | null} [written] */
function openEditor(row, { message_id, text }, written = null) {
  if ($('.editor', row)) { $('.editor textarea', row).focus(); return; }
  const name = editOf(message_id);
  const box = el('textarea', { 'aria-label': t('edit_label'), rows: 1, dir: 'auto', spellcheck: 'false' });
  box.value = written ?? text;
  const close = () => {
    forgetUnsaved(name);
    editor.remove();
    row.classList.remove('edited');
    $('.edit', row)?.focus();
  };
  const save = el('button', { type: 'submit', class: 'save' }, t('send'));
  const editor = el('form', { class: 'editor', onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); submit(); } }, box,
    el('div', { class: 'editor-foot' }, el('span', {}, t('edit_note')),
      el('button', { type: 'button', class: 'cancel', onclick: close }, t('cancel')), save));
  const submit = guardedSubmit(message_id, box, save, close);
  limitPasted(box);
  box.addEventListener('input', () => {
    fit(box);
    if (box.value === text) forgetUnsaved(name);
    else keepUnsaved(name, box.value);
  });
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') { event.stopPropagation(); close(); }
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) { event.preventDefault(); submit(); }
  });
  row.classList.add('edited');
  $('.message', row).append(editor);
  fit(box);
  if (written !== null) return;
  box.focus();
  box.setSelectionRange(text.length, text.length);
}

/** @param {string} edits @param {HTMLTextAreaElement} box @param {HTMLButtonElement} save @param {() => void} close */
const guardedSubmit = (edits, box, save, close) => async () => {
  if (store.isBusy) { hint(t('hint_running')); return; }
  if (!box.value.trim()) { hint(t('hint_empty')); box.focus(); return; }
  if (save.disabled) return;
  save.disabled = true;
  clearAlerts();
  const { view, choice } = store;
  const { session_id } = view;
  const outcome = await sendOnce('/messages', { query: box.value, edits, temporary: view.is_temporary || undefined, ...choice });
  save.disabled = false;
  if (outcome.ok) { forgetPick(view, choice); close(); tellOf(session_id, { follow: true }); return; }
  await refuse(session_id, outcome);
  if (box.isConnected) box.focus();
  else if (store.view.session_id === session_id) {
    forgetUnsaved(editOf(edits));
    giveBack(box.value); // its question is on another branch than the one that is shown now
  }
};

/** Show what is newer first, if that is the reason. @param {string} session_id @param {{ code: string, message: string }} outcome */
export async function refuse(session_id, { code, message }) {
  await showNewer(session_id, code);
  alert(message);
}

/** @param {HTMLTextAreaElement} box */
function fit(box) {
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * 0.5)}px`;
}

/** The same thing sent again after a lost answer has the same key. @param {string} path @param {Record<string, unknown>} body */
export async function sendOnce(path, body) {
  const what = JSON.stringify([store.view.session_id, path, body]);
  const idempotency_key = unsure.get(what) ?? randomKey();
  unsure.set(what, idempotency_key);
  const outcome = await send('POST', path, { ...body, idempotency_key, last_seen_message_id: lastSeen() });
  if (outcome.ok || !outcome.mayHaveArrived) unsure.delete(what);
  return outcome;
}

/** @param {string} method @param {string} path @param {unknown} body */
async function send(method, path, body) {
  try {
    await api(method, `api/sessions/${store.view.session_id}${path}`, { body, patience_ms: SEND_MS, isAsync: true });
    return { ok: true, code: '', message: '', mayHaveArrived: true };
  } catch ({ isSilent, code, message, mayHaveArrived }) {
    return { ok: false, code, message: isSilent ? t('server_away_action') : message, mayHaveArrived };
  }
}
