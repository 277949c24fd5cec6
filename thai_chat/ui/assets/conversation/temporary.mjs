// Temporary sessions: the sign above them, the switch on the page of a new session, and the last word when the page closes.
import { apiAtLast } from '../lib/api.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { draftName, shownDraft, writeDraft } from '../lib/drafts.mjs';
import { newId } from '../lib/ids.mjs';
import { keysOf } from '../lib/keys.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { forgetUnsaved, keepUnsaved, unsaved, unsavedName } from '../lib/unsaved.mjs';

/** Those that this page has asked in or shown. @type {Set<string>} */
const used = new Set();

export function mountTemporary() {
  const sign = el('div', { id: 'temporary-sign', role: 'status', hidden: true }, icon('temporary'), el('span', {}, t('temporary_sign')));
  $('#top').after(sign);
  const paint = () => {
    const { is_temporary, session_id, stored } = store.view;
    sign.hidden = !is_temporary;
    document.body.dataset.temporary = is_temporary ? 'yes' : 'no';
    $('#temporary')?.setAttribute('aria-pressed', String(is_temporary));
    if (is_temporary && stored) used.add(session_id);
  };
  on('view', paint);
  on('accepted', paint);
  on('temporary', paint);
  addEventListener('pagehide', () => used.forEach((id) => apiAtLast(`api/sessions/${id}/leave`)));
}

/** A session that has no question yet becomes one that is not kept, or one that is: another one, as a question whose answer was lost may have made the first. */
export function toggleTemporary() {
  if (!store.view || store.view.stored || store.isBusy) return;
  const before = draftName(store.view);
  const { text = '', choice = null, options = {} } = shownDraft(before) ?? {};
  const begun = unsavedName('settings');
  const settings = unsaved(begun);
  forgetUnsaved(begun);
  store.view = { ...store.view, is_temporary: !store.view.is_temporary, session_id: newId() };
  document.body.dataset.session = store.view.session_id;
  writeDraft(draftName(store.view), { text, choice, options });
  writeDraft(before, { text: '', choice: null, options: {} });
  if (settings) keepUnsaved(unsavedName('settings'), settings);
  emit('temporary');
}

export const temporaryToggle = () => el('button', { type: 'button', id: 'temporary', 'aria-pressed': 'false', title: t('temporary_title', { keys: keysOf('temporary') }), onclick: toggleTemporary }, icon('temporary'), el('span', {}, t('temporary')));
