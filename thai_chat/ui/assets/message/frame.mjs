// The frame in which a diagram is drawn: of no origin, without any network, and given up when it takes too long.
import { el } from '../lib/dom.mjs';

export const LIMIT_MS = 10_000;
/** Mermaid is a large file, which comes over a slow line too. */
const LOAD_MS = 90_000;
/** This module may be served as a part of another file, but below the same folder. */
const ADDRESS = import.meta.url.replace(/(\/ui-static\/[^/]+\/).*/, '$1message/diagram.html');

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {Size | { reason: string } | { isLate: true }} Answer */

export class Frame {
  /** @type {HTMLIFrameElement | null} */
  element = null;
  /** @type {Promise<void> | null} */
  loaded = null;

  /** @param {{ place: HTMLElement, title: string, onReload: () => void }} given */
  constructor({ place, title, onReload }) {
    this.place = place;
    this.title = title;
    this.onReload = onReload;
  }

  /** Draw `source`, and resolve to its size or to what is wrong. @param {string} source @param {boolean} isDark @returns {Promise<Answer>} */
  async draw(source, isDark) {
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), LOAD_MS));
    if (await Promise.race([this.load(), late]) === 'late') { this.remove(); return { isLate: true }; }
    const answer = await this.ask({ source, isDark });
    if ('isLate' in answer) this.remove();
    return answer;
  }

  remove() {
    this.element?.remove();
    this.element = null;
    this.loaded = null;
  }

  load() {
    this.loaded ??= new Promise((resolve) => {
      let isFirst = true;
      this.element = el('iframe', {
        sandbox: 'allow-scripts', referrerpolicy: 'no-referrer', title: this.title, tabindex: '-1', src: ADDRESS,
        // What is moved within the page loads anew and is empty then.
        onload: () => {
          if (isFirst) resolve();
          else this.onReload();
          isFirst = false;
        },
      });
      this.place.append(this.element);
    });
    return this.loaded;
  }

  /** Each question has a channel of its own: nobody else can answer it. @param {{ source: string, isDark: boolean }} asked @returns {Promise<Answer>} */
  ask(asked) {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve({ isLate: true }), LIMIT_MS);
      port1.onmessage = ({ data }) => {
        clearTimeout(late);
        port1.close();
        resolve(read(data));
      };
      // It has no origin that could be named; no other document can stand in the frame, by the page's policy.
      this.element?.contentWindow?.postMessage(asked, '*', [port2]);
    });
  }
}

/** @param {any} data @returns {Answer} */
function read(data) {
  if (Number.isFinite(data?.width) && Number.isFinite(data?.height)) return { width: data.width, height: data.height };
  return { reason: typeof data?.reason === 'string' ? data.reason.slice(0, 200) : '' };
}
