// The buttons at code and tables.
import { copyText, el, icon } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';

const DONE_MS = 1_600;

/** A button that copies what `read` gives, and shows that it did. With `text`, that stands on it. @param {string} label @param {() => string} read @param {string} [text] */
export function copyButton(label, read, text = '') {
  const button = el('button', { type: 'button', class: text ? 'text-button' : 'icon-button', title: label, onclick: copy });
  let timer = 0;
  const paint = (/** @type {string} */ sign, /** @type {string} */ said) => {
    button.replaceChildren(icon(sign), ...(text ? [el('span', {}, said)] : []));
    button.setAttribute('aria-label', said);
  };
  async function copy() {
    await copyText(read());
    paint('check', t('copied'));
    clearTimeout(timer);
    timer = setTimeout(() => paint('copy', text || label), DONE_MS);
  }
  paint('copy', text || label);
  return button;
}
