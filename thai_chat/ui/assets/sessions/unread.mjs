// Which sessions have something that was not seen yet in this browser: they were asked in, and not shown since their reply ended.
import { keep, kept, onKept } from '../lib/kept.mjs';
import { moment } from './shelf.mjs';

const NAME = 'seen';
/** So many are remembered; what is older than those counts as seen. */
const MOST = 300;

class Seen {
  /** Until when, in milliseconds of the server's clock, all is seen; null while nothing is known. */
  #until = /** @type {number | null} */ (null);
  /** When each session was shown last, in the order of their showing. @type {Map<string, number>} */
  #moments = new Map();

  constructor() {
    this.#read(kept(NAME));
    onKept((name, value) => { if (name === NAME) this.#read(value); });
  }

  /** @param {string | null} value */
  #read(value) {
    try {
      const { until, moments } = JSON.parse(value ?? 'null') ?? {};
      this.#until = typeof until === 'number' ? until : this.#until;
      this.#moments = new Map(Array.isArray(moments) ? moments.filter(([id, at]) => typeof id === 'string' && typeof at === 'number') : []);
    } catch { /* of another program: what is known stays */ }
  }

  /** What there is at the first visit is not new. @param {Session[]} sessions */
  begin(sessions) {
    if (this.#until !== null) return;
    this.#until = Math.max(0, ...sessions.map(moment));
    this.#write();
  }

  /** It is shown, and its reply has ended. @param {Session} session */
  see(session) {
    const at = moment(session);
    if ((this.#moments.get(session.session_id) ?? 0) >= at) return;
    this.#moments.delete(session.session_id);
    this.#moments.set(session.session_id, at);
    while (this.#moments.size > MOST) {
      const [oldest, seenAt] = [...this.#moments][0];
      this.#moments.delete(oldest);
      this.#until = Math.max(this.#until ?? 0, seenAt);
    }
    this.#write();
  }

  /** @param {Session} session */
  isUnread(session) {
    return this.#until !== null && !session.running && moment(session) > Math.max(this.#until, this.#moments.get(session.session_id) ?? 0);
  }

  #write() { keep(NAME, JSON.stringify({ until: this.#until, moments: [...this.#moments] })); }
}

export const seen = new Seen();
