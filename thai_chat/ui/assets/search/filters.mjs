// The filters narrow a search: when, who, which model, pinned ones, this session; and they order what is found.
import { dateField } from '../lib/datefield.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { html, paint } from '../lib/painting.mjs';
import { on, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';

const EITHER = '';
/** Parts a backend from a model in the value of an option: no name has it. */
const SEPARATOR = '\n';

const chosen = { order: 'relevance', since: '', until: '', role: EITHER, model: EITHER, pinned: false, scope: /** @type {{ session_id: string, name: string | null } | null} */ (null) };

/** Narrows the search to a session, or to none in particular. @param {View | null} session */
export function setScope(session) {
  chosen.scope = session && { session_id: session.session_id, name: session.name };
}

export const activeFilters = () => /** @type {const} */ (['since', 'until', 'role', 'model', 'pinned', 'scope']).filter((name) => chosen[name]).length;

/** Return the filters as `GET /api/search` names them. */
export function queryOf() {
  const [backend, model] = chosen.model.split(SEPARATOR);
  return {
    order: chosen.order,
    from: chosen.since,
    until: chosen.until,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    role: chosen.role,
    backend,
    model,
    pinned: chosen.pinned ? true : null,
    session_id: chosen.scope?.session_id,
  };
}

/** `changed` is called when a person has chosen something else. @param {() => void} changed */
export function mountFilters(changed) {
  /** @param {keyof typeof chosen} name @param {unknown} value */
  const choose = (name, value) => { Object.assign(chosen, { [name]: value }); show(); changed(); };
  const order = el('div', { class: 'order', role: 'radiogroup', 'aria-label': t('order') },
    ['relevance', 'newest'].map((value) => el('label', {},
      el('input', { type: 'radio', name: 'search-order', value, onchange: () => choose('order', value) }), el('span', {}, t(`order_${value}`)))));
  /** @param {'since' | 'until'} name */
  const date = (name) => dateField(t(`filter_${name}`), (iso) => choose(name, iso));
  const since = date('since');
  const until = date('until');
  const role = el('select', { onchange: () => choose('role', role.value) },
    [[EITHER, 'filter_anyone'], ['user', 'you'], ['assistant', 'filter_models']].map(([value, text]) => el('option', { value }, t(text))));
  const model = el('select', { onchange: () => choose('model', model.value) });
  /** @param {string} text @param {(isOn: boolean) => void} onchange */
  const check = (text, onchange) => { const box = el('input', { type: 'checkbox', onchange: () => onchange(box.checked) }); return /** @type {const} */ ([box, el('label', { class: 'check' }, box, el('span', {}, text))]); };
  const [pinned, pinnedLine] = check(t('filter_pinned'), (isOn) => choose('pinned', isOn));
  const [within, withinLine] = check(t('filter_session'), (isOn) => { setScope(isOn ? store.view : null); show(); changed(); });
  const reset = el('button', { type: 'button', class: 'retry', onclick: () => { Object.assign(chosen, { since: '', until: '', role: EITHER, model: EITHER, pinned: false, scope: null }); show(); changed(); } }, t('filter_reset'));
  const element = el('div', { class: 'filters', id: 'search-filters', hidden: true },
    el('div', { class: 'line', role: 'group', 'aria-label': t('filter_days') }, el('span', {}, t('filter_days')), el('span', { class: 'days-between' }, since.element, '–', until.element)), line(t('filter_who'), role), line(t('model'), model), pinnedLine, reset);
  const count = el('span', { class: 'count', hidden: true });
  const button = el('button', { type: 'button', class: 'head-button', 'aria-expanded': 'false', 'aria-controls': 'search-filters', onclick: () => { element.hidden = !element.hidden; button.setAttribute('aria-expanded', String(!element.hidden)); } },
    icon('filter'), t('filters'), count);

  const show = () => {
    for (const radio of order.querySelectorAll('input')) radio.checked = radio.value === chosen.order;
    since.set({ value: chosen.since, max: chosen.until });
    until.set({ value: chosen.until, min: chosen.since });
    role.value = chosen.role;
    model.value = chosen.model;
    pinned.checked = chosen.pinned;
    within.checked = Boolean(chosen.scope);
    withinLine.hidden = !chosen.scope && !store.view?.stored;
    $('span', withinLine).textContent = chosen.scope ? t('filter_in', { name: chosen.scope.name }) : t('filter_session');
    reset.hidden = !activeFilters();
    count.textContent = number(activeFilters());
    count.hidden = !activeFilters();
  };
  const paintModels = () => {
    paint(model, html`<option value=${EITHER}>${t('filter_any_model')}</option>${store.backends.filter(({ models }) => models.length).map(modelsOf)}`);
    show();
  };
  on('backends', paintModels);
  on('view', show);
  paintModels();
  return { button, element: el('div', { class: 'search-options' }, el('div', { class: 'quick' }, order, withinLine), element), paint: show };
}

/** @param {string} name @param {...Child} fields */
const line = (name, ...fields) => el('label', { class: 'line' }, el('span', {}, name), fields);

/** @param {BackendInfo} backend */
const modelsOf = ({ name, label, models }) => html`<optgroup label=${label}><option value=${name}>${t('filter_all_of', { backend: label })}</option>${
  models.map((info) => html`<option value=${name + SEPARATOR + info.model}>${info.model}</option>`)}</optgroup>`;
