// One stream of what changes at the server, kept open: it also tells when the server falls silent, and goes on trying.
import { answers, follow, lookWhoAsks } from './api.mjs';

const TOLD = ['hello', 'changed', 'began', 'ended', 'deleted', 'anew', 'crowded', 'beat'];
const LOOK_MS = 150;
/** The server beats every second. Whoever hears nothing for so long asks whether it lives, and waits so long for the answer. */
const [SILENT_MS, LIVES_MS] = [1_200, 500];
/** The clock of a page that slept, or was not let run, stands still. */
const SLEPT_MS = 1_500;
/** A stream that ends sooner than this is not opened again at once. */
const SHORT_MS = 1_000;
/** More pages follow than the server tells, and this one has for longest: it leaves its place to the others for so long. */
export const REST_MS = 15_000;
/** How long is waited between attempts: while the server may be back any moment, and later. */
const [SOON_MS, LATER_MS] = [500, 5_000];
const SOON_FOR_MS = 120_000;
/** So many attempts are made soon where the server answers and its stream does not come. */
const MOST_VAIN = 3;

export class Stream {
  source = /** @type {EventSource | null} */ (null);
  isOpen = false;
  isGone = false;
  isAsking = false;
  /** The attempts that brought nothing, one after another. */
  vain = 0;
  /** When the stream was opened, when it was heard last or opened, when that was looked at, and since when the server may be back any moment. */
  at = { opened: 0, heard: 0, looked: 0, hoped: 0 };
  timers = { look: 0, retry: 0 };
  restUntil = 0;

  /** `tell` hears each event, and `gone` again and again while the server is away. @param {(name: string, body: any) => void} tell */
  constructor(tell) { this.tell = tell; }

  open() {
    if (this.isOpen) return;
    this.isOpen = true;
    this.at.looked = Date.now();
    this.timers.look = setInterval(() => this.look(), LOOK_MS);
    this.connect();
  }

  close() {
    this.isOpen = false;
    clearInterval(this.timers.look);
    this.drop();
  }

  /** There is a reason to believe that the server is back, or that it is away. */
  hurry() {
    if (!this.isOpen) return;
    this.vain = 0;
    this.at.hoped = Date.now();
    if (this.isGone) this.connect();
    else this.check();
  }

  /** Something else got no answer. */
  doubt() { if (this.isOpen && !this.isGone) this.check(); }

  drop() {
    clearTimeout(this.timers.retry);
    this.source?.close();
    this.source = null;
  }

  connect() {
    this.drop();
    const source = follow('api/changes', {});
    this.source = source;
    this.restUntil = 0;
    this.at.opened = this.at.heard = Date.now();
    for (const name of TOLD) source.addEventListener(name, ({ data }) => this.hear(name, JSON.parse(data)));
    source.addEventListener('error', () => this.fail());
  }

  /** @param {string} name @param {any} body */
  hear(name, body) {
    this.at.heard = Date.now();
    this.isGone = false;
    this.vain = 0;
    this.tell(name, body);
    if (name === 'crowded') this.rest();
  }

  rest() {
    this.drop();
    this.restUntil = Date.now() + REST_MS;
    this.timers.retry = setTimeout(() => this.connect(), REST_MS);
  }

  /** What has worked is tried again at once: a stream may break while the server is well. */
  fail() {
    const { opened, heard } = this.at;
    this.drop();
    lookWhoAsks(); // it ends with the session of who follows, and is refused then
    if (heard - opened > SHORT_MS) this.connect();
    else this.check();
  }

  look() {
    const now = Date.now();
    const hasSlept = now - this.at.looked > SLEPT_MS;
    this.at.looked = now;
    const silent = now - this.at.heard;
    if (!this.source || silent < SILENT_MS) return;
    if (hasSlept) this.connect();
    else this.check();
  }

  /** Something between server and page may swallow the stream alone: only a server that does not answer at all is gone. */
  async check() {
    if (this.isAsking) return;
    this.isAsking = true;
    const { heard } = this.at;
    const lives = await answers(LIVES_MS);
    this.isAsking = false;
    if (!this.isOpen || this.at.heard !== heard) return;
    if (lives && (Date.now() < this.restUntil || (this.source && Date.now() - heard < SILENT_MS))) return;
    this.vain += 1;
    if (lives && this.isGone) this.tell('back', null);
    if (!lives && !this.isGone) this.at.hoped = Date.now();
    this.isGone = !lives;
    if (this.isGone) this.tell('gone', null);
    this.drop();
    const isSoon = this.isGone ? Date.now() - this.at.hoped < SOON_FOR_MS : this.vain < MOST_VAIN;
    this.timers.retry = setTimeout(() => this.connect(), isSoon ? SOON_MS : LATER_MS);
  }
}
