// Short messages above the composer.
import { $, el, icon, iconButton } from './dom.mjs';
import { t } from './texts.mjs';

/** @type {HTMLElement | undefined} */
let shelf;
let hintTimer = 0;

/** @param {HTMLElement} composer */
export function mountAlerts(composer) {
  shelf = el('div', { id: 'alerts', 'aria-live': 'assertive' });
  composer.prepend(shelf);
}

/** Stays until it is closed, another one comes, or a question is taken. @param {string} message */
export function alert(message) {
  clearAlerts();
  const box = el('div', { class: 'alert', role: 'alert' }, icon('alert'), el('span', {}, message),
    iconButton('close', t('close'), () => box.remove()));
  shelf?.append(box);
}

export const clearAlerts = () => shelf?.replaceChildren();

/** @param {string} message */
export function hint(message) {
  const line = $('#hint');
  if (!line) return;
  clearTimeout(hintTimer);
  line.textContent = message;
  line.classList.add('told');
  hintTimer = setTimeout(() => { line.textContent = t('hint_keys'); line.classList.remove('told'); }, 3500);
}
