// Makes a link to a snapshot of a session, shows it once, and leads to the list of one's links.
import { api } from '../lib/api.mjs';
import { copyText, el, icon, iconButton } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';
import { openShares } from './shares.mjs';

const DAY_S = 86_400;
/** @type {[text: string, seconds: number | null][]} */
const ENDS = [['share_ends_day', DAY_S], ['share_ends_week', 7 * DAY_S], ['share_ends_month', 30 * DAY_S], ['share_ends_never', null]];
/** A week, unless somebody chooses. */
const FIRST = 1;
const TICKS = { with_system_prompt: 'share_prompt', with_reasoning: 'share_reasoning', with_documents: 'share_documents' };
const MAKING_MS = 30_000;

/** @param {Pick<Session, 'session_id' | 'session_name'>} session */
export function openShare({ session_id, session_name }) {
  const ticks = Object.entries(TICKS).map(([name, text]) => ({ name, input: el('input', { type: 'checkbox' }), text }));
  const ends = el('select', {}, ENDS.map(([text], place) => el('option', { value: String(place), selected: place === FIRST }, t(text))));
  // It is told to others, so it is seen.
  const password = el('input', { type: 'text', maxlength: 200, autocomplete: 'off', spellcheck: 'false' });
  const problem = el('p', { class: 'share-problem', role: 'alert', hidden: true });
  const make = el('button', { type: 'submit', class: 'main' }, t('share_make'));
  const list = el('button', { type: 'button', class: 'share-list-open', onclick: () => { box.close(); openShares(); } }, t('shares'));
  const form = el('form', {},
    el('fieldset', {}, el('legend', {}, t('share_also')), ticks.map(({ input, text }) => el('label', { class: 'share-tick' }, input, el('span', {}, t(text))))),
    el('label', { class: 'field' }, el('span', {}, t('share_ends')), ends),
    el('label', { class: 'field' }, el('span', {}, t('share_password')), password),
    problem, el('div', { class: 'box-foot' }, list, make));
  const body = el('div', {}, el('p', { class: 'share-who' }, t('share_who')), form);
  const box = el('dialog', { id: 'share', class: 'box', 'aria-label': t('share_title') },
    el('header', {}, el('h2', {}, t('share_title')), iconButton('close', t('close'), () => box.close())),
    el('p', { class: 'about', dir: 'auto' }, session_name || t('untitled')), body);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    make.disabled = true;
    problem.hidden = true;
    try {
      const made = await api('POST', `api/sessions/${session_id}/share`, {
        patience_ms: MAKING_MS,
        body: {
          ...Object.fromEntries(ticks.map(({ name, input }) => [name, input.checked])),
          expires_in_s: ENDS[Number(ends.value)][1],
          password: password.value || null,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        },
      });
      showLink(made.url);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      make.disabled = false;
    }
  });

  /** @param {string} url */
  const showLink = (url) => {
    const link = el('input', { class: 'share-link', type: 'text', readonly: true, dir: 'ltr', 'aria-label': t('share_link'), onfocus: () => link.select() });
    link.value = url;
    const copy = el('button', { type: 'button', class: 'main', onclick: async () => { await copyText(url); toast(t('share_copied')); copy.replaceChildren(icon('check'), t('share_copied')); } }, icon('copy'), t('share_copy'));
    body.replaceChildren(el('p', { role: 'status' }, t('share_made')), link, el('div', { class: 'box-foot' }, list, copy));
    copy.focus();
  };
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
