// One turn on its way: the row of its question, when it was asked here, and that of its reply, which grows.
import { alert } from '../lib/alerts.mjs';
import { api, follow } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { dropGrowing, nameGrowing } from './history.mjs';
import { takeIn } from './loading.mjs';
import { notice, problemBox } from './pieces.mjs';
import { Row } from './rows.mjs';
import { keepPlace } from './scrolling.mjs';
import { Waiting } from './waiting.mjs';

const RETRY_MS = [1_500, 4_000, 10_000];
const [MOST_VAIN, VAIN_MS] = [4, 5_000];
const STOP_MS = 10_000;
/** Then, as long as nobody knows how a reply has ended. */
const SLOWLY_MS = 20_000;

/**
 * The turns that the page follows: reads the history anew, tells whether a turn is one of them, and hears of its end.
 *
 * @typedef {{ refresh: () => Promise<unknown>, has: (turn: Turn) => boolean, ended: () => void }} Turns
 */

export class Turn {
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

  /** @param {Turns} turns @param {{ key?: string | null, question?: string | null, choice: Choice | null, waited_ms?: number }} asked */
  constructor(turns, { key = null, question = null, choice, waited_ms = 0 }) {
    this.turns = turns;
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
    this.name(message_id);
    if (this.question && question) nameGrowing(this.question, question.message_id);
    this.stored = question ?? null;
    this.choice = { backend, model };
    this.paintWaiting();
    this.resume();
    if (this.wantsStop) this.stop();
  }

  /** @param {string} message_id */
  name(message_id) { nameGrowing(this.row, message_id); }

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
      await api('POST', `api/sessions/${this.sessionId}/stop`, { query: { message_id: this.messageId }, patience_ms: STOP_MS });
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
    this.turns.ended();
    if (!body || !this.takeIn(body)) this.askForStored();
  }

  /** Show all of the reply; false when that has to be read. @param {ChatBody} body */
  takeIn(body) { return this.stored !== null && takeIn(this.stored, body); }

  /** The reply is stored: what stands around it is read. Asked again when the server does not answer. */
  async askForStored() {
    if (!this.turns.has(this)) return;
    const wait = RETRY_MS[this.attempts] ?? SLOWLY_MS;
    this.attempts += 1;
    try { await this.turns.refresh(); } catch { /* asked again */ }
    if (this.isOver && this.turns.has(this)) this.retry = setTimeout(() => this.askForStored(), wait);
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
    this.drop();
  }

  drop() { for (const row of [this.question, this.row]) if (row) dropGrowing(row); }
}
