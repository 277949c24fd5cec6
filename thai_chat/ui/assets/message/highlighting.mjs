// Has a worker find the colours of code: one piece of code at a time, and never more than the page can bear.
import { beginsWith } from './lines.mjs';

/** @typedef {[string, string]} Part */
/** @typedef {[number, Part[]][]} Changes */

const MOST_CHARS = 200_000;
const PAUSE_MS = 150;
/** A grammar that takes longer is lost in what it reads. */
const MOST_MS = 5_000;
/** A worker that has not begun by then hangs, with its files or with a server that is gone. */
const BEGUN_WITHIN_MS = 8_000;
/** So long after each failure in a row another worker is tried; after the last one code stays as it is. */
const RETRY_MS = [500, 3_000, 15_000];

/** @type {Worker | null} */
let worker = null;
let failures = 0;
let lastId = 0;
let limit = 0;
let retry = 0;
/** @type {Highlighting | null} */
let running = null;
/** @type {Set<Highlighting>} */
const waiting = new Set();

function start() {
  try {
    const started = new Worker(new URL('./highlighter.mjs', import.meta.url), { type: 'module' });
    started.addEventListener('message', ({ data }) => onAnswer(data));
    started.addEventListener('error', () => { if (worker === started) startAnew(); });
    worker = started;
  } catch { startAnew(); }
}

/** What the failed worker was at is done again by the next one; without a worker code stays as it is. */
function startAnew() {
  stop();
  if (running) {
    running.forget();
    waiting.add(running);
  }
  running = null;
  const pause = RETRY_MS[failures];
  failures += 1;
  retry = setTimeout(() => { retry = 0; next(); }, pause ?? 0);
}

function stop() {
  clearTimeout(limit);
  worker?.terminate();
  worker = null;
}

/** @param {{ id: number, hasBegun?: boolean, hasFailed?: boolean, changes?: Changes }} answer */
function onAnswer({ id, hasBegun, hasFailed, changes }) {
  if (running?.id !== id) return;
  clearTimeout(limit);
  failures = 0;
  if (hasBegun) { limit = setTimeout(leaveBehind, MOST_MS); return; }
  const answered = running;
  running = null;
  if (hasFailed) answered.end();
  else answered.take(changes ?? []);
  next();
}

/** The worker can't be asked to stop: another one goes on with what waits. */
function leaveBehind() {
  const left = running;
  running = null;
  stop();
  left?.end();
  next();
}

function next() {
  if (failures > RETRY_MS.length) waiting.clear();
  if (running || retry) return;
  const [first] = waiting;
  if (!first) return;
  if (!worker) start();
  if (!worker) return;
  waiting.delete(first);
  running = first;
  limit = setTimeout(startAnew, BEGUN_WITHIN_MS);
  worker.postMessage(first.job(worker));
}

/** The colours of one piece of code, which may be growing. */
export class Highlighting {
  id = ++lastId;
  code = '';
  isOpen = false;
  /** What the worker knows of the code, and which worker it was. */
  sent = '';
  knower = /** @type {Worker | null} */ (null);
  coloured = Infinity;
  sentAt = 0;
  /** What the running job was made of. */
  asked = { code: '', isLast: false };
  restUntil = 0;
  timer = 0;
  hasEnded = false;

  /** @param {string} grammar @param {(changes: Changes) => void} onColours */
  constructor(grammar, onColours) {
    this.grammar = grammar;
    this.onColours = onColours;
  }

  /** `coloured`: so many lines still have the colours that were told. @param {{ code: string, isOpen: boolean, coloured: number }} now */
  update({ code, isOpen, coloured }) {
    this.code = code;
    this.coloured = Math.min(this.coloured, coloured);
    this.isOpen = isOpen;
    if (!this.hasEnded && !this.timer && running !== this && this.isBehind) this.ask();
  }

  /** What grows beyond the limit changes no colour any more. */
  get isBehind() {
    if (!this.isOpen && !this.asked.isLast) return true;
    return this.code !== this.asked.code && (this.code.length <= MOST_CHARS || this.asked.code.length <= MOST_CHARS);
  }

  ask() {
    const pause = this.isOpen ? this.restUntil - performance.now() : 0;
    if (pause > 0) this.timer = setTimeout(() => { this.timer = 0; this.join(); }, pause);
    else this.join();
  }

  join() {
    waiting.add(this);
    next();
  }

  /** Of very long code only the whole lines that fit are given colours. */
  get text() {
    return this.code.length > MOST_CHARS ? this.code.slice(0, this.code.lastIndexOf('\n', MOST_CHARS) + 1) : this.code;
  }

  /** @param {Worker} asked */
  job(asked) {
    const { text } = this;
    const isKnown = this.knower === asked;
    const keep = isKnown && beginsWith(text, this.sent) ? this.sent.length : 0;
    const coloured = isKnown ? this.coloured : 0;
    const job = { id: this.id, grammar: this.grammar, keep, add: text.slice(keep), coloured, isLast: !this.isOpen };
    this.coloured = Infinity;
    this.sent = job.isLast ? '' : text;
    this.asked = { code: this.code, isLast: job.isLast };
    this.knower = asked;
    this.sentAt = performance.now();
    return job;
  }

  /** Forget what was asked, for it is not answered. */
  forget() {
    this.knower = null;
    this.asked = { code: '', isLast: false };
  }

  /** @param {Changes} changes */
  take(changes) {
    const now = performance.now();
    this.restUntil = now + Math.max(PAUSE_MS, now - this.sentAt);
    this.onColours(changes);
    if (this.isBehind) this.ask();
  }

  end() {
    this.hasEnded = true;
    waiting.delete(this);
  }
}
