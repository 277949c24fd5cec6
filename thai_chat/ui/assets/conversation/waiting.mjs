// Below a reply that is on its way: who is asked, and how long that has taken by now.
import { $, el } from '../lib/dom.mjs';
import { duration } from '../lib/texts.mjs';

const STEP_MS = 500;
/** A short wait has no figure. */
const SHORT_MS = 2_000;

export class Waiting {
  element = el('div', { class: 'waiting', role: 'status' }, el('span', { class: 'dots' }, el('i'), el('i'), el('i')), el('span', {}, el('span', { class: 'waiting-text' }), el('span', { class: 'waiting-time', 'aria-hidden': 'true' })));
  #clock = setInterval(() => this.#paintTime(), STEP_MS);
  #begun;

  /** @param {number} waited_ms so long it has taken before */
  constructor(waited_ms) {
    this.#begun = performance.now() - waited_ms;
  }

  /** @param {string} says */
  say(says) {
    const words = $('.waiting-text', this.element);
    if (words.textContent !== says) words.textContent = says; // said anew only when it is new; the seconds go unsaid
    this.#paintTime();
  }

  #paintTime() {
    const waited = performance.now() - this.#begun;
    $('.waiting-time', this.element).textContent = waited > SHORT_MS ? ` · ${duration(Math.round(waited / 1000) * 1000).replace(/[.,]0/, '')}` : '';
  }

  end() {
    clearInterval(this.#clock);
  }
}
