// Asks for several things in a box of its own, and says in it why the server has refused them.
import { copyText, el } from './dom.mjs';
import { t } from './texts.mjs';

/**
 * `options` makes it a choice of one, `ticks` of several; anything else is typed.
 *
 * @typedef {{ name: string, label: string, type?: string, value?: string, hint?: string, autocomplete?: string, limit?: number, isNeeded?: boolean,
 *   options?: [string, string][], ticks?: [string, string, boolean][], placeholder?: string }} Asked
 */

/**
 * Return what `act` makes of the values, or null when it was given up.
 *
 * @template T
 * @param {string} title
 * @param {{ fields: Asked[], yes: string, note?: Node | string, isDanger?: boolean, act: (values: Record<string, any>) => Promise<T> }} how
 * @returns {Promise<T | null>}
 */
export function askFields(title, { fields, yes, note = '', isDanger = false, act }) {
  return new Promise((resolve) => {
    let answer = /** @type {any} */ (null);
    const problem = el('p', { class: 'field-problem', role: 'alert' });
    const made = fields.map((asked) => ({ asked, ...made1(asked) }));
    const send = el('button', { class: isDanger ? 'danger' : 'main' }, yes);
    /** @param {SubmitEvent} event */
    const submit = async (event) => {
      event.preventDefault();
      problem.textContent = '';
      const missing = made.find(({ asked, read }) => asked.isNeeded && !read().length);
      if (missing) { problem.textContent = t('field_needed', { field: missing.asked.label }); missing.focus(); return; }
      send.disabled = true;
      try {
        answer = await act(Object.fromEntries(made.map(({ asked, read }) => [asked.name, read()]))) ?? true;
        box.close();
      } catch (error) {
        problem.textContent = error.message;
        made[0]?.focus();
      }
      send.disabled = false;
    };
    const box = el('dialog', { class: 'box fields', 'aria-label': title },
      el('form', { onsubmit: submit, novalidate: true }, el('h2', {}, title), note ? el('div', { class: 'asking-note' }, note) : null, made.map(({ element }) => element), problem,
        el('div', { class: 'box-foot' }, el('button', { type: 'button', onclick: () => box.close() }, t('cancel')), send)));
    box.addEventListener('close', () => { box.remove(); resolve(answer); });
    document.body.append(box);
    box.showModal();
    made[0]?.focus();
  });
}

/** @param {Asked} asked @returns {{ element: HTMLElement, read: () => any, focus: () => void }} */
function made1({ name, label, type = 'text', value = '', hint, autocomplete = 'off', limit, options, ticks, placeholder }) {
  const id = `ask-${name}`;
  const more = hint ? el('small', { id: `${id}-hint` }, hint) : null;
  const props = { id, name, 'aria-describedby': hint ? `${id}-hint` : null };
  if (ticks) {
    const boxes = ticks.map(([key, text, isOn]) => ({ key, text, input: el('input', { type: 'checkbox', value: key, checked: isOn }) }));
    const element = el('fieldset', { class: 'ticks' }, el('legend', {}, label), boxes.map(({ text, input }) => el('label', {}, input, el('span', { dir: 'auto' }, text))), more);
    return { element, read: () => boxes.filter(({ input }) => input.checked).map(({ key }) => key), focus: () => boxes[0]?.input.focus() };
  }
  const input = options
    ? el('select', props, options.map(([key, text]) => el('option', { value: key, selected: key === value }, text)))
    : el('input', { ...props, type, maxlength: limit, autocomplete, placeholder, dir: 'auto', spellcheck: 'false' });
  if (!options) input.value = value;
  return { element: el('div', { class: 'asked-field' }, el('label', { for: id }, label), input, more), read: () => (type === 'password' ? input.value : input.value.trim()), focus: () => input.focus() };
}

/** Show what is shown once, with a button that copies it. @param {string} title @param {string} note @param {string} secret */
export function showOnce(title, note, secret) {
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    const field = el('input', { class: 'code', readonly: true, value: secret, 'aria-label': title, dir: 'ltr' });
    const copy = el('button', { type: 'button', class: 'main', autofocus: true, onclick: async () => {
      try { await copyText(secret); copy.textContent = t('copied'); } catch { field.select(); }
    } }, t('copy'));
    const box = el('dialog', { class: 'box fields once', 'aria-label': title }, el('h2', {}, title), el('p', {}, note), field,
      el('div', { class: 'box-foot' }, copy, el('button', { type: 'button', onclick: () => box.close() }, t('once_done'))));
    field.addEventListener('focus', () => field.select());
    box.addEventListener('close', () => { box.remove(); resolve(); });
    document.body.append(box);
    box.showModal();
  });
}
