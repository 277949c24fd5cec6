// The sessions that the sidebar lists: read in pages, kept in step with the server.
import { api, isAborted } from '../lib/api.mjs';
import { emit } from '../lib/store.mjs';

const PAGE = 50;
const PINNED_PAGE = 200;

/** Return when a session was changed last, in milliseconds: read once. @param {Session} session */
export function moment(session) {
  session.at ??= Date.parse(session.updated_at);
  return session.at;
}

/** @param {Session} one @param {Session} other */
const isNewer = (one, other) => moment(one) > moment(other) || (moment(one) === moment(other) && one.session_id > other.session_id);
/** @param {Session} one @param {Session} other */
const newestFirst = (one, other) => (isNewer(one, other) ? -1 : 1);

/** @param {Pick<Session, 'archived_at' | 'deleted_at'>} given */
export const shelfOf = ({ archived_at, deleted_at }) => (deleted_at ? 'trash' : archived_at ? 'archived' : 'current');

/** `folder` and `tag` narrow a shelf. @typedef {{ shelf: ShelfName, folder: string | null, tag: string | null }} Place */

class Shelf {
  place = /** @type {Place} */ ({ shelf: 'current', folder: null, tag: null });
  reading = /** @type {(AbortController & { isRefresh: boolean }) | null} */ (null);
  known = /** @type {Map<string, Session>} */ (new Map());
  /** The cursor of the next page; null behind the last one. */
  next = /** @type {string | null} */ (null);
  isRead = false;
  failure = /** @type {string | null} */ (null);
  changes = 0;
  /** Deeds on sessions that are under way here. */
  deeds = 0;
  isStale = false;
  first = /** @type {Promise<void> | null} */ (null);

  reset() {
    this.reading?.abort();
    this.reading = null;
    this.known = new Map();
    this.next = null;
    this.isRead = false;
    this.failure = null;
    this.changes = 0;
  }

  /** @param {Partial<Place>} place */
  show(place) {
    this.place = { shelf: 'current', folder: null, tag: null, ...place };
    this.reset();
    emit('place');
    emit('sessions');
    return this.refresh();
  }

  /** @param {string} session_id */
  find(session_id) { return this.known.get(session_id); }

  /** Newest first; those that are pinned apart, where pins are shown. */
  get sorted() { return [...this.known.values()].sort(newestFirst); }

  get pinned() { return this.showsPins ? this.sorted.filter((session) => session.pinned_at) : []; }

  get others() { return this.showsPins ? this.sorted.filter((session) => !session.pinned_at) : this.sorted; }

  get showsPins() { return this.place.shelf === 'current'; }

  get isNarrowed() { return Boolean(this.place.folder || this.place.tag); }

  /** The first page for the first time; who needs it later gets the same reading. */
  begin() {
    this.first ??= this.refresh();
    return this.first;
  }

  /** The first page anew, merged into what is known: rows that stay keep their place. */
  async refresh() {
    if (this.reading?.isRefresh) { this.isStale = true; return; }
    await this.read(true, async (signal) => {
      let changes;
      do {
        ({ changes } = this);
        this.isStale = false;
        const [pinned, first] = await Promise.all([
          this.showsPins ? this.allPinned(signal) : [],
          this.page(this.showsPins ? { pinned: false } : {}, signal),
        ]);
        // The answer lacks what was changed here while it was on its way.
        if (changes === this.changes && !this.isStale) this.merge(pinned, first);
      } while (changes !== this.changes || this.isStale);
    });
  }

  /** @param {AbortSignal} signal */
  async allPinned(signal) {
    const found = [];
    let cursor = null;
    do {
      const page = await this.page({ pinned: true, limit: PINNED_PAGE, cursor }, signal);
      found.push(...page.sessions);
      cursor = page.next;
    } while (cursor !== null);
    return found;
  }

  /** The next page, when there is one and nothing is being read. */
  async more() {
    if (this.reading || this.next === null || this.failure) return;
    await this.read(false, async (signal) => {
      const page = await this.page({ ...(this.showsPins ? { pinned: false } : {}), cursor: this.next }, signal);
      for (const session of page.sessions) if (!this.known.has(session.session_id)) this.known.set(session.session_id, session);
      this.next = page.next;
    });
  }

  /** @param {boolean} isRefresh @param {(signal: AbortSignal) => Promise<void>} act */
  async read(isRefresh, act) {
    this.reading?.abort();
    const mine = Object.assign(new AbortController(), { isRefresh });
    this.reading = mine;
    try {
      await act(mine.signal);
      this.isRead = true;
      this.failure = null;
    } catch (error) {
      if (isAborted(error) || this.reading !== mine) return;
      this.failure = error.message;
    }
    if (this.reading !== mine) return;
    this.reading = null;
    emit('sessions');
  }

  /** @param {Record<string, unknown>} query @param {AbortSignal} signal */
  page(query, signal) {
    return api('GET', 'api/sessions', { query: { limit: PAGE, ...this.place, ...query }, signal });
  }

  /** @param {Session[]} pinned @param {SessionsPage} given */
  merge(pinned, { sessions, next }) {
    const fresh = new Map([...pinned, ...sessions].map((session) => [session.session_id, session]));
    const last = sessions.at(-1);
    const isConnected = next === null || sessions.some(({ session_id }) => this.known.has(session_id));
    if (!this.isRead || !isConnected) {
      this.known = fresh;
      this.next = next;
      return;
    }
    // A session that would be on this page and is not has gone elsewhere. Nothing is known of older ones: they stay.
    for (const [session_id, session] of this.known) {
      if (fresh.has(session_id)) continue;
      if (next === null || !last || moment(session) > moment(last)) this.known.delete(session_id);
      else if (this.showsPins) session.pinned_at = null;
    }
    for (const [session_id, session] of fresh) this.known.set(session_id, session);
    if (next === null) this.next = null;
  }

  /** Sessions as they are now: listed, or no longer, as this place asks for. @param {...Session} sessions */
  put(...sessions) {
    if (!sessions.length) return;
    for (const session of sessions) {
      if (this.holds(session)) this.known.set(session.session_id, { ...session, at: undefined });
      else this.known.delete(session.session_id);
    }
    this.changed();
  }

  /** @param {...string} session_ids */
  drop(...session_ids) {
    if (!session_ids.length) return;
    session_ids.forEach((session_id) => this.known.delete(session_id));
    this.changed();
  }

  changed() {
    this.changes += 1;
    emit('sessions');
  }

  /** A temporary session is in no list. @param {Session} session */
  holds(session) {
    const { shelf: name, folder, tag } = this.place;
    return !session.temporary && shelfOf(session) === name && (!folder || session.folder === folder) && (!tag || session.tags.includes(tag));
  }
}

export const shelf = new Shelf();
