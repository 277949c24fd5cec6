// A form of the sign-in page: it is checked, sent, and says in plain words why it was refused.
import { api, Refused } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';

/** @typedef {import('./fields.mjs').Field} Field */

/** Where the reason of a refusal is said; any other is said below the last field. @type {Record<string, string>} */
const PLACES = {
  name_taken: 'name',
  bad_account_name: 'name',
  bad_password: 'password',
};
const SECOND_MS = 1000;

/**
 * `body` makes what is sent of what was typed; `done` is told the answer.
 *
 * @param {{ path: string, fields: Field[], body: (typed: Record<string, string>) => Record<string, unknown>, act: string, more?: Node[], waiting?: string, done: (answer: any) => void }} how
 */
export function form({ path, fields, body, act, more = [], waiting = t('sign_in_sending'), done }) {
  const button = el('button', { type: 'submit', class: 'main' }, act);
  const told = el('p', { class: 'problem', role: 'alert' });
  let isSending = false;
  let timer = 0;

  /** @param {Refused} error */
  const refuse = (error) => {
    const at = fields.find(({ name }) => name === PLACES[error.code]) ?? (error.status === 401 ? fields.at(-1) : undefined);
    if (error.status === 429) waitFor(error.after_s ?? 60);
    else if (at) at.complain(error.message);
    else if (error.status === 503) {
      told.textContent = t('sign_in_outage');
      document.querySelector('.notice.outage')?.remove();
    } else told.textContent = error.message;
    (at ?? fields.at(-1))?.input.focus();
    if (error.status === 401) at?.input.select();
  };
  /** Say how long it takes until another attempt is heard. @param {number} seconds */
  const waitFor = (seconds) => {
    const until = Date.now() + seconds * SECOND_MS;
    told.textContent = t('sign_in_too_many', { time: spoken(seconds) });
    clearInterval(timer);
    timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / SECOND_MS);
      if (left <= 0) clearInterval(timer);
      // Said aloud at the beginning and the end alone: no other change is worth an interruption.
      told.setAttribute('aria-live', left > 0 ? 'off' : 'assertive');
      told.textContent = left > 0 ? t('sign_in_too_many', { time: spoken(left) }) : t('sign_in_now');
    }, SECOND_MS);
  };
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (isSending) return;
    clearInterval(timer);
    told.textContent = '';
    const wrong = fields.filter((one) => {
      one.complain(one.check());
      return one.check();
    });
    if (wrong.length) {
      wrong[0].input.focus();
      return;
    }
    isSending = true;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = waiting;
    try {
      done(
        await api('POST', path, {
          body: body(Object.fromEntries(fields.map(({ name, input }) => [name, input.value]))),
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
    isSending = false;
    button.removeAttribute('aria-disabled');
    button.textContent = act;
  };
  const element = el(
    'form',
    { method: 'post', novalidate: true, onsubmit: submit },
    fields.map((one) => one.element),
    ...more,
    told,
    button,
  );
  return element;
}

/** @param {number} seconds */
const spoken = (seconds) => (seconds > 90 ? t('sign_in_minutes', { count: number(Math.ceil(seconds / 60)) }) : t('sign_in_seconds', { count: number(seconds) }));
