// The model settings of the shown session: which are in force, and a button with a mark, which opens their panel.
import { $, iconButton } from '../lib/dom.mjs';
import { fetched } from '../lib/fetched.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { defaultOf, loadPresets, presetWith } from './presets.mjs';

/** @typedef {{ options: Options, preset: Preset | null, isOwn: boolean, words: string }} InForce */

/** @type {HTMLButtonElement} */
let button;

export function mountSettings() {
  button = iconButton('sliders', t('model_settings'), open, { id: 'settings-open', 'aria-haspopup': 'dialog' });
  $('#picker').after(button);
  for (const change of /** @type {const} */ (['view', 'choice', 'presets'])) on(change, paintButton);
  let isAsked = false;
  on('view', () => {
    if (isAsked) return;
    isAsked = true;
    loadPresets().catch(() => {});
  });
}

/** The panel is fetched when somebody opens it first. */
async function open() {
  if (!store.view) return;
  await fetched(() => import('./panel.mjs'), ({ openPanel }) => openPanel());
}

function paintButton() {
  if (!store.view) return;
  const label = t(isSet() ? 'settings_are_set' : 'model_settings');
  button.classList.toggle('is-set', isSet());
  button.title = label;
  button.setAttribute('aria-label', label);
}

/** True when the next question is asked with options of the session or of a preset. */
export function isSet() {
  const { isOwn, preset } = inForce();
  return isOwn || Boolean(preset);
}

/** Return the options of the next question: the session's own, else the model's preset, else what its server has. @returns {InForce} */
export function inForce() {
  const own = store.view?.options ?? {};
  if (Object.keys(own).length) {
    const over = defaultOf(store.choice ?? {});
    if (isNothing(own)) return { options: own, preset: over, isOwn: true, words: over ? 'settings_nothing_over' : 'settings_nothing' };
    const preset = presetWith(own);
    return { options: own, preset, isOwn: true, words: preset ? 'settings_session_preset' : 'settings_session' };
  }
  const preset = defaultOf(store.choice ?? {});
  return { options: preset?.options ?? {}, preset, isOwn: false, words: preset ? 'settings_preset' : 'settings_server' };
}

/** @param {Options} options */
const isNothing = (options) => Object.values(options).every((value) => value === null);
