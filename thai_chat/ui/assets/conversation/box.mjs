// The question box, which Gradio has laid out: what is in it.
import { $ } from '../lib/dom.mjs';

let isWriting = false;

export const box = () => /** @type {HTMLTextAreaElement} */ ($('#box textarea'));

export const focusBox = () => box()?.focus({ preventScroll: true });

/** True while the page writes there, and no person. */
export const isPageWriting = () => isWriting;

/** @param {string} text */
export function write(text) {
  box().value = text;
  isWriting = true;
  box().dispatchEvent(new Event('input', { bubbles: true })); // Gradio keeps its own copy and the height
  isWriting = false;
}

/** Put a text back that came to nothing, before what has been written since. @param {string} text */
export function giveBack(text) {
  box().value = box().value ? `${text}\n${box().value}` : text;
  box().dispatchEvent(new Event('input', { bubbles: true }));
  focusBox();
}
