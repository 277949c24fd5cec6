// What is known of the presets: options under a name, one's own and those that others share.
import { api } from '../lib/api.mjs';
import { emit } from '../lib/store.mjs';

/** The presets that the server gave last; null before. */
let presets = /** @type {Preset[] | null} */ (null);

/** Asks the server, and tells whoever listens for "presets". Rejects when it can't be asked. */
export async function loadPresets() {
  ({ presets } = await api('GET', 'api/presets'));
  emit('presets');
}

/** The preset that a model of mine is always asked with, unless a session has settings of its own. @param {Partial<Choice>} choice */
export const defaultOf = ({ backend, model }) =>
  (presets ?? []).find((preset) => preset.is_default && preset.backend === backend && preset.model === model) ?? null;

/** All of them, as far as they are known. */
export const knownPresets = () => presets ?? [];

/** The preset that a session was given last; another may have the same options. */
let usedId = '';

/** @param {Preset} preset */
export const noteUsed = ({ preset_id }) => { usedId = preset_id; };

/** @param {Options} options */
export function presetWith(options) {
  const same = (presets ?? []).filter((preset) => isSame(preset.options, options));
  return same.find(({ preset_id }) => preset_id === usedId) ?? same[0] ?? null;
}

/** @param {Options} one @param {Options} other */
const isSame = (one, other) => inOrder(one) === inOrder(other);
/** @param {Options} value */
const inOrder = (value) => JSON.stringify(value, (_, inner) =>
  (inner && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));
