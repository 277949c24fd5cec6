// The panel in which the model settings of the shown session are seen, changed, kept and reset.
import { api, Refused } from '../lib/api.mjs';
import { askText } from '../lib/asking.mjs';
import { $, copyText, el, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { html, iconOf, nothing, paint } from '../lib/painting.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { forgetUnsaved, keepUnsaved, unsaved, unsavedName } from '../lib/unsaved.mjs';
import { Form, parsed } from './fields.mjs';
import { inForce, isSet } from './in_force.mjs';
import { keepOptions } from './picks.mjs';
import { asJson, PresetList } from './preset_list.mjs';
import { defaultOf, loadPresets } from './presets.mjs';

/** @type {HTMLDialogElement} */
let panel;
/** @type {Form} */
let form;
/** @type {PresetList} */
let list;
/** @type {HTMLElement} */
let inForceLine;
/** @type {HTMLElement} */
let said;
/** @type {Record<'save' | 'make' | 'reset', HTMLButtonElement>} */
let foot;
/** The session whose settings are in the fields. */
let filledFor = /** @type {string | null} */ (null);

/** The name under which what is written and not saved is kept; empty while all of it is saved. */
let keptAs = '';

/** Given with the JSON that was pasted last, for the preset that may be made of it. */
let pastedName = '';

/** Make it, hidden; it follows what is in force from then on. */
function make() {
  form = new Form({ changed: paintFoot });
  list = new PresetList({ apply, read: () => form.read(), say, refuse });
  inForceLine = el('p', { class: 'in-force' });
  said = el('p', { class: 'settings-said', role: 'status' });
  foot = {
    save: el('button', { class: 'main' }, t('save_session')),
    make: el('button', { type: 'button', onclick: () => list.make(pastedName) }, t('preset_make')),
    reset: el('button', { type: 'button', onclick: reset }, t('settings_reset')),
  };
  panel = dialog();
  document.body.append(panel);
  for (const change of /** @type {const} */ (['view', 'choice', 'presets'])) on(change, show);
}

function dialog() {
  const more = iconButton('more', t('settings_more'), () => openMenu(more, [
    { text: t('json_copy'), icon: 'copy', act: copy },
    { text: t('json_paste'), icon: 'download', act: paste },
  ], { label: t('settings_more') }), { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
  const close = iconButton('close', t('close'), () => panel.close());
  const made = el('dialog', { id: 'settings', 'aria-label': t('model_settings') },
    el('form', { novalidate: true, onsubmit: save },
      el('header', {}, el('h2', { tabindex: -1 }, t('model_settings')), more, close),
      el('div', { class: 'settings-body' }, inForceLine, list.element, form.element),
      el('div', { class: 'settings-end' }, said, el('div', { class: 'settings-foot' }, foot.reset, foot.make, foot.save))));
  made.addEventListener('pointerdown', (event) => { if (event.target === made) made.close(); });
  return made;
}

/** Options as a session's own. None at all would leave the word to the model's preset: each option of that is set to
 * nothing instead. */
/** @param {Options} options */
function asOwn(options) {
  if (Object.keys(options).length) return options;
  return Object.fromEntries(Object.keys(defaultOf(store.choice ?? {})?.options ?? {}).map((name) => [name, null]));
}

export async function openPanel() {
  if (!panel) make();
  say('');
  show();
  if (!panel.open) panel.showModal();
  $('h2', panel).focus();
  try { await loadPresets(); } catch (error) { refuse(error); }
}

function show() {
  if (!store.view) return;
  const { preset, words } = inForce();
  const named = { name: preset?.preset_name, model: store.choice?.model };
  paint(inForceLine, html`${iconOf(isSet() ? 'check' : 'info')}<span>${t(words, named)} <small>${t('settings_from_next')}</small></span>`);
  // The words that somebody has begun to write stay until they are kept, or the session is another.
  if (filledFor !== store.view.session_id) fillAnew();
  else if (!form.isChanged) fill();
  list.paint(preset);
  form.suit(store.choice?.backend);
  paintFoot();
}

/** Another session has settings of its own, and what was begun to be written for them. */
function fillAnew() {
  keptAs = '';
  fill();
  form.resume(unsaved(unsavedName('settings')));
}

function fill() {
  filledFor = store.view.session_id;
  form.write(inForce().options);
  form.settle();
  pastedName = '';
}

function paintFoot() {
  const isChanged = form.isChanged;
  noteUnsaved(isChanged);
  foot.save.disabled = !isChanged;
  foot.reset.disabled = !isChanged && !inForce().isOwn;
  panel?.classList.toggle('unsaved', isChanged);
  if (isChanged && !said.textContent) say(t('settings_unsaved'));
  else if (!isChanged && said.textContent === t('settings_unsaved')) say('');
}

/** A session that was new has a name of its own by its first question. @param {boolean} isChanged */
function noteUnsaved(isChanged) {
  const name = unsavedName('settings');
  if (keptAs && (!isChanged || keptAs !== name)) forgetUnsaved(keptAs);
  keptAs = isChanged ? name : '';
  if (isChanged) keepUnsaved(name, form.texts);
}

/** @param {SubmitEvent} event */
function save(event) {
  event.preventDefault();
  const options = form.read();
  if (options && form.isChanged) keep(asOwn(options), t('settings_saved'));
}

/** @param {Preset} preset @param {string} words */
const apply = (preset, words) => keep(asOwn(preset.options), words);

function reset() {
  if (inForce().isOwn) { keep({}, t('settings_were_reset')); return; }
  fill();
  show();
  say('');
}

/** A session that is not stored yet takes its options with its first question. @param {Options} options @param {string} words @param {{ isUndo?: boolean }} [given] */
async function keep(options, words, { isUndo = false } = {}) {
  const { session_id, stored, options: before } = store.view;
  try {
    const answer = stored
      ? await api('PATCH', `api/sessions/${session_id}`, { body: { options } })
      : await api('POST', 'api/presets/check', { body: { options } });
    if (store.view.session_id !== session_id) throw new Refused(t('settings_away'));
    store.view = { ...store.view, options: answer.options };
    if (!stored) keepOptions(answer.options);
    emit('options');
    fill();
    show();
    say(words, isUndo ? null : () => keep(before, t('settings_undone'), { isUndo: true }));
  } catch (error) {
    refuse(error);
  }
}

/** @type {(words: string, undo?: (() => void) | null, how?: { isBad?: boolean }) => void} */
function say(words, undo = null, { isBad = false } = {}) {
  said.classList.toggle('bad', isBad);
  paint(said, html`${words}${undo ? html`<button type="button" class="undo" @click=${undo}>${t('undo')}</button>` : nothing}`);
}

/** @param {{ message: string, param?: string | null }} given */
function refuse({ message, param }) {
  if (param) form.refuse(param, message);
  else say(message, null, { isBad: true });
}

async function copy() {
  const options = form.read();
  if (!options) return;
  await copyText(asJson(inForce().preset?.preset_name ?? '', options));
  say(t('json_copied'));
}

async function paste() {
  const text = await askText(t('json_paste').replace('…', ''), { note: t('json_paste_more'), yes: t('json_use'), rows: 9, check: (written) => parsed(written || '{').problem });
  if (text === null) return;
  const { value = {} } = parsed(text);
  const isPreset = value.options && typeof value.options === 'object';
  form.write(isPreset ? value.options : value);
  form.suit(store.choice?.backend);
  form.fields.forEach((field) => field.check());
  pastedName = isPreset ? String(value.preset_name ?? '') : '';
  paintFoot();
  say(t('json_filled'));
}
