// The sidebar: recent sessions, and the state of database and backends.
import { $, el, icon, iconButton } from './dom.mjs';
import { emit, on, store } from './store.mjs';
import { backendName, number, t, when } from './texts.mjs';

const POLL_MS = 15_000;
/** While no model answers yet: one is being loaded, or somebody is just starting a server. */
const SOON_MS = 1_500;

/** As the server listed them last, with what this page knows to be newer. */
let sessions = [];

export function mountRecent({ element, props, watch }, { open, rename, refresh }) {
  const list = el('ul', { class: 'sessions' });
  element.append(el('h2', {}, t('recent')), el('nav', { 'aria-label': t('recent') }, list));
  const take = () => { sessions = props.value?.sessions ?? []; paint(); };
  const paint = () => {
    if ($('.rename', list)) return; // not under the hands of somebody who types
    list.replaceChildren(...(sessions.length ? sessions.map((session) => row(session, { open, rename, paint })) : [el('li', { class: 'none' }, t('no_sessions'))]));
  };
  watch('value', take);
  take();
  on('view', paint);
  on('busy', () => { noteRunning(); paint(); });
  on('accepted', ({ session_id, question }) => {
    if (!sessions.some((session) => session.session_id === session_id)) {
      sessions = [{ session_id, name: firstWords(question.content), updated_at: question.created_at, running: true }, ...sessions];
    }
    paint();
  });
  // A reply of another session may have ended meanwhile.
  on('polled', () => { if (sessions.some(({ running, session_id }) => running && session_id !== store.view?.session_id)) refresh(); });
}

function noteRunning() {
  const shown = sessions.find(({ session_id }) => session_id === store.view?.session_id);
  if (shown) shown.running = store.isBusy;
}

/** Until the server has named it; cut between characters as people see them. */
function firstWords(text) {
  const characters = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text.trim().split('\n')[0])];
  return characters.slice(0, 40).map(({ segment }) => segment).join('');
}

function row(session, { open, rename, paint }) {
  const isShown = session.session_id === store.view?.session_id;
  const name = session.name || t('untitled');
  const item = el('li', { class: isShown ? 'shown' : null },
    el('button', { type: 'button', class: 'session', 'aria-current': isShown ? 'page' : null, title: `${name}\n${when(session.updated_at)}`, dataset: { sessionId: session.session_id }, onclick: () => open(session.session_id) },
      el('span', { class: 'name', dir: 'auto' }, name),
      session.running ? el('span', { class: 'running', role: 'img', 'aria-label': t('running'), title: t('running') }) : null),
    iconButton('pencil', t('rename_of', { name }), () => edit(item, session, { rename, paint }), { class: 'icon-button rename-start' }));
  return item;
}

function edit(item, session, { rename, paint }) {
  const input = el('input', { class: 'rename', 'aria-label': t('session_name'), maxlength: 255, value: session.name });
  let isOver = false;
  const end = (isWanted) => {
    if (isOver) return;
    isOver = true;
    const name = input.value.trim();
    input.remove();
    if (isWanted && name && name !== session.name) {
      session.name = name;
      rename(session.session_id, name);
    }
    paint();
  };
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter') end(true);
    if (event.key === 'Escape') { event.stopPropagation(); end(false); }
  });
  input.addEventListener('blur', () => end(true));
  item.replaceChildren(input);
  input.select();
}

export function mountState({ element }) {
  const lines = el('dl', { class: 'state', 'aria-label': t('state') });
  element.append(lines);
  const banner = el('div', { id: 'banner', role: 'status', hidden: true });
  const poll = async () => {
    if (document.hidden) return;
    paintState(lines, banner, await readiness());
    emit('polled');
    if (!store.choice) setTimeout(poll, SOON_MS);
  };
  $('#top').after(banner);
  setInterval(poll, POLL_MS);
  document.addEventListener('visibilitychange', poll);
  on('ended', poll);
  poll();
}

async function readiness() {
  try {
    const response = await fetch(new URL('readyz', document.baseURI), { signal: AbortSignal.timeout(8_000) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function paintState(lines, banner, ready) {
  const database = ready?.database ?? { state: 'unknown', waiting: 0 };
  const isMemory = database.state === 'memory';
  lines.replaceChildren(
    ...line(t('database'), t(`database_${database.state}`), { postgresql: 'up', memory: 'loading' }[database.state] ?? 'down'),
    ...Object.entries(ready?.backends ?? {}).flatMap(([name, { state }]) => line(backendName(name), t(`state_${state}`), state)));
  banner.hidden = !isMemory;
  if (isMemory) banner.replaceChildren(icon('info'), el('span', {}, el('strong', {}, t('memory_only')), ' ', memorySays(database)));
  if (ready) emit('ready', ready);
}

const memorySays = ({ waiting, journal, refused }) => [
  t('memory_banner'),
  t('memory_waiting', { count: number(waiting) }),
  journal === false ? t('memory_no_journal') : '',
  refused ? t('memory_refused', { count: number(refused) }) : '',
].filter(Boolean).join(' ');

const line = (name, text, state) => [el('dt', {}, name), el('dd', { class: state }, el('i'), text)];
