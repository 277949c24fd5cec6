// The messages, or sessions, that a figure was counted of: each leads to its place in the conversation.
import { api } from '../lib/api.mjs';
import { el, focused, icon } from '../lib/dom.mjs';
import { paint } from '../lib/painting.mjs';
import { backendName, duration, money, number, t, when } from '../lib/texts.mjs';

const PAGE = 30;

/** @type {HTMLElement} */
let place;
/** `back` shows the figures again, `period` says which one they are counted over. */
let page = { back: () => {}, period: () => ({}) };

/** @param {HTMLElement} body @param {typeof page} given */
export function mountBehind(body, given) {
  place = body;
  page = given;
}

/** Shows, instead of the figures, what meets `query` in the period that is shown (or in the query's own). @param {string} what @param {Record<string, unknown>} query @param {{ sessions?: boolean }} [given] */
export function behind(what, query, { sessions = false } = {}) {
  const path = sessions ? 'api/statistics/sessions' : 'api/statistics/messages';
  const list = el('ul', { class: 'behind-list' });
  const more = el('button', { type: 'button', class: 'plain', hidden: true, onclick: () => load() }, t('statistics_more'));
  const state = el('p', { class: 'none', role: 'status' }, t('statistics_loading'));
  const dialog = /** @type {HTMLDialogElement} */ (place.closest('dialog'));
  const { scrollTop } = dialog;
  // Back to where one was: the figures give the focus to the one with the same key.
  const goBack = () => { page.back(); dialog.scrollTop = scrollTop; };
  const back = el('button', { type: 'button', class: 'plain', dataset: { key: focused().dataset.key ?? '' }, onclick: goBack }, icon('left'), t('statistics_back'));
  const view = el('div', { class: 'behind' }, back, el('h3', {}, t(sessions ? 'stat_behind_sessions' : 'stat_behind', { what })), list, state, more);
  let cursor = /** @type {string | null} */ (null);
  const load = async () => {
    more.hidden = true;
    state.hidden = false;
    try {
      const found = await api('GET', path, { query: { ...page.period(), ...query, limit: PAGE, cursor } });
      const rows = sessions ? found.sessions.map(sessionRow) : found.messages.map((/** @type {CountedMessage} */ message) => messageRow(message, String(query.figure ?? '')));
      list.append(...rows);
      cursor = found.next;
      more.hidden = !cursor;
      state.hidden = Boolean(list.children.length);
      state.textContent = t('statistics_none');
    } catch (error) {
      state.textContent = error.message;
      more.hidden = false;
    }
  };
  paint(place, view);
  dialog.scrollTop = 0;
  back.focus();
  load();
}

/** @param {CountedSession} session */
const sessionRow = (session) => el('li', {}, el('a', { href: `?s=${session.session_id}` },
  el('strong', { dir: 'auto' }, session.session_name || t('untitled')),
  el('small', {}, t('stat_count_messages', { count: number(session.messages) }), ' · ', when(session.last_at))));

/** @param {CountedMessage} message @param {string} figure */
function messageRow(message, figure) {
  const who = message.role === 'user' ? t('stat_question_role') : [t('stat_reply_role'), message.model, message.backend && backendName(message.backend)].filter(Boolean).join(' · ');
  return el('li', {}, el('a', { href: `?s=${message.session_id}&m=${message.message_id}` },
    el('span', { class: 'behind-head' }, el('strong', { dir: 'auto' }, message.session_name || t('untitled')), figure ? el('b', {}, said(message, figure)) : null),
    el('span', { class: 'behind-text', dir: 'auto' }, message.text || '–'),
    el('small', {}, who, ' · ', when(message.created_at))));
}

/** @param {CountedMessage} message @param {string} figure */
function said(message, figure) {
  const value = message[figure];
  if (value === null || value === undefined) return '';
  if (figure === 'cost_usd') return money(value);
  return figure.endsWith('_ms') ? duration(value) : `${number(value)} ${t('stat_tokens')}`;
}
