// Asks before what can't be taken back.
import { el } from './dom.mjs';
import { t } from './texts.mjs';

/** True when the person says yes; Esc, Cancel and a press elsewhere say no. @param {string} question @param {string} yes */
export function confirm(question, yes) {
  return new Promise((resolve) => {
    const box = el('dialog', { class: 'box', 'aria-label': question },
      el('form', { method: 'dialog' },
        el('p', {}, question),
        el('div', { class: 'box-foot' },
          el('button', { value: 'no', autofocus: true }, t('cancel')),
          el('button', { value: 'yes', class: 'danger' }, yes))));
    box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
    box.addEventListener('close', () => { box.remove(); resolve(box.returnValue === 'yes'); });
    document.body.append(box);
    box.showModal();
  });
}
