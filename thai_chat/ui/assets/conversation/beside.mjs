// The models that answer the next question together, and what leads to a comparison.
import { alert } from '../lib/alerts.mjs';
import { $, $$, el, focused, icon, iconButton } from '../lib/dom.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { nameOf, t } from '../lib/texts.mjs';
import { chooseModel } from '../models/choose.mjs';
import { isSameChoice } from '../models/picks.mjs';
import { compareVersions, compareWith, showAlso } from './comparing.mjs';

/** The most models that answer beside the picked one. */
const MOST = 2;

export function mountBeside() {
  const add = iconButton('columns', t('compare_with'), () => choose(add), { id: 'compare-next', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' });
  $('#picker').after(add);
  const chips = el('div', { id: 'compared', role: 'group', 'aria-label': t('compare_next'), hidden: true });
  $('#composer').before(chips);
  const repaint = () => paintChips(chips);
  on('choice', () => { store.compared = store.compared.filter((one) => !isSameChoice(one, store.choice)); repaint(); });
  on('compared', repaint);
  on('view', ({ isOther }) => {
    if (isOther && store.compared.length) { store.compared = []; emit('compared'); }
    if (store.view.also_live.length) showAlso(store.view.also_live);
  });
  // The row gets its id right after this.
  on('accepted', ({ also, message_id }) => queueMicrotask(() => showAlso(also.map((one) => ({ ...one, beside: message_id, waited_ms: 0 })))));
  on('compare', ({ message, button, isStored }) => {
    if (isStored) compareVersions(message, button);
    else compareWith(message, button);
  });
}

/** @param {HTMLElement} button */
async function choose(button) {
  const choice = await chooseModel(button, { label: t('compare_with') });
  if (!choice) return;
  if ([store.choice, ...store.compared].some((one) => isSameChoice(one, choice))) { alert(t('compare_same')); return; }
  store.compared = [...store.compared, choice].slice(0, MOST);
  emit('compared');
}

/** @param {HTMLElement} place */
function paintChips(place) {
  const hadFocus = place.contains(focused());
  place.hidden = !store.compared.length;
  $('#compare-next').setAttribute('aria-pressed', String(!place.hidden));
  if (place.hidden || !store.choice) {
    place.replaceChildren();
    if (hadFocus) $('#compare-next').focus();
    return;
  }
  const more = el('button', { type: 'button', class: 'chip more', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', onclick: () => choose(more) }, icon('plus'), t('compare_add'));
  place.replaceChildren(el('span', { class: 'compared-label' }, t('compare_next')),
    el('span', { class: 'chip' }, el('bdi', {}, store.choice.model)),
    ...store.compared.map((one) => el('span', { class: 'chip' }, el('bdi', {}, one.model), iconButton('close', t('compare_remove', { model: nameOf(one) }), () => {
      store.compared = store.compared.filter((other) => other !== one);
      emit('compared');
    }))),
    ...(store.compared.length < MOST ? [more] : []));
  if (hadFocus) $$('button', place).at(-1)?.focus();
}
