// How server, database and backends are: asked again and again, said in one line at the foot of the sidebar, and above the
// conversation when it concerns whoever writes.
import { api } from '../lib/api.mjs';
import { $, el } from '../lib/dom.mjs';
import { html, iconOf, nothing, paint } from '../lib/painting.mjs';
import { emit, on, openAnew, store } from '../lib/store.mjs';
import { backendName, number, t } from '../lib/texts.mjs';

const POLL_MS = 15_000;
const ANSWER_MS = 8_000;
/** While a model is being loaded, or none answers yet and somebody is just starting a server. */
const SOON_MS = 1_500;
/** Fewer messages are searchable before anybody has read that they are not. */
const SHOWN_FROM = 500;

/** What the server said of itself last; null until it has said something. */
let ready = /** @type {Ready | null} */ (null);
let hasFailed = false;
let isOutdated = false;

/** @param {Part} given */
export function mountState({ element }) {
  const place = el('div', { class: 'state' });
  const banner = el('div', { id: 'banner', hidden: true });
  const newer = el('div', { id: 'newer', hidden: true });
  /** Who hears the page is told here: what comes and goes above, and the line that a closed sidebar hides. */
  const said = el('div', { id: 'state-said', class: 'offscreen', role: 'status' });
  element.append(place);
  $('#top').after(banner, newer, said);
  const toggle = () => { isListed = !isListed; repaint(); };
  const repaint = () => {
    paint(place, foot(toggle));
    paintBanner(banner);
    paintOffer(newer);
    const words = spoken();
    if (said.textContent !== words) said.textContent = words;
  };
  let soon = 0;
  const look = async () => {
    const answer = await api('GET', 'readyz', { patience_ms: ANSWER_MS }).catch(() => null);
    if (store.isGone) return;
    hasFailed = answer === null;
    ready = answer ?? ready;
    repaint();
    if (answer) emit('ready', answer);
    clearTimeout(soon);
    if (!answer || !answers(answer) || isLoading(answer) || answer.database.unindexed) soon = setTimeout(poll, SOON_MS);
  };
  const poll = async () => {
    if (document.hidden || store.isGone) return;
    await look();
    emit('polled');
  };
  repaint();
  setInterval(poll, POLL_MS);
  document.addEventListener('visibilitychange', poll);
  for (const change of /** @type {const} */ (['ended', 'prepared', 'anew'])) on(change, poll);
  on('gone', repaint);
  on('back', repaint);
  addEventListener('online', repaint);
  addEventListener('offline', repaint);
  on('fetched', () => setTimeout(poll, SOON_MS)); // the server lists it a moment later
  on('outdated', () => { isOutdated = true; repaint(); });
  // Whoever waits for a poll has just asked for everything.
  if (!document.hidden) look();
}

/** Some model can be asked. @param {Ready} ready */
const answers = ({ backends }) => Object.values(backends).some(({ state }) => ANSWERING.includes(state));

/** @param {Ready} ready */
const isLoading = ({ backends }) => Object.values(backends).some(({ state, model_states = {} }) => [state, ...Object.values(model_states)].includes('loading'));

const ANSWERING = ['up', 'slow'];
/** @type {Record<string, string>} */
const DATABASES = { postgresql: 'up', memory: 'loading' };

/** Return nothing while the server answers. */
const absence = () => (store.isGone || hasFailed ? t(navigator.onLine ? 'server_gone' : 'offline') : '');

/** All that is wrong while the server answers; a class for its colour with each. @returns {{ text: string, level: string }[]} */
function troubles() {
  if (!ready) return [];
  const { database, backends } = ready;
  const memory = database.state === 'memory' ? [{ text: t('state_memory', { count: number(database.waiting) }), level: 'loading' }] : [];
  return [...memory, ...Object.entries(backends).flatMap(([name, backend]) => {
    const isWell = ['up', 'not_configured'].includes(backend.state) && !isPartly(backend);
    return isWell ? [] : [{ text: `${backendName(name)}: ${stateOf(backend)}`, level: backend.state === 'down' ? 'down' : 'loading' }];
  })];
}

/** Return the words of the one line, and its colour. */
function summary() {
  const away = absence();
  if (away) return { text: away, level: 'down' };
  if (!ready) return { text: t('state_unknown'), level: 'unknown' };
  const wrong = troubles();
  const models = Object.values(ready.backends).flatMap(({ state, models: own, model_states: states = {} }) => own.filter((model) => ANSWERING.includes(states[model] ?? state)));
  const text = [
    ...(wrong.length ? wrong.map((one) => one.text) : [t('database_postgresql')]),
    t(models.length ? 'models_answer' : 'models_answer_none', { count: number(models.length) }),
  ].join(' · ');
  const level = wrong.some((one) => one.level === 'down') || !models.length ? 'down' : wrong.length ? 'loading' : 'up';
  return { text, level: level === 'down' && models.length ? 'loading' : level };
}

/** Return what is to be heard: nothing while all is well. */
function spoken() {
  const away = absence();
  const wrong = away ? [`${away} ${t('away_more')}`] : troubles().map(({ text }) => text);
  return [...wrong, ...(isOutdated && !away ? [t('page_newer')] : [])].join(' · ');
}

let isListed = false;

/** @param {() => void} toggle */
function foot(toggle) {
  const { text, level } = summary();
  // No <details>: while one is closed, Chromium takes time by the square of a long text that is replaced in the question box.
  return html`<button type="button" class="line ${level}" title=${text} aria-expanded=${String(isListed)} aria-controls="state-list" @click=${toggle}
    ><i></i><span><span class="offscreen">${t('state')}: </span>${text}</span>${iconOf('chevron')}</button
    ><dl id="state-list" aria-label=${t('state')} ?hidden=${!isListed}>${lines()}</dl>`;
}

function lines() {
  const isAway = Boolean(absence());
  const known = (/** @type {string} */ text, /** @type {string} */ state) => (isAway ? { text: t('state_unknown'), state: 'unknown' } : { text, state });
  if (!ready) return isAway ? line(t('server'), { text: t('database_unknown'), state: 'down' }) : nothing;
  const { database, backends } = ready;
  const unindexed = database.unindexed ?? 0;
  return html`${isAway ? line(t('server'), { text: t('database_unknown'), state: 'down' }) : nothing
  }${line(t('database'), known(t(`database_${database.state}`), DATABASES[database.state] ?? 'down'))
  }${!isAway && unindexed > SHOWN_FROM ? line(t('search'), { text: t('indexing_left', { count: number(unindexed) }), state: 'loading' }) : nothing
  }${Object.entries(backends).map(([name, backend]) => line(backendName(name), known(stateOf(backend), backend.state)))}`;
}

/** @type {(name: string, given: { text: string, state: string }) => unknown} */
const line = (name, { text, state }) => html`<dt>${name}</dt><dd class=${state}><i></i>${text}</dd>`;

/** Some of several servers are away while the others answer. @param {Ready['backends'][string]} backend */
const isPartly = ({ servers = [] }) => servers.some((one) => !ANSWERING.includes(one)) && servers.some((one) => ANSWERING.includes(one));

/** @param {Ready['backends'][string]} backend */
function stateOf(backend) {
  const { state, servers = [] } = backend;
  const up = servers.filter((one) => ANSWERING.includes(one)).length;
  return isPartly(backend) ? t('servers_up', { up: number(up), count: number(servers.length) }) : t(`state_${state}`);
}

/** @param {HTMLElement} banner */
function paintBanner(banner) {
  const away = store.isGone ? absence() : '';
  const isMemory = !away && ready?.database.state === 'memory';
  banner.hidden = !away && !isMemory;
  banner.className = !away ? '' : navigator.onLine ? 'away' : 'offline';
  paint(banner, away || isMemory ? html`${iconOf(away ? 'alert' : 'info')}<span><strong>${away || t('memory_only')}</strong> ${
    away || !ready ? t('away_more') : memorySays(ready.database)}</span>` : nothing);
}

/** @param {Ready['database']} database */
const memorySays = ({ waiting, journal, refused }) => [
  t('memory_banner'),
  t('memory_waiting', { count: number(waiting) }),
  journal === false ? t('memory_no_journal') : '',
  refused ? t('memory_refused', { count: number(refused) }) : '',
].filter(Boolean).join(' ');

/** What is written here is kept by the browser, and what grows by the server; while that is away nothing could be loaded. @param {HTMLElement} place */
function paintOffer(place) {
  place.hidden = !isOutdated || store.isGone;
  if (!place.hidden) paint(place, html`${iconOf('info')}<span>${t('page_newer')}</span><button type="button" @click=${openAnew}>${t('reload')}</button>`);
}
