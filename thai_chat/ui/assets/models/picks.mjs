// The model, and for a new session the options, that somebody has picked and not used yet: kept with their session.
import { alert } from '../lib/alerts.mjs';
import { draftName, shownDraft, writeDraft } from '../lib/drafts.mjs';
import { keep, keepHere, kept } from '../lib/kept.mjs';
import { store } from '../lib/store.mjs';
import { nameOf, t } from '../lib/texts.mjs';

/** @type {(one: Choice | null | undefined, other: Choice | null | undefined) => boolean} */
export const isSameChoice = (one, other) => one?.backend === other?.backend && one?.model === other?.model;

/** Return the model that was picked for a session and not asked yet. @param {Pick<View, 'session_id' | 'stored' | 'is_temporary'>} view @returns {Choice | null} */
export function pickOf(view) {
  if (!view.stored) return shownDraft(draftName(view))?.choice ?? null;
  try {
    const found = JSON.parse(kept(`pick:${view.session_id}`) ?? 'null');
    return typeof found?.backend === 'string' && typeof found.model === 'string' ? found : null;
  } catch {
    return null;
  }
}

/** Return the options that were set for a session which is not stored yet. @param {View} view @returns {Options} */
export const optionsOf = (view) => (view.stored ? view.options : shownDraft(draftName(view))?.options ?? {});

/** Pick a model for the next question of the shown session. @param {Choice | null} choice */
export function pick(choice) {
  store.choice = choice;
  const { view } = store;
  if (!view) return;
  if (!view.stored) writeDraft(draftName(view), { choice });
  else put(view, choice && !isSameChoice(choice, view.choice) ? choice : null);
}

/** Of a temporary session nothing is written down. @param {Pick<View, 'session_id' | 'is_temporary'>} view @param {Choice | null} choice */
function put({ session_id, is_temporary }, choice) {
  if (choice && is_temporary) keepHere(`pick:${session_id}`, JSON.stringify(choice));
  else keep(`pick:${session_id}`, choice && JSON.stringify(choice));
}

/** Another model was asked for one reply alone: the picked one is kept, though the session was asked of the other last. @param {View} view @param {Choice | null} asked */
export function keepPick(view, asked) {
  if (store.choice && !isSameChoice(store.choice, asked)) put(view, store.choice);
}

/** @param {Options} options */
export const keepOptions = (options) => writeDraft(draftName(store.view), { options });

/** A question was accepted with it. @param {Pick<View, 'session_id' | 'stored' | 'is_temporary'>} view as it was when the question was sent @param {Choice | null} choice */
export function forgetPick(view, choice) {
  if (isSameChoice(pickOf(view), choice) && view.stored) put(view, null);
}

/** A model that is there no more can't answer. Models that a session was asked of may be listed nowhere. @param {Choice | null} choice */
export function isGone(choice) {
  if (!choice || !store.backends.length) return false;
  const backend = store.backends.find(({ name }) => name === choice.backend);
  if ((backend?.state ?? 'not_configured') === 'not_configured') return true; // or of another program's
  const isPicked = Boolean(store.view) && isSameChoice(pickOf(store.view), choice);
  return isPicked && backend?.state === 'up' && backend.models.length > 0 && ![backend.default_model, ...backend.models.map(({ model }) => model)].includes(choice.model);
}

/** Say which model answers instead of one that was picked and is there no more. @param {Choice | null} gone @param {Choice | null} instead */
export function tellGone(gone, instead) {
  if (!gone || !store.view || !isSameChoice(pickOf(store.view), gone)) return;
  pick(null);
  store.choice = instead;
  alert(instead ? t('pick_gone_instead', { gone: nameOf(gone), instead: nameOf(instead) }) : t('pick_gone', { gone: nameOf(gone) }));
}
