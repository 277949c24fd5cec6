// A message of the history: what was said, drawn by the painter, and what stands around it.
import { copyText, el, icon, iconButton, refill } from '../lib/dom.mjs';
import { modelInfo, store } from '../lib/store.mjs';
import { clock, duration, nameOf, t, when } from '../lib/texts.mjs';
import { Painter } from '../message/painter.mjs';
import { drawParts } from '../message/parts.mjs';
import { fetchBox } from '../models/fetching.mjs';
import { moreButton } from './actions.mjs';
import { factsOf } from './facts.mjs';
import { notice, problemBox, thoughtsBox } from './pieces.mjs';
import { RatingControl } from './rating.mjs';
import { continueButton, hasOthers, questionControls, reopenEditor, replyControls } from './versions.mjs';

const LABEL_CHARS = 300;
const COPIED_MS = 1_600;
/** Thinking that is over sooner has no figure. */
const SHORT_MS = 500;

/**
 * One row, which stays the same element from the first word of a reply for as long as it is shown: what is opened,
 * selected or read in it is not disturbed by its end.
 */
export class Row {
  /** The message that is shown. */
  shown = /** @type {ShownMessage | null} */ (null);
  /** What is drawn already, and around it. */
  text = /** @type {string | null} */ (null);
  #around = '';
  thoughts = /** @type {HTMLElement | null} */ (null);
  #thoughtsTitle = el('span', {}, t('thoughts'));

  /** @param {'user' | 'assistant'} role */
  constructor(role) {
    this.role = role;
    this.notices = el('div', { class: 'notices' });
    this.words = el('div', { class: 'words' });
    this.foot = el('div', { class: 'below' });
    const isQuestion = role === 'user';
    this.message = el('div', { class: `message ${isQuestion ? 'user' : 'bot'}` }, isQuestion ? null : this.notices, this.words, this.foot);
    this.element = el('article', { class: `message-row ${isQuestion ? 'user-row' : 'bot-row'}` }, this.message);
    this.painter = isQuestion ? null : new Painter(this.words);
    this.rating = isQuestion ? null : new RatingControl();
  }

  /** @param {string} message_id */
  name(message_id) { this.element.dataset.messageId = message_id; }

  /** Name the day above the first message of it. @param {string | undefined} name */
  tellDay(name) {
    const told = this.element.firstElementChild;
    if (told?.className === 'new-day') {
      if (name) told.textContent = name;
      else told.remove();
    } else if (name) this.element.prepend(el('p', { class: 'new-day' }, name));
  }

  /** Show a stored message; what is there already stays. @param {ShownMessage} message */
  show(message) {
    const isFirst = !this.shown;
    this.shown = message;
    this.name(message.message_id);
    this.#showText(message);
    this.rating?.show(message, store.view.session_id);
    const key = this.#keyOf(message);
    if (this.#around === key) return;
    this.#around = key;
    this.element.setAttribute('aria-label', [message.role === 'user' ? t('you') : nameOf(message), message.text.slice(0, LABEL_CHARS)].filter(Boolean).join(': '));
    if (message.role === 'user') refill(this.foot, () => [copyButton(message), ...questionControls(message).filter((one) => one !== null), moreButton(message), askedAt(message)]);
    else this.#showAround(message);
    if (isFirst && message.role === 'user') reopenEditor(this.element, message);
    else if (isFirst) this.rating?.reopen();
  }

  /** @param {ShownMessage} message */
  #showText({ text, parts }) {
    if (this.text === text) return;
    this.text = text;
    if (!this.painter) this.#showQuestion(text, parts ?? []);
    else if (parts?.length) drawParts(this.words, parts);
    else if (this.painter.source === text) this.painter.end();
    else { this.painter.clear(); this.painter.add(text); this.painter.end(); }
  }

  /** What a person wrote is shown as it was typed; what goes with it stands below. @param {string} text @param {MessagePart[]} parts */
  #showQuestion(text, parts) {
    this.words.replaceChildren(el('div', { class: 'asked' }, text));
    const others = parts.filter(({ type }) => type !== 'text');
    if (!others.length) return;
    const place = el('div', {});
    drawParts(place, others);
    this.words.append(place);
  }

  /** What decides how the surroundings look. @param {ShownMessage} message */
  #keyOf(message) {
    const offered = message.can_continue ? [store.choice, hasOthers(message)] : [];
    return JSON.stringify([message.message_id, message.status, message.text.length, message.versions, message.notices, modelInfo(message)?.note, offered]);
  }

  /** @param {ShownMessage} message */
  #showAround(message) {
    this.notices.replaceChildren(...message.notices.map(({ text }) => notice(text)));
    if (message.reasoning && !message.parts?.some(({ type }) => type === 'reasoning')) this.showThoughts(message.reasoning);
    if ((message.reasoning_ms ?? 0) >= SHORT_MS) this.#thoughtsTitle.textContent = t('thoughts_for', { time: duration(message.reasoning_ms ?? 0) });
    const status = { streaming: t('running'), stopped: t('status_stopped'), interrupted: t('status_interrupted'), failed: t('status_failed'), complete: message.is_cut ? t('status_length') : null }[message.status];
    const { line, gauge, more, told, list } = factsOf(message);
    refill(this.foot, () => [
      message.problem ? problemBox(message.problem) : null,
      message.missing ? fetchBox(message.message_id, message.missing) : null,
      status || message.can_continue ? el('div', { class: 'ended' }, status ? el('span', { class: `status ${message.status}` }, status) : null, continueButton(message)) : null,
      el('div', { class: 'facts' },
        message.text ? copyButton(message) : null,
        message.status === 'streaming' ? null : [this.rating?.element ?? null, ...replyControls(message), moreButton(message)],
        line, gauge, more),
      told,
      list,
    ].filter((one) => one !== null));
  }

  /** Show all of what a model has thought; what is open stays open. @param {string} text */
  showThoughts(text) {
    this.#thoughtsPlace();
    if (this.thoughts && this.thoughts.textContent !== text) this.thoughts.textContent = text;
  }

  /** @param {string} text */
  addThought(text) {
    this.#thoughtsPlace();
    this.thoughts?.append(text);
  }

  #thoughtsPlace() {
    if (this.thoughts) return;
    this.thoughts = el('div', { class: 'thoughts-text', tabindex: 0 });
    this.notices.after(thoughtsBox(this.#thoughtsTitle, this.thoughts));
  }
}

/** Written by the style sheet: who selects the conversation, or looks for a figure in it, does not mean the time. @param {ShownMessage} given */
const askedAt = ({ created_at }) => el('time', { datetime: created_at, title: when(created_at), dataset: { clock: clock(created_at) } });

/** @param {ShownMessage} message */
function copyButton(message) {
  const button = iconButton('copy', t('copy'), async () => {
    await copyText(message.text);
    button.replaceChildren(icon('check'));
    button.setAttribute('aria-label', t('copied'));
    setTimeout(() => { button.replaceChildren(icon('copy')); button.setAttribute('aria-label', t('copy')); }, COPIED_MS);
  }, { class: 'icon-button copy' });
  return button;
}
