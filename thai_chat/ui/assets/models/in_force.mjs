// Which model settings are in force in the shown session.
import { store } from '../lib/store.mjs';
import { defaultOf, presetWith } from './presets.mjs';

/** @typedef {{ options: Options, preset: Preset | null, isOwn: boolean, words: string }} InForce */

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
