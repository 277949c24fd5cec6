// The page's parts, what each event tells the server, and what concerns the page as a whole.
import { mountPerson } from './account/person.mjs';
import { showAddress, showAddressAgain } from './address.mjs';
import { mountBeside } from './conversation/beside.mjs';
import { focusBox } from './conversation/box.mjs';
import { mountComposer, send, showDraftOf, stop } from './conversation/composer.mjs';
import { mountHistory } from './conversation/history.mjs';
import { lookFor, mountJump } from './conversation/jump.mjs';
import { mountLimits } from './conversation/limits.mjs';
import { isHeard, mountLive } from './conversation/live.mjs';
import { arriving, refresh, openSession as show, startNew } from './conversation/loading.mjs';
import { mountPrinting } from './conversation/printing.mjs';
import { mountQueue } from './conversation/queue.mjs';
import { mountTemporary, toggleTemporary } from './conversation/temporary.mjs';
import { editLast } from './conversation/versions.mjs';
import { mountSharing, mountStatistics, mountTransfer, openAccount, openPeople, openShares } from './drawers.mjs';
import { beInstallable } from './install/install.mjs';
import { alert, mountAlerts } from './lib/alerts.mjs';
import { answerGradio, Refused } from './lib/api.mjs';
import { followChanges } from './lib/changes.mjs';
import { $, el, icon, iconButton, isPhone } from './lib/dom.mjs';
import { keysOf, shortcutOf } from './lib/keys.mjs';
import { emit, on, store } from './lib/store.mjs';
import { t } from './lib/texts.mjs';
import { mountPicker, tellModels } from './models/picker.mjs';
import { optionsOf, pickOf } from './models/picks.mjs';
import { mountSettings } from './models/settings.mjs';
import { mountState } from './models/state.mjs';
import { placed } from './places.mjs';
import { mountPreferences } from './preferences/preferences.mjs';
import { mountSearch } from './search/search.mjs';
import { mountFinder } from './sessions/finder.mjs';
import { mountSessions } from './sessions/sessions.mjs';
import { shelf, shelfOf } from './sessions/shelf.mjs';
import { mountShelved } from './sessions/shelved.mjs';
import { mountTitle, nameIt } from './sessions/title.mjs';
import { closeSidebar, leaveSidebar, mountBrand, openSidebar, restoreSidebar } from './sidebar.mjs';

export { send, stop, tellModels };

/** The newest session of the list, which is read for the sidebar anyway. */
async function lastSession() {
  await shelf.begin();
  if (shelf.failure) throw new Refused(shelf.failure);
  return shelf.sorted[0]?.session_id;
}

answerGradio();
// Both are on their way before Gradio has laid out anything.
shelf.begin();
const arrive = arriving(window.thaiChat.addressed(), lastSession);

const ANSWER_MS = 6_000;
const UNSETTLED_MS = 3_000;
/** The page is there and at rest by then. */
const INSTALL_MS = 4_000;

/** True while what was asked for is a step of the person's, which the browser's Back takes back. */
let isStep = false;
let settling = 0;
/** @type {ReturnType<typeof mountSearch>} */
let search;

/** @type {Record<string, (part: Part) => void>} */
const mounts = {
  brand: mountBrand,
  search: (part) => { search = mountSearch(part, { open: openFound, showSidebar: openSidebar }); },
  find: (part) => mountFinder(part, { open: openSession }),
  recent: (part) => mountSessions(part, { open: openSession, startNew: beginNew }),
  state: mountState,
  picker: (part) => mountPicker(part, { refresh: () => $('#models').click() }),
  conversation: (part) => { mountFrame(); mountConversation(part); },
  statistics: mountStatistics,
  transfer: (part) => mountTransfer(part, { open: openSession }),
};

/** Each part comes to its place, in this order; one that fails keeps no other from coming. */
placed().then((places) => {
  for (const [name, mount] of Object.entries(mounts)) {
    try { mount({ element: places[name] }); } catch (error) { reportError(error); }
  }
});

/** The session at its end, or at a message of it. @param {string} session_id @param {string} [message_id] */
function openSession(session_id, message_id = '') {
  leaveSidebar();
  if (session_id === store.view?.session_id && !message_id && !store.view.has_later) { focusBox(); return; }
  isStep = true;
  show(session_id, message_id);
}

function beginNew() {
  leaveSidebar();
  startNew();
}

/** @param {string} session_id @param {string} message_id @param {string[]} words */
function openFound(session_id, message_id, words) {
  lookFor(words);
  openSession(session_id, message_id);
}

/** @param {Part} part */
function mountConversation({ element }) {
  on('view', takeView); // first: what is painted then depends on the model that is picked
  mountHistory(element, { openEnd: () => openSession(store.view.session_id) });
  on('view', goToBox); // behind the painting: the layout that it needs is the one that is shown
  mountLive(element, { refresh });
  mountBeside();
  mountTemporary();
  mountLimits();
  mountJump();
  mountQueue();
  mountPrinting();
  arrive();
  followChanges();
}

/** @param {Changes['view']} given */
function takeView({ isOther, isFirst, how }) {
  if (isOther) {
    showDraftOf(store.view);
    store.view = { ...store.view, options: optionsOf(store.view) };
    store.choice = pickOf(store.view) ?? store.view.choice ?? store.preferred;
    emit('choice');
  }
  const { view } = store;
  if (how === 'opened') showAddress(view, isFirst || !(isOther || isStep));
  if (how === 'refreshed') showAddressAgain(view);
  if (how === 'opened') isStep = false;
  if (view.notice && how === 'opened') alert(view.notice);
  beReady();
  document.body.dataset.session = view.session_id;
  awaitSettling();
}

/** Whoever opens a session goes on there, unless they are somewhere else already. @param {Changes['view']} given */
function goToBox({ isOther, isFirst }) {
  if (!isOther || store.view.target || isPhone()) return;
  if (!isFirst || document.activeElement === document.body) focusBox();
}

/** A reply that was cut off with its server counts as running until its last sign of life is old enough. @param {View} view */
const isUnsettled = (view) => Boolean(view) && !view.live && view.messages.some(({ status }) => status === 'streaming');

/** A server that is away is asked again by whoever needs it. */
const look = () => refresh().catch(() => {});

function awaitSettling() {
  clearTimeout(settling);
  if (!isUnsettled(store.view)) return;
  settling = setTimeout(() => { look(); awaitSettling(); }, UNSETTLED_MS);
}

// The address gets the session with its first accepted question.
on('accepted', ({ message_id, backend, model }) => {
  store.view = { ...store.view, stored: true, is_instead: false, target: null, choice: { backend, model }, newest: message_id };
  // Whoever asks goes on from the end.
  if (store.view.has_later) openSession(store.view.session_id);
  else showAddress(store.view, true);
});
// Another branch is shown, or grows.
on('changed', async ({ shown_message_id }) => {
  if (store.view.has_later) { openSession(store.view.session_id, shown_message_id); return; }
  const { session_id } = store.view;
  try {
    await refresh({ isAll: true });
    const isThere = !shown_message_id || store.view.session_id !== session_id || store.view.messages.some(({ message_id }) => message_id === shown_message_id);
    if (!isThere) openSession(session_id, shown_message_id);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    alert(error.message);
  }
});
on('elsewhere', ({ put, drop }) => {
  const session_id = store.view?.session_id ?? '';
  const moved = put.find((session) => session.session_id === session_id);
  if (drop.includes(session_id)) startNew({ notice: t('session_replaced') });
  else if (moved && store.view.stored) emit('shelved', shelfOf(moved));
});
on('told', (changes) => { if (changes.some(isNews)) look(); });
on('anew', async () => {
  if (!store.view) return; // what is on its way is new
  const { session_id } = store.view;
  try { await refresh({ isAll: true }); } catch (error) {
    if (error.status === 404 && store.view.session_id === session_id) startNew({ notice: t('session_replaced') });
  }
});
on('renamed', takeName);
// A session that has just been asked its first question is named by the server; any is renamed in other tabs.
on('sessions', () => {
  const listed = shelf.find(store.view?.session_id ?? '');
  if (listed) takeName(listed);
});

/** Something happened in the shown session that the page does not know of. @param {Change} change */
function isNews({ kind, session_id, reply_id }) {
  if (session_id !== store.view?.session_id || kind === 'deleted') return false;
  if (kind === 'changed') return true;
  const isShown = store.view.messages.some(({ message_id, status }) => message_id === reply_id && status !== 'streaming');
  return !isShown && !isHeard(reply_id);
}

/** @param {Pick<Session, 'session_id' | 'session_name'>} given */
function takeName({ session_id, session_name }) {
  if (session_id !== store.view?.session_id || session_name === store.view.name) return;
  store.view = { ...store.view, name: session_name };
  nameIt(store.view);
}

addEventListener('popstate', () => {
  const { session_id, message_id } = window.thaiChat.addressed();
  if (session_id) openSession(session_id, message_id);
  else startNew();
});

/** The frame around the parts, which Gradio has laid out by now. */
function mountFrame() {
  const composer = $('#composer');
  const top = $('#top');
  mountAlerts(composer);
  mountComposer();
  mountShelved();
  top.prepend(iconButton('panel', t('menu_open'), openSidebar, { id: 'menu-open' }));
  mountSettings();
  mountSharing({ open: openSession });
  top.append(mountTitle());
  mountPreferences(top);
  $('#new').prepend(icon('plus'));
  $('#new').append(el('kbd', { 'aria-hidden': 'true' }, keysOf('new')));
  $('#count').prepend(icon('chart'));
  $('#new').addEventListener('click', beginNew);
  $('#count').addEventListener('click', () => emit('statistics'));
  // Gradio's <main> is around all of the page.
  $('#left').setAttribute('role', 'navigation');
  $('#left').setAttribute('aria-label', t('sidebar'));
  $('#main').setAttribute('role', 'region');
  $('#main').setAttribute('aria-label', t('conversation'));
  document.body.prepend(el('a', { href: '#box', class: 'skip', onclick: (/** @type {Event} */ event) => { event.preventDefault(); focusBox(); } }, t('skip')));
  $('#frame').append(el('div', { id: 'scrim', onclick: leaveSidebar }));
  mountPerson({ open: openAccount, shares: openShares, people: openPeople });
  restoreSidebar();
  addEventListener('keydown', shortcut, true);
  setTimeout(beReadyAnyway, ANSWER_MS);
  setTimeout(beInstallable, INSTALL_MS);
}

function beReady() {
  document.body.dataset.ready = 'yes';
  window.thaiChat.endLoading();
}

/** The first answer did not come: an empty session is better than an empty page. */
function beReadyAnyway() {
  beReady();
  if (!store.view) startNew({ notice: t('server_silent'), is_instead: true });
}

/** What each shortcut of `lib/keys.mjs` does that is not the keyboard's own. @type {Record<string, (event: any) => void>} */
const DEEDS = {
  new: beginNew,
  temporary: () => { if (store.view?.stored) beginNew(); toggleTemporary(); },
  search: () => search?.focus(),
  composer: focusBox,
  edit: editLast,
  help: () => emit('shortcuts'),
  stop: escape_,
};

/** @param {any} event */
function shortcut(event) {
  const name = shortcutOf(event);
  if (!name) return;
  if (name !== 'stop') event.preventDefault();
  DEEDS[name](event);
}

/** Esc closes what is open, and stops the reply only when nothing is. @param {any} event */
function escape_(event) {
  if ($('dialog[open], [data-layer], #picker [aria-expanded=true]') || event.target.closest?.('.rename, #search, #results, #queue textarea')) return;
  if (isPhone() && document.body.dataset.menu === 'open') closeSidebar();
  else if (store.isBusy) stop();
}
