// The statistics drawer: what is counted, for how long a time, and the messages behind each figure.
import { api } from '../lib/api.mjs';
import { $, $$, el, iconButton } from '../lib/dom.mjs';
import { html, paint } from '../lib/painting.mjs';
import { on } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { mountBehind } from './behind.mjs';
import { frequent, sections } from './figures.mjs';

const REFRESH_MS = 10_000;
/** In days; null is all there ever was. */
const PERIODS = [14, 30, 90, null];
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The drawer shows a period, by one measure, and these answers of the server. */
const state = { days: /** @type {number | null} */ (14), measure: 'messages', counted: /** @type {Counted | null} */ (null), asked: /** @type {Asked | null} */ (null) };

/** @type {HTMLDialogElement} */
let drawer;
/** @type {HTMLElement} */
let body;
/** @type {AbortController | undefined} */
let loading;

/** `open` shows the drawer. @param {HTMLElement} element */
export function mountStatistics(element) {
  body = el('div', { class: 'statistics-body' });
  const close = () => drawer.close();
  drawer = el('dialog', { id: 'drawer', 'aria-label': t('statistics') },
    el('header', {}, el('h2', {}, t('statistics')), periods(), iconButton('close', t('close'), close)), body);
  drawer.addEventListener('click', (event) => { if (event.target === drawer) close(); });
  drawer.addEventListener('close', () => loading?.abort());
  mountBehind(body, { back: paintFigures, period });
  element.append(drawer);
  on('ended', refresh);
  setInterval(refresh, REFRESH_MS);
  return { open };
}

function open() {
  if (!drawer.open) drawer.showModal();
  if (!state.counted) paint(body, html`<p class="none" role="status">${t('statistics_loading')}</p>`);
  else paintFigures();
  load();
}

/** While somebody looks at the figures, and not at what is behind one. */
function refresh() {
  if (drawer.open && !document.hidden && !$('.behind', body)) load();
}

function periods() {
  /** @param {number | null} days */
  const pick = (days) => {
    Object.assign(state, { days, counted: null, asked: null });
    for (const button of $$('button', list)) button.setAttribute('aria-pressed', String(button.dataset.days === String(days)));
    open();
  };
  const list = el('div', { class: 'segments', role: 'group', 'aria-label': t('stat_period') }, PERIODS.map((days) =>
    el('button', { type: 'button', 'aria-pressed': String(days === state.days), dataset: { days: String(days) }, onclick: () => pick(days) },
      days === null ? t('stat_all_time') : t('stat_days', { count: number(days) }))));
  return list;
}

const period = () => ({ timezone: zone(), days: state.days });

async function load() {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const query = period();
  try {
    show('counted', await api('GET', 'api/statistics', { query, signal }));
    show('asked', await api('GET', 'api/statistics/questions', { query, signal }));
  } catch (error) {
    if (signal.aborted) return;
    if (!state.counted) paint(body, failed(error.message));
  }
}

/** @param {'counted' | 'asked'} name @param {any} answer */
function show(name, answer) {
  if (JSON.stringify(answer) === JSON.stringify(state[name])) return;
  state[name] = answer;
  if (!$('.behind', body)) paintFigures();
}

/** @param {string} message */
const failed = (message) => html`<div class="none" role="alert"><p>${t('statistics_failed')} ${message}</p><button type="button" class="plain"
  @click=${load}>${t('statistics_retry')}</button></div>`;

/** The figures, at the place where they were. */
function paintFigures() {
  const { scrollTop } = drawer;
  const measure = { chosen: state.measure, choose: (/** @type {string} */ chosen) => { state.measure = chosen; paintFigures(); } };
  if (!state.counted?.total.messages) paint(body, html`<p class="none">${t('statistics_none')}</p>`);
  else paint(body, [...sections(state.counted, measure), ...frequent(state.asked)]);
  drawer.scrollTop = scrollTop;
}
