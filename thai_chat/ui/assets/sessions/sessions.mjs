// The list of sessions in the sidebar: groups by day, more on scrolling, and the same rows kept while all of it lives.
import { $, $$, el, focused } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { menuOf, mountActions, rename, trash } from './actions.mjs';
import { grouping, groupLabel } from './days.mjs';
import { editTags, moveToFolder } from './labels.mjs';
import { Row } from './row.mjs';
import { selection } from './selection.mjs';
import { moment, shelf } from './shelf.mjs';
import { mountShelves } from './shelves.mjs';

const SOON_MS = 3_000;
const AHEAD_PX = '800px';
/** Rows of a list; a list out of sight is not laid out, so that thousands of rows scroll as few do. */
const LAID_OUT_TOGETHER = 50;
/** About how high a row is, until it has been seen. */
const ROW_PX = 40;

export function mountSessions({ element }, page) {
  mountActions(page);
  const list = new List(page);
  const paint = () => list.paint();
  element.append(mountShelves(), list.element);
  list.watchEnd(element.closest('#recent'));
  for (const change of /** @type {const} */ (['sessions', 'selection', 'view', 'busy'])) on(change, paint);
  on('view', ({ isOther }) => { if (isOther) list.show(store.view?.session_id); });
  on('accepted', noteAsked);
  on('accepted', ({ session_id }) => list.show(session_id));
  for (const change of /** @type {const} */ (['ended', 'imported'])) on(change, () => shelf.refresh());
  on('polled', () => { if (!document.hidden) shelf.refresh(); });
  followRunning();
  shelf.refresh();
}

/** A question was taken: its session is the newest now, and may be new. */
function noteAsked({ session_id, question, backend, model }) {
  const known = shelf.find(session_id) ?? {
    session_id, session_name: firstWords(question.content), pinned_at: null, archived_at: null, deleted_at: null, tags: [], folder: null,
  };
  shelf.put({ ...known, backend, model, updated_at: question.created_at, running: true });
}

/** Until the server has named it; cut between characters as people see them. */
function firstWords(text) {
  const characters = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text.trim().split('\n')[0])];
  return characters.slice(0, 40).map(({ segment }) => segment).join('');
}

/** A reply of another session ends without a word to this page. */
function followRunning() {
  setInterval(() => {
    const isElsewhere = shelf.sorted.some(({ running, session_id }) => running && session_id !== store.view?.session_id);
    if (isElsewhere && !document.hidden) shelf.refresh();
  }, SOON_MS);
}

class List {
  constructor(page) {
    this.page = page;
    this.rows = new Map();
    this.sections = new Map();
    this.tail = el('div', { class: 'tail' });
    this.element = el('nav', { class: 'sessions', 'aria-label': t('sessions') }, this.tail);
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.element.addEventListener('focusin', (event) => this.reach(/** @type {HTMLElement} */ (event.target).closest('li')?.dataset.id));
  }

  watchEnd(root) {
    this.end = new IntersectionObserver((seen) => { if (seen.at(-1)?.isIntersecting) shelf.more(); }, { root, rootMargin: AHEAD_PX });
  }

  paint() {
    const groups = this.groups();
    const kept = new Set(groups.flatMap(({ sessions }) => sessions.map(({ session_id }) => session_id)));
    const heir = this.heirOfFocus(kept);
    for (const [session_id, row] of this.rows) if (!kept.has(session_id)) { row.element.remove(); this.rows.delete(session_id); }
    for (const [key, section] of this.sections) if (!groups.some((group) => group.key === key)) { section.remove(); this.sections.delete(key); }
    inOrder(this.element, [...groups.map((group) => this.section(group)), this.tail]);
    this.paintTail(kept.size);
    heir?.focus();
    this.reach(this.reached);
    this.bringIntoSight();
  }

  /** Scrolls to the row of a session as soon as it is listed; not to one that is on none of the pages read so far. */
  show(session_id) {
    this.wanted = session_id;
    this.bringIntoSight();
  }

  bringIntoSight() {
    const row = this.rows.get(this.wanted)?.element;
    if (row || shelf.isRead) this.wanted = null;
    if (!row) return;
    // Not scrollIntoView, which would move the page as well while the sidebar is closed.
    const scroller = /** @type {HTMLElement} */ (this.element.closest('#recent'));
    const [list, item] = [scroller, row].map((element) => element.getBoundingClientRect());
    const beyond = Math.min(0, item.top - list.top) || Math.max(0, item.bottom - list.bottom);
    scroller.scrollTop += beyond;
  }

  groups() {
    const groupOf = grouping();
    const groups = new Map();
    const add = (key, session) => { if (groups.has(key)) groups.get(key).push(session); else groups.set(key, [session]); };
    shelf.pinned.forEach((session) => add('pinned', session));
    shelf.others.forEach((session) => add(groupOf(moment(session)), session));
    return [...groups].map(([key, sessions]) => ({ key, sessions }));
  }

  section({ key, sessions }) {
    if (!this.sections.has(key)) {
      const heading = el('h3', { id: `group-${key}` }, groupLabel(key));
      this.sections.set(key, el('section', { 'aria-labelledby': heading.id }, heading));
    }
    const section = this.sections.get(key);
    const [heading, ...lists] = section.children;
    const needed = Array.from({ length: Math.ceil(sessions.length / LAID_OUT_TOGETHER) }, (_, at) => lists[at] ?? el('ul', { role: 'list' }));
    inOrder(section, [heading, ...needed]);
    const rows = sessions.map((session) => this.row(session));
    needed.forEach((list, at) => {
      const own = rows.slice(at * LAID_OUT_TOGETHER, (at + 1) * LAID_OUT_TOGETHER);
      inOrder(list, own);
      list.style.containIntrinsicBlockSize = `auto ${own.length * ROW_PX}px`;
    });
    return section;
  }

  row(session) {
    const { session_id } = session;
    if (!this.rows.has(session_id)) {
      this.rows.set(session_id, new Row(session_id, {
        press: (event) => this.press(session_id, event.shiftKey),
        menu: () => menuOf(shelf.find(session_id), {
          rename: () => this.rename(session_id),
          move: moveToFolder,
          tags: editTags,
          select: () => { selection.start(); selection.toggle(session_id); },
        }),
      }));
    }
    const row = this.rows.get(session_id);
    const isShown = session_id === store.view?.session_id;
    row.paint(session, { isShown, isRunning: isShown ? store.isBusy : session.running, isPicked: selection.isOn ? selection.has(session_id) : null });
    return row.element;
  }

  press(session_id, isRange) {
    if (selection.isOn) selection.toggle(session_id, { isRange, order: this.items().map(({ dataset }) => dataset.id ?? '') });
    else this.page.open(session_id);
  }

  paintTail(count) {
    const { failure, isRead, next } = shelf;
    this.end?.unobserve(this.tail);
    this.tail.replaceChildren();
    if (failure) {
      this.tail.append(el('p', { class: 'none', role: 'alert' }, failure, ' ', el('button', { type: 'button', class: 'retry', onclick: () => shelf.refresh() }, t('try_once_more'))));
    } else if (!isRead || next !== null) {
      this.tail.append(el('div', { class: 'loading', role: 'status', 'aria-label': t('loading') }, el('i'), el('i'), el('i')));
    } else if (!count) {
      this.tail.append(el('p', { class: 'none' }, t(shelf.isNarrowed ? 'none_here' : `none_${shelf.place.shelf}`)));
    }
    if (isRead && next !== null) this.end?.observe(this.tail);
  }

  /** The row that gets the focus when the one that has it is about to go. */
  heirOfFocus(kept) {
    const losing = /** @type {HTMLLIElement | null} */ (focused().closest('#recent li'));
    if (!losing || kept.has(losing.dataset.id)) return null;
    const all = this.items();
    const at = all.indexOf(losing);
    const heir = all.slice(at + 1).find(({ dataset }) => kept.has(dataset.id)) ?? all.slice(0, at).findLast(({ dataset }) => kept.has(dataset.id));
    return heir ? $('.session', heir) : null;
  }

  items() { return $$('li', this.element); }

  /** One row is reached by Tab; the arrow keys go on from it. */
  reach(session_id) {
    const row = this.rows.get(session_id) ?? this.rows.get(store.view?.session_id) ?? this.rows.get(this.items()[0]?.dataset.id);
    this.reached = session_id;
    if (row === this.within) return;
    this.within?.setReachable(false);
    row?.setReachable(true);
    this.within = row;
  }

  rename(session_id) {
    const session = shelf.find(session_id);
    if (!session) return;
    this.rows.get(session_id).edit(session.session_name, (name) => {
      if (name && name !== session.session_name) rename(session, name);
      else this.paint();
    });
  }

  onKey(event) {
    const item = event.target.closest('li');
    if (!item || event.target.matches('input') || event.ctrlKey || event.metaKey || event.altKey) return;
    const session_id = item.dataset.id;
    const all = this.items();
    const at = all.indexOf(item);
    const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[event.key];
    if (to) $('.session', to).focus();
    else if (event.key === 'ArrowRight') $('.more', item).focus();
    else if (event.key === 'ArrowLeft') $('.session', item).focus();
    else if (event.key === 'F2' && shelf.place.shelf !== 'trash') this.rename(session_id);
    else if (event.key === 'Delete' && shelf.place.shelf !== 'trash') trash([shelf.find(session_id)]);
    else return;
    event.preventDefault();
  }
}

/** Moves as few of the children as it can: what stays where it is keeps its focus, and the list its scroll place. */
function inOrder(parent, wanted) {
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) { at = at.nextSibling; continue; }
    const hadFocus = child.contains(focused()) ? focused() : null;
    parent.insertBefore(child, at);
    hadFocus?.focus({ preventScroll: true });
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}
