// The state of the database and of the backends: asked again and again, and said at the foot of the sidebar.
import { api } from '../lib/api.mjs';
import { $, el } from '../lib/dom.mjs';
import { html, iconOf, nothing, paint } from '../lib/painting.mjs';
import { emit, on } from '../lib/store.mjs';
import { backendName, number, t } from '../lib/texts.mjs';

const POLL_MS = 15_000;
const ANSWER_MS = 8_000;
/** While a model is being loaded, or none answers yet and somebody is just starting a server. */
const SOON_MS = 1_500;
/** Fewer messages are searchable before anybody has read that they are not. */
const SHOWN_FROM = 500;

/** @param {Part} given */
export function mountState({ element }) {
  const lines = el('dl', { class: 'state', 'aria-label': t('state') });
  element.append(lines);
  const banner = el('div', { id: 'banner', role: 'status', hidden: true });
  let soon = 0;
  const look = async () => {
    const ready = await readiness();
    paintState(lines, banner, ready);
    clearTimeout(soon);
    if (!answers(ready) || isLoading(ready) || ready?.database.unindexed) soon = setTimeout(poll, SOON_MS);
  };
  const poll = async () => {
    if (document.hidden) return;
    await look();
    emit('polled');
  };
  $('#top').after(banner);
  setInterval(poll, POLL_MS);
  document.addEventListener('visibilitychange', poll);
  on('ended', poll);
  on('prepared', poll);
  on('fetched', () => setTimeout(poll, SOON_MS)); // the server lists it a moment later
  // Whoever waits for a poll has just asked for everything.
  if (!document.hidden) look();
}

/** Some model can be asked. @param {Ready | null} ready */
const answers = (ready) => Object.values(ready?.backends ?? {}).some(({ state }) => ['up', 'slow'].includes(state));

/** @param {Ready | null} ready */
const isLoading = (ready) => Object.values(ready?.backends ?? {}).some(({ state, model_states = {} }) => [state, ...Object.values(model_states)].includes('loading'));

const readiness = () => api('GET', 'readyz', { patience_ms: ANSWER_MS }).catch(() => null);

/** @type {(lines: HTMLElement, banner: HTMLElement, ready: Ready | null) => void} */
function paintState(lines, banner, ready) {
  const database = ready?.database ?? { state: 'unknown', waiting: 0 };
  const isMemory = database.state === 'memory';
  const unindexed = database.unindexed ?? 0;
  paint(lines, html`${line(t(ready ? 'database' : 'server'), t(`database_${database.state}`), STATES[database.state] ?? 'down')}${
    unindexed > SHOWN_FROM ? line(t('search'), t('indexing_left', { count: number(unindexed) }), 'loading') : nothing}${
    Object.entries(ready?.backends ?? {}).map(([name, backend]) => line(backendName(name), stateOf(backend), backend.state))}`);
  banner.hidden = !isMemory;
  paint(banner, isMemory ? html`${iconOf('info')}<span><strong>${t('memory_only')}</strong> ${memorySays(database)}</span>` : nothing);
  if (ready) emit('ready', ready);
}

/** @type {Record<string, string>} */
const STATES = { postgresql: 'up', memory: 'loading' };

/** Return the state in words; some of several servers may be away while the others answer. @param {Ready['backends'][string]} backend */
function stateOf({ state, servers = [] }) {
  const up = servers.filter((one) => ['up', 'slow'].includes(one)).length;
  return up && up < servers.length ? t('servers_up', { up: number(up), count: number(servers.length) }) : t(`state_${state}`);
}

/** @param {Ready['database']} database */
const memorySays = ({ waiting, journal, refused }) => [
  t('memory_banner'),
  t('memory_waiting', { count: number(waiting) }),
  journal === false ? t('memory_no_journal') : '',
  refused ? t('memory_refused', { count: number(refused) }) : '',
].filter(Boolean).join(' ');

/** @type {(name: string, text: string, state: string) => unknown} */
const line = (name, text, state) => html`<dt>${name}</dt><dd class=${state}><i></i>${text}</dd>`;
