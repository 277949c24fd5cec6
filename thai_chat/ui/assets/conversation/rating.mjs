// How a reply is rated: two buttons, and why it was.
import { alert } from '../lib/alerts.mjs';
import { api } from '../lib/api.mjs';
import { $, el, iconButton } from '../lib/dom.mjs';
import { fetched } from '../lib/fetched.mjs';
import { t } from '../lib/texts.mjs';
import { forgetUnsaved, unsaved, unsavedName } from '../lib/unsaved.mjs';

/** @param {ShownMessage} message */
const nameOf = ({ message_id }) => unsavedName(`reasons:${message_id}`);

/** One for a row, as long as that is there: what is pressed keeps the focus. */
export class RatingControl {
  #message = /** @type {ShownMessage | null} */ (null);
  #session_id = '';
  #isBusy = false;
  #buttons = /** @type {[number, HTMLButtonElement][]} */ ([[1, 'up'], [-1, 'down']].map(([value, name]) => [value,
    iconButton(`thumb_${name}`, t(name === 'up' ? 'rating_up' : 'rating_down'), () => this.#press(Number(value)), { class: 'icon-button rate' })]));

  element = el('span', { class: 'rating', role: 'group', 'aria-label': t('rating') }, this.#buttons.map(([, button]) => button));

  /** @param {ShownMessage} message @param {string} session_id */
  show(message, session_id) {
    this.#message = message;
    this.#session_id = session_id;
    this.#paint();
  }

  #paint() {
    for (const [value, button] of this.#buttons) button.setAttribute('aria-pressed', String(this.#message?.rating?.value === value));
  }

  /** The same once more takes it back. @param {number} value */
  async #press(value) {
    const message = this.#message;
    if (!message || this.#isBusy) return;
    const before = message.rating;
    const isBack = before?.value === value;
    const row = /** @type {HTMLElement} */ (this.element.closest('.message'));
    $('.why', row)?.remove();
    forgetUnsaved(nameOf(message));
    const rating = isBack ? null : { value, tags: [], reason: '' };
    if (!await this.#rate(rating) || !rating) return;
    await this.#openReasons(row, message, rating);
  }

  /** Reasons that were begun and not kept are open again, unless the reply is rated otherwise by now. */
  reopen() {
    const message = this.#message;
    const begun = message && unsaved(nameOf(message));
    if (!begun || begun.value !== message.rating?.value) return;
    this.#openReasons(/** @type {HTMLElement} */ (this.element.closest('.message')), message, begun);
  }

  /** @param {HTMLElement} row @param {ShownMessage} message @param {NonNullable<ShownMessage['rating']>} rating */
  #openReasons(row, message, rating) {
    const { value } = rating;
    const name = nameOf(message);
    return fetched(() => import('./reasons.mjs'), ({ openReasons }) => {
      // The message may have been read anew meanwhile, or another version be shown.
      if (message.message_id === this.#message?.message_id) openReasons(row, rating, { name, keep: (why) => this.#rate({ value, ...why }), leave: () => this.#buttons[value === 1 ? 0 : 1][1].focus() });
    });
  }

  /** True when it is kept. @param {NonNullable<ShownMessage['rating']> | null} rating */
  async #rate(rating) {
    const message = this.#message;
    if (!message) return false;
    const before = message.rating;
    message.rating = rating;
    this.#isBusy = true;
    this.#paint();
    try {
      await api(rating ? 'PUT' : 'DELETE', `api/sessions/${this.#session_id}/messages/${message.message_id}/rating`, { body: rating ?? undefined });
      return true;
    } catch (error) {
      message.rating = before;
      alert(error.message);
      return false;
    } finally {
      this.#isBusy = false;
      this.#paint();
    }
  }
}
