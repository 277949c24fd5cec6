// Asks whether somebody goes on with a shared session, once, and opens the copy that is then theirs.
import { api } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';

const MAKING_MS = 30_000;
const WITH_PASSWORD = ['share_password_needed', 'wrong_share_password', 'too_many_attempts'];

/** @param {string} token @param {(session_id: string) => void} open */
export function askToContinue(token, open) {
  const password = el('input', { type: 'password', maxlength: 200, autocomplete: 'off' });
  const field = el('label', { class: 'field', hidden: true }, el('span', {}, t('share_link_password')), password);
  const problem = el('p', { class: 'share-problem', role: 'alert', hidden: true });
  const yes = el('button', { type: 'submit', class: 'main' }, t('continue_yes'));
  const form = el('form', {}, el('p', {}, t('continue_question')), field, problem,
    el('div', { class: 'box-foot' }, el('button', { type: 'button', onclick: () => box.close() }, t('cancel')), yes));
  const box = el('dialog', { id: 'continue', class: 'box', 'aria-label': t('continue_title') }, el('h2', {}, t('continue_title')), form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    yes.disabled = true;
    problem.hidden = true;
    try {
      const { session_id } = await api('POST', 'api/shares/continue', { body: { token, password: password.value || null }, patience_ms: MAKING_MS });
      box.close();
      open(session_id);
    } catch (error) {
      yes.disabled = false;
      const isAsked = error.code === 'share_password_needed';
      problem.textContent = error.message;
      problem.hidden = isAsked && field.hidden;
      if (WITH_PASSWORD.includes(error.code)) {
        field.hidden = false;
        password.focus();
      }
    }
  });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  yes.focus();
}
