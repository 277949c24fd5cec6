// Pieces of a message that a growing reply and a stored one share.
import { el, icon } from '../lib/dom.mjs';

/** The server takes no longer reason of a rating or a choice. */
export const MOST_REASON = 2_000;

/** @param {string} text */
export const notice = (text) => el('div', { class: 'notice' }, icon('info'), el('span', {}, text));

/** @param {string} text */
export const problemBox = (text) => el('div', { class: 'problem', role: 'alert' }, icon('alert'), el('span', {}, text));

/** @param {HTMLElement} title @param {HTMLElement} content */
export const thoughtsBox = (title, content) => el('details', { class: 'thoughts' }, el('summary', {}, icon('bulb'), title), content);
