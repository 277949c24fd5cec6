// Has a person choose a model. The list of models is fetched when somebody is about to open it first.
import { fetched } from '../lib/fetched.mjs';

const chooser = () => import('./chooser.mjs');

/**
 * Open the list of models beside `anchor`. Resolves to the one that is chosen, null when the list is closed without one.
 * `label` says what a model is chosen for; `chosen` is marked as the present choice.
 *
 * @param {HTMLElement} anchor
 * @param {{ label: string, chosen?: Choice | null }} how
 * @returns {Promise<Choice | null>}
 */
export const chooseModel = (anchor, { label, chosen = null }) => fetched(chooser, ({ openChooser }) => openChooser(anchor, { label, chosen }));

/** Fetch the list as soon as a pointer or the keyboard comes near `place`, so that it opens at once. @param {HTMLElement} place */
export function fetchNear(place) {
  for (const sign of ['pointerenter', 'focusin', 'pointerdown']) place.addEventListener(sign, () => { chooser().catch(() => {}); }, { once: true, passive: true });
}
