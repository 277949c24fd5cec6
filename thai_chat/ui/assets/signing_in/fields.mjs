// The fields of the sign-in page: a label, what is typed, a hint, and what is wrong with it below.
import { el, iconButton } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';

/** @typedef {{ name: string, element: HTMLElement, input: HTMLInputElement, complain: (problem: string, isUrgent?: boolean) => void, check: () => string }} Field */

/**
 * `check` gives what is wrong with what is typed, or nothing. A hint is said with the field.
 *
 * @param {string} name
 * @param {string} label
 * @param {{ hint?: string, check?: (text: string) => string, extra?: (input: HTMLInputElement) => (Node | null)[] } & Props} how
 * @returns {Field}
 */
export function field(name, label, { hint = '', check = () => '', extra = () => [], ...props }) {
  const ids = { hint: `${name}-hint`, problem: `${name}-problem` };
  const input = el('input', {
    id: name,
    name,
    type: 'text',
    'aria-describedby': [hint && ids.hint, ids.problem].filter(Boolean).join(' '),
    ...props,
  });
  const problem = el('p', {
    id: ids.problem,
    class: 'field-problem',
    role: 'alert',
  });
  /** @param {string} text */
  const complain = (text) => {
    problem.textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  };
  input.addEventListener('input', () => complain(''));
  const element = el(
    'div',
    { class: 'field' },
    el('label', { for: name }, label),
    el('div', { class: 'typed' }, input, ...extra(input)),
    hint ? el('p', { id: ids.hint, class: 'hint' }, hint) : null,
    problem,
  );
  return { name, element, input, complain, check: () => check(input.value) };
}

/** The user name, as password managers look for it. @param {Props} [props] */
export const nameField = (props = {}) =>
  field('name', t('sign_in_name'), {
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    required: true,
    maxlength: window.thaiChatSignIn.name,
    check: (/** @type {string} */ text) => (text.trim() ? '' : t('sign_in_missing_name')),
    ...props,
  });

export const displayNameField = () =>
  field('display_name', t('sign_in_display_name'), {
    autocomplete: 'name',
    maxlength: window.thaiChatSignIn.display_name,
  });

/** @param {{ isNew: boolean }} how */
export function passwordField({ isNew }) {
  const [least, most] = window.thaiChatSignIn.password;
  const caps = el('p', { class: 'caps', role: 'status' });
  const made = field('password', t(isNew ? 'sign_in_new_password' : 'sign_in_password'), {
    type: 'password',
    required: true,
    maxlength: most,
    autocomplete: isNew ? 'new-password' : 'current-password',
    hint: isNew ? t('sign_in_password_hint', { least }) : '',
    check: (text) => (!text ? t('sign_in_missing_password') : isNew && [...text].length < least ? t('sign_in_short', { least }) : ''),
    extra: (input) => [showButton(input)],
  });
  for (const name of /** @type {const} */ (['keydown', 'keyup'])) {
    made.input.addEventListener(name, (event) => {
      const isOn = event.getModifierState?.('CapsLock') ?? false; // what a password manager types has none
      caps.textContent = isOn ? t('sign_in_caps') : '';
    });
  }
  made.input.addEventListener('blur', () => {
    caps.textContent = '';
  });
  made.element.append(caps);
  return made;
}

/** @param {HTMLInputElement} input */
function showButton(input) {
  const toggle = () => {
    const isShown = input.type === 'password';
    input.type = isShown ? 'text' : 'password';
    const next = make();
    button.replaceWith(next);
    button = next;
    next.focus();
  };
  const make = () => {
    const isShown = input.type === 'text';
    return iconButton(isShown ? 'eye_off' : 'eye', t(isShown ? 'sign_in_hide' : 'sign_in_show'), toggle, { 'aria-pressed': null });
  };
  let button = make();
  return button;
}
