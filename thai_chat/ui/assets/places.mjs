// The places of the page's parts, between the columns and the buttons that Gradio lays out.
import { $, el } from './lib/dom.mjs';

const GRADIOS = ['#new', '#count', '#top', '#scroll', '#box textarea', '#send', '#stop', '#models'];

/** Resolves when Gradio has laid out all of its components: it lays out one after another. */
const laidOut = () => new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
  const look = () => {
    if (!GRADIOS.every((selector) => $(selector))) return;
    observer.disconnect();
    resolve();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.documentElement, { childList: true, subtree: true });
  look();
});

/** Make the places, and return them by their names. A component of Gradio's for each would cost the page's start a tenth. */
export async function placed() {
  await laidOut();
  const parts = /** @type {Record<string, HTMLElement>} */ ({});
  const place = (/** @type {string} */ id) => {
    parts[id] = el('div', { class: 'part' });
    return el('div', { id, class: 'part-place' }, parts[id]);
  };
  $('#new').before(place('brand'));
  $('#new').after(place('search'), place('find'), place('recent'));
  $('#count').after(place('state'));
  $('#top').append(place('picker'));
  $('#scroll').append(place('conversation'));
  $('#frame').after(place('statistics'), place('transfer'));
  return parts;
}
