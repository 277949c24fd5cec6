// Questions on their way and replies that grow: rows of the history like all others, from their first word on.
import { alert } from '../lib/alerts.mjs';
import { api, follow } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { addGrowing, dropGrowing, nameGrowing } from './history.mjs';
import { takeIn } from './loading.mjs';
import { notice, problemBox } from './pieces.mjs';
import { Row } from './rows.mjs';
import { keepPlace, startFollowing } from './scrolling.mjs';
import { Waiting } from './waiting.mjs';
import { paintWelcome, welcome } from './welcome.mjs';

const RETRY_MS = [1_500, 4_000, 10_000];
const [MOST_VAIN, VAIN_MS] = [4, 5_000];
const STOP_MS = 10_000;
/** Then, as long as nobody knows how a reply has ended. */
const SLOWLY_MS = 20_000;

/** Turns of the shown session that the history does not hold yet, oldest first. */
let turns = /** @type {Turn[]} */ ([]);
/** @type {() => Promise<unknown>} */
let refresh = async () => {};

/** @param {HTMLElement} place @param {{ refresh: () => Promise<unknown> }} given */
export function mountLive(place, given) {
  refresh = given.refresh;
  place.append(welcome());
  on('view', takeView);
  for (const change of /** @type {const} */ (['choice', 'backends'])) on(change, greet);
  on('gone', () => turns.forEach((turn) => { if (!turn.isOver) turn.cut(); }));
  on('back', () => turns.forEach((turn) => { turn.close(); turn.resume(); }));
  // The server closes what nobody reads; a page that comes back from the browser's cache follows anew.
  addEventListener('pagehide', () => turns.forEach((turn) => turn.close()));
  addEventListener('pageshow', (event) => { if (event.persisted) turns.forEach((turn) => turn.resume()); });
}

/** @param {Changes['view']} given */
function takeView({ isOther }) {
  const { live, messages, session_id } = store.view;
  if (isOther) leaveTurns(() => true);
  turns.find((turn) => turn.isOver && turn.messageId === live?.message_id)?.goOn();
  const stored = /** @type {Set<string | null>} */ (new Set(messages.map((message) => message.message_id)));
  const isNews = turns.some((turn) => !turn.isOver && stored.has(turn.messageId)); // its end has not been heard
  leaveTurns((turn) => stored.has(turn.messageId) || (turn.isOver && turn.sessionId !== session_id));
  if (live && !turns.some((turn) => turn.messageId === live.message_id)) {
    (unanswered(messages.at(-1)) ?? add(new Turn({ choice: live, waited_ms: live.waited_ms }))).follow(live);
  }
  paintBusy();
  greet();
  if (isNews) emit('ended');
}

/** The turn whose question has been stored, although the server has not said so yet. @param {ShownMessage | undefined} question */
function unanswered(question) {
  const found = turns.find((turn) => !turn.messageId && !turn.isOver && turn.asked === question?.text);
  if (found?.question && question) nameGrowing(found.question, question.message_id);
  return found;
}

const greet = () => paintWelcome(turns.length === 0);

/** @param {(turn: Turn) => boolean} isLeaving */
function leaveTurns(isLeaving) {
  const leaving = turns.filter(isLeaving);
  turns = turns.filter((turn) => !leaving.includes(turn));
  leaving.forEach((turn) => turn.leave());
}

/** @param {Turn} turn */
function add(turn) {
  turns.push(turn);
  for (const row of [turn.question, turn.row]) if (row) addGrowing(row);
  paintBusy();
  greet();
  keepPlace();
  return turn;
}

/** @param {string} key @param {string} text @param {Choice | null} choice */
export function showQuestion(key, text, choice) {
  add(new Turn({ key, question: text, choice }));
  startFollowing();
}

/** The history may have been read between the question and this answer, and its reply be followed already. @param {string} key @param {Accepted} accepted */
export function followAccepted(key, accepted) {
  leaveTurns((turn) => turn.key !== key && turn.messageId === accepted.message_id);
  turns.find((turn) => turn.key === key)?.follow(accepted, accepted.question);
}

/** @param {string} key */
export function forgetQuestion(key) {
  leaveTurns((turn) => turn.key === key && !turn.messageId);
  paintBusy();
  greet();
}

/** The reply is heard as it grows, or may be one that was just asked for. @param {string | undefined} reply_id */
export const isHeard = (reply_id) => turns.some(({ isOver, messageId }) => messageId === reply_id || (!isOver && !messageId));

export const stopShown = () => turns.filter((turn) => !turn.isOver).forEach((turn) => turn.stop());

function paintBusy() {
  const isBusy = turns.some((turn) => !turn.isOver);
  if (isBusy === store.isBusy) return;
  store.isBusy = isBusy;
  emit('busy');
}

class Turn {
  messageId = /** @type {string | null} */ (null);
  sessionId = store.view.session_id;
  source = /** @type {EventSource | null} */ (null);
  isOver = false;
  /** Its events can't be read: only what is stored of it will be shown. */
  isGivenUp = false;
  wantsStop = false;
  /** The number of the last event that was heard. */
  seen = 0;
  attempts = 0;
  /** When the connection was opened, and what had been heard by then. */
  opened = /** @type {{ at: number, seen: number } | null} */ (null);
  vain = 0;
  /** The question as it was stored, when it was asked here. */
  stored = /** @type {MessageBody | null} */ (null);
  /** The notice that holds for the moment only ("trying again in 3 s"), and the timer that ends it. */
  passing = { notice: /** @type {HTMLElement | null} */ (null), timer: 0 };

  /** @param {{ key?: string | null, question?: string | null, choice: Choice | null, waited_ms?: number }} asked */
  constructor({ key = null, question = null, choice, waited_ms = 0 }) {
    this.key = key;
    this.asked = question;
    this.question = question === null ? null : new Row('user');
    this.question?.words.append(el('div', { class: 'asked' }, question));
    this.row = new Row('assistant');
    this.waiting = new Waiting(waited_ms);
    this.row.foot.append(this.waiting.element);
    this.row.element.classList.add('growing');
    // It is read out as it grows; what is stored is not.
    this.row.message.setAttribute('aria-live', 'polite');
    this.row.message.setAttribute('aria-busy', 'true');
    if (this.row.painter) this.row.painter.onPaint = keepPlace;
    this.choice = choice;
    this.paintWaiting();
  }

  paintWaiting(text = this.row.thoughts ? t('thinking') : t('waiting')) {
    const model = this.choice?.model ? `${this.choice.model} · ` : '';
    this.waiting.say(`${model}${this.wantsStop ? t('stopping') : text}`);
  }

  /** @param {Choice & { message_id: string }} given @param {MessageBody} [question] */
  follow({ message_id, backend, model }, question) {
    this.messageId = message_id;
    nameGrowing(this.row, message_id);
    if (this.question && question) nameGrowing(this.question, question.message_id);
    this.stored = question ?? null;
    this.choice = { backend, model };
    this.paintWaiting();
    this.resume();
    if (this.wantsStop) this.stop();
  }

  resume() {
    if (this.source || this.isOver || !this.messageId) return;
    const source = follow(`api/sessions/${this.sessionId}/events`, { message_id: this.messageId, after: this.seen || null });
    this.source = source;
    /** @param {string} name @param {(body: any) => void} act */
    const hear = (name, act) => source.addEventListener(name, (event) => { if (this.isNew(event)) act(JSON.parse(event.data)); });
    hear('delta', ({ text }) => this.addText(text));
    hear('reasoning', ({ text }) => this.addThought(text));
    hear('rethought', ({ text }) => this.rethink(text));
    hear('notice', (told) => this.tell(told));
    hear('completed', (body) => this.end(null, body));
    source.addEventListener('error', (event) => this.onError(event));
    source.addEventListener('open', () => {
      this.row.element.classList.remove('cut');
      this.opened = { at: performance.now(), seen: this.seen };
      this.paintWaiting();
    });
  }

  /** The server repeats nothing after a reconnection; this holds even if a proxy does. @param {MessageEvent} event */
  isNew(event) {
    const number = Number(event.lastEventId.split('.').at(-1));
    if (Number.isFinite(number)) {
      if (number <= this.seen) return false;
      this.seen = number;
    }
    return true;
  }

  /** Both the server's last word on a failed reply and the browser's on a lost connection have this name. @param {Event} event */
  onError(event) {
    if (event instanceof MessageEvent) { this.end(JSON.parse(event.data).message); return; }
    if (this.source?.readyState === this.source?.CLOSED) { this.end(); return; }
    this.countVain();
    if (this.vain >= MOST_VAIN) { this.isGivenUp = true; this.end(t('reply_unreadable')); return; }
    this.cut();
  }

  /** The connection is lost for now. */
  cut() {
    this.row.element.classList.add('cut');
    this.paintWaiting(t('reconnecting'));
  }

  /** A stream that ends at once, time after time, and says nothing will not say its last word either. */
  countVain() {
    const isVain = this.opened && this.opened.seen === this.seen && performance.now() - this.opened.at < VAIN_MS;
    this.vain = isVain ? this.vain + 1 : this.opened ? 0 : this.vain;
    this.opened = null;
  }

  /** @param {Partial<Choice> & { message: string, passing?: boolean, seconds?: number }} given */
  tell({ message, passing, seconds, backend, model }) {
    this.letPass();
    if (backend && model) { this.choice = { backend, model }; this.paintWaiting(); }
    const shown = notice(message);
    this.row.notices.append(shown);
    if (passing) this.passing = { notice: shown, timer: seconds ? setTimeout(() => this.letPass(), seconds * 1000) : 0 };
    keepPlace();
  }

  letPass() {
    clearTimeout(this.passing.timer);
    this.passing.notice?.remove();
    this.passing = { notice: null, timer: 0 };
  }

  /** @param {string} text */
  addText(text) {
    this.letPass();
    this.row.element.classList.add('speaking');
    this.row.painter?.add(text);
  }

  /** @param {string} text */
  addThought(text) {
    this.letPass();
    this.row.addThought(text);
    this.paintWaiting();
    keepPlace();
  }

  /** Show as thoughts what was shown as the reply so far: it turned out to be thinking. @param {string} text */
  rethink(text) {
    this.row.painter?.clear();
    this.row.element.classList.remove('speaking');
    this.row.showThoughts(text);
    this.paintWaiting();
    keepPlace();
  }

  async stop() {
    this.wantsStop = true;
    this.row.element.classList.add('stopping');
    this.paintWaiting();
    if (!this.messageId) return;
    try {
      await api('POST', `api/sessions/${this.sessionId}/stop`, { patience_ms: STOP_MS });
    } catch ({ status }) {
      if (status && status < 500) return; // it is over by now
      this.wantsStop = false;
      this.row.element.classList.remove('stopping');
      this.paintWaiting();
      alert(t('server_away'));
    }
  }

  /** @param {string | null} [problem] @param {ChatBody} [body] all of the reply, when it ended well */
  end(problem, body) {
    this.close();
    this.isOver = true;
    this.waiting.end();
    this.letPass();
    this.row.painter?.end();
    this.row.message.setAttribute('aria-busy', 'false');
    this.row.element.classList.add('over');
    this.waiting.element.classList.add('said');
    if (problem) this.row.foot.prepend(problemBox(problem));
    paintBusy();
    emit('ended');
    if (!body || !this.stored || !takeIn(this.stored, body)) this.askForStored();
  }

  /** The reply is stored: what stands around it is read. Asked again when the server does not answer. */
  async askForStored() {
    if (!turns.includes(this)) return;
    const wait = RETRY_MS[this.attempts] ?? SLOWLY_MS;
    this.attempts += 1;
    try { await refresh(); } catch { /* asked again */ }
    if (this.isOver && turns.includes(this)) this.retry = setTimeout(() => this.askForStored(), wait);
  }

  /** What looked like its end was the connection's: it grows still. */
  goOn() {
    if (this.isGivenUp) return;
    clearTimeout(this.retry);
    this.isOver = false;
    this.row.message.setAttribute('aria-busy', 'true');
    this.row.element.classList.remove('over');
    this.waiting.element.classList.remove('said');
    this.resume();
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  /** The history has it now, or another session is shown. */
  leave() {
    this.close();
    this.waiting.end();
    clearTimeout(this.passing.timer);
    clearTimeout(this.retry);
    this.waiting.element.remove();
    this.row.element.classList.remove('growing', 'over', 'speaking', 'stopping', 'cut');
    this.row.message.removeAttribute('aria-live');
    this.row.message.removeAttribute('aria-busy');
    for (const row of [this.question, this.row]) if (row) dropGrowing(row);
  }
}
