// The list of sessions in the sidebar: groups by day, more on scrolling, and the same rows kept while all of it lives.
import { isFollowed } from '../lib/changes.mjs';
import { $, $$, el, focused } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { html, nothing, paint, repeat } from '../lib/painting.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { menuOf, mountActions, rename, trash } from './actions.mjs';
import { grouping, groupLabel } from './days.mjs';
import { followSessions } from './following.mjs';
import { editTags, moveToFolder } from './labels.mjs';
import { mountPreview } from './preview.mjs';
import { row } from './row.mjs';
import { selection } from './selection.mjs';
import { moment, shelf } from './shelf.mjs';
import { mountShelves } from './shelves.mjs';
import { seen } from './unread.mjs';

/** @typedef {{ open: (session_id: string) => void, startNew: () => void }} Page */
/** @typedef {{ key: string, sessions: Session[] }} Group */

const SOON_MS = 3_000;
/** So long after its end the list may be told of a reply that ended in sight. */
const TOLD_MS = 10_000;
const AHEAD_PX = '800px';
/** Rows of a list; a list out of sight is not laid out, so that thousands of rows scroll as few do. */
const LAID_OUT_TOGETHER = 50;
/** About how high a row is, until it has been seen. */
const ROW_PX = 36;

/** @param {Part} given @param {Page} page */
export function mountSessions({ element }, page) {
  mountActions(page);
  const list = new List(page);
  element.append(mountShelves(), list.element);
  list.watchEnd(element.closest('#recent'));
  mountPreview(list.element);
  document.addEventListener('visibilitychange', () => list.paint());
  for (const change of /** @type {const} */ (['sessions', 'selection', 'view', 'busy'])) on(change, () => list.paint());
  on('view', ({ isOther }) => { if (isOther) list.show(store.view?.session_id); });
  on('ended', () => list.noteEnd());
  on('accepted', noteAsked);
  on('accepted', ({ session_id }) => list.show(session_id));
  followSessions();
  on('imported', () => shelf.refresh());
  for (const change of /** @type {const} */ (['ended', 'polled'])) on(change, () => { if (!isFollowed() && !store.isGone) shelf.refresh(); });
  followRunning();
  shelf.begin();
  if (shelf.isRead || shelf.failure) emit('sessions'); // it was read before there was a list
}

/** A question was taken: its session is the newest now, and may be new. @param {Accepted} given */
function noteAsked({ session_id, question, backend, model }) {
  if (store.view.is_temporary) return;
  const known = shelf.find(session_id) ?? {
    session_id, session_name: firstWords(question.content), pinned_at: null, archived_at: null, deleted_at: null, tags: [], folder: null,
  };
  shelf.put({ ...known, backend, model, updated_at: question.created_at, running: true });
}

/** Until the server has named it; cut between characters as people see them. @param {string} text */
function firstWords(text) {
  const characters = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text.trim().split('\n')[0])];
  return characters.slice(0, 40).map(({ segment }) => segment).join('');
}

/** Where changes are not told, a reply of another session ends without a word to this page. */
function followRunning() {
  setInterval(() => {
    const isElsewhere = shelf.sorted.some(({ running, session_id }) => running && session_id !== store.view?.session_id);
    if (isElsewhere && !document.hidden && !isFollowed() && !store.isGone) shelf.refresh();
  }, SOON_MS);
}

class List {
  /** The session whose row Tab reaches. */
  reached = /** @type {string | undefined} */ (undefined);
  within = /** @type {HTMLElement | undefined} */ (undefined);
  /** The session that is to be scrolled to once it is listed. */
  wanted = /** @type {string | null | undefined} */ (null);
  /** The session whose name is being written. */
  edited = /** @type {string | null} */ (null);
  end = /** @type {IntersectionObserver | null} */ (null);
  /** The session in which a reply ended in sight last, and until when the list is told of that. */
  ended = { session_id: '', until: 0 };

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.element = el('nav', { class: 'sessions', 'aria-label': t('sessions') });
    this.element.addEventListener('click', (event) => this.onClick(event));
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.element.addEventListener('focusin', (event) => this.reach(itemOf(event)?.dataset.id));
    this.element.addEventListener('focusout', (event) => { if (isName(event)) this.onNameLeft(writtenIn(event)); });
  }

  /** @param {HTMLElement | null} root */
  watchEnd(root) {
    this.end = new IntersectionObserver((seen) => { if (seen.at(-1)?.isIntersecting) shelf.more(); }, { root, rootMargin: AHEAD_PX });
  }

  paint() {
    this.noteSeen();
    const groups = this.groups();
    paint(this.element, html`${repeat(groups, ({ key }) => key, (group) => this.section(group))}<div class="tail">${this.tail(groups.length)}</div>`);
    const tail = $('.tail', this.element);
    this.end?.unobserve(tail);
    if (shelf.isRead && shelf.next !== null) this.end?.observe(tail);
    this.reach(this.reached);
    this.bringIntoSight();
  }

  /** Scrolls to the row of a session as soon as it is listed; not to one that is on none of the pages read so far. @param {string} session_id */
  show(session_id) {
    this.wanted = session_id;
    this.bringIntoSight();
  }

  bringIntoSight() {
    const row = this.item(this.wanted);
    if (row || shelf.isRead) this.wanted = null;
    if (!row) return;
    // Not scrollIntoView, which would move the page as well while the sidebar is closed.
    const scroller = /** @type {HTMLElement} */ (this.element.closest('#recent'));
    const [list, item] = [scroller, row].map((element) => element.getBoundingClientRect());
    const beyond = Math.min(0, item.top - list.top) || Math.max(0, item.bottom - list.bottom);
    scroller.scrollTop += beyond;
  }

  noteSeen() {
    if (shelf.isRead) seen.begin(shelf.sorted);
    if (document.hidden) return;
    const [shown, ended] = [store.view?.session_id, Date.now() < this.ended.until ? this.ended.session_id : null].map((id) => shelf.find(id ?? ''));
    for (const session of [shown, ended]) if (session && !session.running) seen.see(session);
    if (ended && !ended.running) this.ended.until = 0; // what ends after it was told is another reply
  }

  /** Another session may be shown by the time the list is told of this end. */
  noteEnd() {
    const session = shelf.find(store.view?.session_id ?? '');
    if (session?.running && !document.hidden) this.ended = { session_id: session.session_id, until: Date.now() + TOLD_MS };
  }

  groups() {
    const groupOf = grouping();
    const groups = /** @type {Map<string, Session[]>} */ (new Map());
    /** @param {string} key @param {Session} session */
    const add = (key, session) => { groups.set(key, groups.get(key) ?? []).get(key)?.push(session); };
    shelf.pinned.forEach((session) => add('pinned', session));
    shelf.others.forEach((session) => add(groupOf(moment(session)), session));
    return [...groups].map(([key, sessions]) => ({ key, sessions }));
  }

  /** @param {Group} given */
  section({ key, sessions }) {
    const lists = Array.from({ length: Math.ceil(sessions.length / LAID_OUT_TOGETHER) }, (_, at) =>
      sessions.slice(at * LAID_OUT_TOGETHER, (at + 1) * LAID_OUT_TOGETHER));
    return html`<section aria-labelledby="group-${key}"><h3 id="group-${key}">${groupLabel(key)}</h3>${lists.map((own) => html`<ul
      role="list" style="contain-intrinsic-block-size: auto ${own.length * ROW_PX}px">${repeat(own, ({ session_id }) => session_id, (session) => this.row(session))}</ul>`)}</section>`;
  }

  /** @param {Session} session */
  row(session) {
    const { session_id } = session;
    const isShown = session_id === store.view?.session_id;
    return row(session, {
      isShown,
      isRunning: isShown ? store.isBusy : session.running,
      isUnread: !isShown && seen.isUnread(session),
      isPicked: selection.isOn ? selection.has(session_id) : null,
      isEdited: session_id === this.edited,
    });
  }

  /** @param {any} event */
  onClick(event) {
    const item = itemOf(event);
    const button = event.target.closest('button');
    if (!item || !button) return;
    const { id = '' } = item.dataset;
    if (button.matches('.more')) openMenu(button, this.menuOf(id), { label: button.title });
    else if (selection.isOn) selection.toggle(id, { isRange: event.shiftKey, order: this.items().map(({ dataset }) => dataset.id ?? '') });
    else this.page.open(id);
  }

  /** @param {string} session_id */
  menuOf(session_id) {
    const session = shelf.find(session_id);
    return !session ? [] : menuOf(session, {
      rename: () => this.edit(session_id),
      move: moveToFolder,
      tags: editTags,
      select: () => { selection.start(); selection.toggle(session_id); },
    });
  }

  /** @param {number} count */
  tail(count) {
    const { failure, isRead, next } = shelf;
    if (failure) return html`<p class="none" role="alert">${failure} <button type="button" class="retry" @click=${() => shelf.refresh()}>${t('try_once_more')}</button></p>`;
    if (!isRead || next !== null) return html`<div class="loading" role="status" aria-label=${t('loading')}><i></i><i></i><i></i></div>`;
    return count ? nothing : html`<p class="none">${t(shelf.isNarrowed ? 'none_here' : `none_${shelf.place.shelf}`)}</p>`;
  }

  items() { return $$('li', this.element); }

  /** @param {string | null | undefined} session_id */
  item(session_id) { return session_id ? $$(`li[data-id="${CSS.escape(session_id)}"]`, this.element)[0] : undefined; }

  /** One row is reached by Tab; the arrow keys go on from it. @param {string | undefined} session_id */
  reach(session_id) {
    const row = this.item(session_id) ?? this.item(store.view?.session_id) ?? this.items()[0];
    this.reached = session_id;
    if (row === this.within) return;
    if (this.within) setReachable(this.within, -1);
    if (row) setReachable(row, 0);
    this.within = row;
  }

  /** Has the name of a session written anew in its row. @param {string} session_id */
  edit(session_id) {
    this.edited = session_id;
    this.paint();
    const input = /** @type {HTMLInputElement} */ ($('.rename', this.element));
    input.focus({ preventScroll: true });
    input.select();
  }

  /** A painting that moves the row takes the focus away and gives it back: that is no leaving. @param {string} written */
  onNameLeft(written) {
    const session_id = this.edited;
    queueMicrotask(() => {
      if (this.edited === session_id && !focused().matches('.rename')) this.endEdit(written, false);
    });
  }

  /** `written` is null when it was given up. @param {string | null} written @param {boolean} goesBack */
  endEdit(written, goesBack) {
    const session = shelf.find(this.edited ?? '');
    this.edited = null;
    if (!session) return;
    this.paint();
    if (goesBack) $('.session', this.item(session.session_id))?.focus({ preventScroll: true });
    if (written && written !== session.session_name) rename(session, written);
  }

  /** @param {any} event */
  onKey(event) {
    const item = itemOf(event);
    if (isName(event)) { this.onNameKey(event); return; }
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const { id = '' } = item.dataset;
    /** @type {Record<string, (() => void) | undefined>} */
    const acts = { ArrowRight: () => $('.more', item).focus(), ArrowLeft: () => $('.session', item).focus(), ...this.movesFrom(item), ...this.changesOf(id) };
    const act = acts[event.key];
    if (!act) return;
    act();
    event.preventDefault();
  }

  /** @param {any} event */
  onNameKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter') { event.preventDefault(); this.endEdit(writtenIn(event), true); } // what gets the focus is not pressed
    if (event.key === 'Escape') { event.stopPropagation(); this.endEdit(null, true); }
  }

  /** @param {HTMLElement} item */
  movesFrom(item) {
    const all = this.items();
    const at = all.indexOf(item);
    const targets = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) };
    return Object.fromEntries(Object.entries(targets).flatMap(([key, to]) => (to ? [[key, () => $('.session', to).focus()]] : [])));
  }

  /** @param {string} session_id */
  changesOf(session_id) {
    if (shelf.place.shelf === 'trash') return {};
    const session = shelf.find(session_id);
    return session ? { F2: () => this.edit(session_id), Delete: () => trash([session]) } : {};
  }
}

/** @type {(row: HTMLElement, tabIndex: number) => void} */
function setReachable(row, tabIndex) {
  for (const button of $$('button', row)) button.tabIndex = tabIndex;
}

/** @param {any} event @returns {HTMLElement | null} */
const itemOf = (event) => event.target.closest('li');

/** @param {any} event */
const isName = (event) => event.target.matches('.rename');

/** @returns {string} @param {any} event */
const writtenIn = (event) => event.target.value.trim();
