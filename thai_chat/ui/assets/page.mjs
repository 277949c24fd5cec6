// The page's parts, what each event tells the server, and what concerns the page as a whole.
import { focusBox, keepDraftOf, mountComposer, send, stop } from './conversation/composer.mjs';
import { mountHistory } from './conversation/history.mjs';
import { lookFor, mountJump } from './conversation/jump.mjs';
import { mountLive } from './conversation/live.mjs';
import { mountStatistics, mountTransfer } from './drawers.mjs';
import { alert, mountAlerts } from './lib/alerts.mjs';
import { $, el, icon, iconButton, isPhone } from './lib/dom.mjs';
import { emit, on, store } from './lib/store.mjs';
import { t } from './lib/texts.mjs';
import { mountPicker } from './models/picker.mjs';
import { mountSettings } from './models/settings.mjs';
import { mountState } from './models/state.mjs';
import { mountSearch } from './search/search.mjs';
import { mountFinder } from './sessions/finder.mjs';
import { mountSessions } from './sessions/sessions.mjs';
import { mountShelved } from './sessions/shelved.mjs';
import { closeSidebar, leaveSidebar, mountBrand, openSidebar, restoreSidebar } from './sidebar.mjs';

export { send, stop };

const ANSWER_MS = 6_000;
const UNSETTLED_MS = 3_000;

/** @type {Record<string, Part>} */
const parts = {};
/** The next event of a name tells this; kept from the click until Gradio asks for it. */
/** @type {Record<string, unknown>} */
const told = {};
/** The session that was asked for last, shown or on its way; null means a new one. undefined: whatever the server says. */
let wanted = /** @type {string | null | undefined} */ (undefined);
/** The message in it that was asked for last and has not come yet. */
let wantedMessage = /** @type {string | null} */ (null);
/** True while what was asked for is a step of the person's, which the browser's Back takes back. */
let isStep = false;
let settling = 0;
/** @type {ReturnType<typeof mountSearch>} */
let search;

/** @type {Record<string, (part: Part) => void>} */
const mounts = {
  brand: mountBrand,
  recent: (part) => mountSessions(part, { open: openSession, startNew: () => $('#new').click() }),
  search: (part) => { search = mountSearch(part, { open: openFound, showSidebar: openSidebar }); },
  find: (part) => mountFinder(part, { open: openSession }),
  state: mountState,
  picker: (part) => mountPicker(part, { refresh: () => ask('picker', 'load') }),
  live: (part) => { mountFrame(); mountView(part); },
  statistics: mountStatistics,
  transfer: (part) => mountTransfer(part, { open: openSession }),
};

/** Gradio lays out its components one after another; a part of ours may be there before its neighbours. */
const laidOut = new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
  const needed = ['#new', '#count', '#top', '#earlier', '#chat', '#later', '#live', '#box textarea', '#send', '#stop'];
  const look = () => {
    if (!needed.every((selector) => $(selector))) return;
    observer.disconnect();
    resolve();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.documentElement, { childList: true, subtree: true });
  look();
});

/** @param {string} name @param {HTMLElement} element @param {Part['trigger']} trigger @param {Part['props']} props @param {Part['watch']} watch */
export async function mount(name, element, trigger, props, watch) {
  await laidOut;
  parts[name] = { element: $('.part', element), trigger, props, watch };
  mounts[name](parts[name]);
}

/** @param {string} event */
export function tell(event) {
  const session_id = store.view?.session_id ?? '';
  const shown = store.view?.messages.length ?? 0;
  const last_order = store.view?.has_later ? store.view.messages.at(-1)?.order : null;
  /** @type {Record<string, () => unknown>} */
  const answers = {
    arrival: window.thaiChat.addressed,
    shown: () => ({ session_id, shown, last_order }),
    // The server counts a turn more than is shown, but one that is unsettled is shown already.
    finished: () => ({ session_id, shown: isUnsettled(store.view) ? shown - 2 : shown, last_order }),
  };
  return answers[event]?.() ?? told[event];
}

/** @param {string} part @param {string} event @param {string} [name] @param {unknown} [what] */
function ask(part, event, name, what) {
  if (name) told[name] = what;
  parts[part].trigger(event);
}

/** The session at its end, or at a message of it. @param {string} session_id @param {string} [message_id] */
function openSession(session_id, message_id = '') {
  leaveSidebar();
  wanted = session_id;
  wantedMessage = message_id || null;
  const isThere = session_id === store.view?.session_id && !message_id && !store.view.has_later;
  isStep = !isThere;
  if (isThere) focusBox();
  else ask('recent', 'click', 'open', { session_id, message_id });
}

/** @param {string} session_id @param {string} message_id @param {string[]} words */
function openFound(session_id, message_id, words) {
  lookFor(words);
  openSession(session_id, message_id);
}

/** @param {Part<View | null>} part */
function mountView(part) {
  mountLive(part.element, { finished: () => ask('live', 'submit') });
  const take = () => { if (part.props.value) takeView(part.props.value); };
  part.watch('value', take);
  take();
}

/** @param {View} view */
function takeView(view) {
  const before = store.view;
  if (isLate(view) || isElsewhere(view)) {
    if (view.notice) alert(view.notice);
    if (view.stored || !isNew()) showWanted();
    return;
  }
  wanted = view.session_id;
  wantedMessage = null;
  const isOther = before?.session_id !== view.session_id;
  store.view = view;
  if (isOther) {
    store.choice = view.choice ?? store.choice;
    keepDraftOf(view);
    keepPlaceOf(view);
  }
  showAddress(view, before === null || !(isOther || isStep));
  isStep = false;
  emit('view', { isOther });
  if (view.notice) alert(view.notice);
  if (isOther && before !== null && !view.target && !isPhone()) focusBox();
  document.body.dataset.ready = 'yes';
  document.body.dataset.session = view.session_id;
  awaitSettling();
}

/** A new session has no address: after a reload this tab is where it was while something is written there. @param {View} view */
function keepPlaceOf(view) {
  try {
    if (view.stored) sessionStorage.removeItem('thai-chat:new');
    else sessionStorage.setItem('thai-chat:new', 'yes');
  } catch { /* forbidden: the last session is shown */ }
}

/** Another session was asked for meanwhile. @param {View} view */
const isLate = (view) => (wanted === null ? view.stored : wanted !== undefined && view.session_id !== wanted);

/** Another message was asked for meanwhile; Gradio drops what is asked while it waits. @param {View} view */
const isElsewhere = (view) => wantedMessage !== null && view.target !== wantedMessage;

/** True when what is shown is wanted and not stored: its Chatbot is empty, whichever new session's answer says so. */
const isNew = () => Boolean(store.view) && !store.view.stored && wanted === store.view.session_id;

/** The Chatbot has just taken over the messages of another session than the one that is wanted. */
function showWanted() {
  if (wanted !== null && !isNew()) {
    const message_id = wantedMessage ?? '';
    wantedMessage = null; // asked for once more, and not for ever
    ask('recent', 'click', 'open', { session_id: wanted, message_id });
    return;
  }
  const kept = wanted;
  $('#new').click(); // for an empty Chatbot only: session, box and question stay
  wanted = kept;
}

/** A reply that was cut off with its server counts as running until its last sign of life is old enough. @param {View} view */
const isUnsettled = (view) => Boolean(view) && !view.live && view.messages.some(({ status }) => status === 'streaming');

function awaitSettling() {
  clearTimeout(settling);
  if (!isUnsettled(store.view)) return;
  settling = setTimeout(() => { ask('live', 'submit'); awaitSettling(); }, UNSETTLED_MS);
}

/** @param {Pick<View, 'name'>} given */
const titleOf = ({ name }) => (name ? `${name} · ${t('brand')}` : t('brand'));

/** @param {View} view @param {boolean} isFirst */
export function showAddress(view, isFirst) {
  document.title = titleOf(view);
  const address = new URL(location.href);
  if (view.stored) address.searchParams.set('s', view.session_id);
  else address.searchParams.delete('s');
  if (view.target) address.searchParams.set('m', view.target);
  else if (!view.has_later) address.searchParams.delete('m');
  if (address.href === location.href) return;
  if (isFirst) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

// The address gets the session with its first accepted question.
on('accepted', () => {
  store.view.stored = true;
  store.view.target = null;
  // Whoever asks goes on from the end.
  if (store.view.has_later) openSession(store.view.session_id);
  else showAddress(store.view, true);
});
// Another branch is shown, or grows.
on('changed', ({ shown_message_id }) => {
  if (store.view.has_later) openSession(store.view.session_id, shown_message_id);
  else ask('live', 'submit');
});
on('renamed', ({ session_id, session_name }) => {
  if (session_id !== store.view?.session_id) return;
  store.view.name = session_name;
  document.title = titleOf(store.view);
});
// Whoever asks stays in the session, also when another was asked for and did not come.
on('asked', () => { wanted = store.view.session_id; wantedMessage = null; });

addEventListener('popstate', () => {
  const { session_id, message_id } = window.thaiChat.addressed();
  if (session_id) openSession(session_id, message_id);
  else $('#new')?.click();
});

/** The frame around the parts, which Gradio has laid out by now. */
function mountFrame() {
  const composer = $('#composer');
  const top = $('#top');
  mountAlerts(composer);
  mountComposer();
  mountHistory();
  mountJump({ openEnd: () => openSession(store.view.session_id) });
  mountShelved();
  top.prepend(iconButton('panel', t('menu_open'), openSidebar, { id: 'menu-open' }));
  mountSettings();
  top.append(el('button', { type: 'button', id: 'theme', class: 'icon-button', 'aria-label': t('theme'), title: t('theme'), onclick: () => window.thaiChat.toggleTheme() }, icon('moon'), icon('sun')));
  $('#new').prepend(icon('plus'));
  $('#count').prepend(icon('chart'));
  $('#new').addEventListener('click', () => { wanted = null; leaveSidebar(); });
  $('#count').addEventListener('click', () => emit('statistics'));
  $('#left').setAttribute('role', 'complementary');
  $('#left').setAttribute('aria-label', t('sidebar'));
  $('#main').setAttribute('role', 'main');
  $('#frame').append(el('div', { id: 'scrim', onclick: leaveSidebar }));
  restoreSidebar();
  addEventListener('keydown', shortcut, true);
  setTimeout(beReadyAnyway, ANSWER_MS);
}

/** The first answer did not come: an empty session is better than an empty page. */
function beReadyAnyway() {
  document.body.dataset.ready = 'yes';
  if (!store.view) $('#new').click();
}

/** @param {any} event */
function shortcut(event) {
  const isCommand = (event.ctrlKey || event.metaKey) && !$('dialog[open]');
  if (isCommand && event.shiftKey && event.code === 'KeyO') {
    event.preventDefault();
    $('#new').click();
  } else if (isCommand && !event.shiftKey && event.code === 'KeyK') {
    event.preventDefault();
    search?.focus();
  } else if (event.key === 'Escape' && !event.isComposing) escape_(event);
}

/** Esc closes what is open, and stops the reply only when nothing is. @param {any} event */
function escape_(event) {
  if ($('dialog[open], [data-layer], #picker [aria-expanded=true]') || event.target.closest?.('.rename, #search, #results')) return;
  if (isPhone() && document.body.dataset.menu === 'open') closeSidebar();
  else if (store.isBusy) stop();
}
