// Asks for a text in a box of its own: a name, or something to paste.
import { el } from './dom.mjs';
import { t } from './texts.mjs';

/**
 * Return what was written, or null when it was given up. `check` gives what is wrong with a text, or nothing.
 *
 * @param {string} title
 * @param {{ value?: string, note?: string, yes: string, rows?: number, limit?: number | null, check: (text: string) => string | null | undefined }} how
 * @returns {Promise<string | null>}
 */
export function askText(title, { value = '', note = '', yes, rows = 1, limit = null, check }) {
  return new Promise((resolve) => {
    const input = el(rows > 1 ? 'textarea' : 'input', { class: rows > 1 ? 'code' : null, rows: rows > 1 ? rows : null, maxlength: limit, 'aria-label': title, 'aria-describedby': 'asking-problem', dir: 'auto', autocomplete: 'off', spellcheck: 'false', autofocus: true });
    const problem = el('p', { class: 'field-problem', id: 'asking-problem', 'aria-live': 'polite', hidden: true });
    let answer = /** @type {string | null} */ (null);
    const look = () => {
      const wrong = check(input.value);
      problem.textContent = wrong ?? '';
      problem.hidden = !wrong;
      input.setAttribute('aria-invalid', String(Boolean(wrong)));
      return !wrong;
    };
    /** @param {SubmitEvent} event */
    const submit = (event) => {
      event.preventDefault();
      if (!look()) { input.focus(); return; }
      answer = input.value;
      box.close();
    };
    const box = el('dialog', { class: 'box asking', 'aria-label': title },
      el('form', { onsubmit: submit }, el('h2', {}, title), note ? el('p', { class: 'asking-note' }, note) : null, input, problem,
        el('div', { class: 'box-foot' }, el('button', { type: 'button', onclick: () => box.close() }, t('cancel')), el('button', { class: 'main' }, yes))));
    input.value = value;
    input.addEventListener('input', () => { if (rows > 1 || !problem.hidden) look(); });
    box.addEventListener('close', () => { box.remove(); resolve(answer); });
    document.body.append(box);
    box.showModal();
    input.select();
  });
}
