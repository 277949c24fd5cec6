// Printing, also into a PDF: all of a session, loaded or not, with names, times and models.
import { alert, hint } from '../lib/alerts.mjs';
import { api, apiAtOnce, Refused } from '../lib/api.mjs';
import { $, el } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { nameOf, number, t, when } from '../lib/texts.mjs';
import { whenFormulasSettle } from '../message/formulas.mjs';
import { draw } from '../message/painter.mjs';
import { drawParts } from '../message/parts.mjs';
import { shownOf } from './shown.mjs';

const PAGE = 200;
const SLICE_MS = 40;
const FORMULAS_MS = 5_000;

/** True while a session is being made ready, which takes a while when it is long. */
let isPreparing = false;

export function mountPrinting() {
  on('print', ({ session_id }) => { print(session_id); });
  addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.code !== 'KeyP' || !store.view?.stored) return;
    event.preventDefault();
    print(store.view.session_id);
  }, true);
  // The browser's own menu waits for nothing: what is not there by then would not be printed.
  addEventListener('beforeprint', () => { if (!$('#printed') && store.view?.stored) printAtOnce(store.view.session_id); });
  addEventListener('afterprint', clear);
}

/** @param {string} session_id */
async function print(session_id) {
  if (isPreparing) return;
  isPreparing = true;
  try {
    const { body, messages } = await wholeSession(session_id);
    await fill(sheet(body.session), messages);
    await Promise.race([whenFormulasSettle(), new Promise((resolve) => setTimeout(resolve, FORMULAS_MS))]);
    window.print();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    alert(error.message);
  } finally {
    isPreparing = false;
    clear();
  }
}

/** @param {string} session_id */
function printAtOnce(session_id) {
  let body = /** @type {HistoryBody} */ (apiAtOnce(pathOf(session_id), { limit: PAGE }));
  const { session } = body;
  let messages = shownOf(body.history, body.siblings, null);
  while (body.has_earlier) {
    body = apiAtOnce(pathOf(session_id), { limit: PAGE, before_order: body.history[0].message_order });
    messages = [...shownOf(body.history, body.siblings, null), ...messages];
  }
  const place = sheet(session);
  for (const message of messages) place.append(printed(message));
}

/** @param {string} session_id */
const pathOf = (session_id) => `api/sessions/${encodeURIComponent(session_id)}/messages`;

/** @param {string} session_id @returns {Promise<{ body: HistoryBody, messages: ShownMessage[] }>} */
async function wholeSession(session_id) {
  const pages = [/** @type {HistoryBody} */ (await api('GET', pathOf(session_id), { query: { limit: PAGE } }))];
  while (pages[0].has_earlier) {
    pages.unshift(await api('GET', pathOf(session_id), { query: { limit: PAGE, before_order: pages[0].history[0].message_order } }));
    hint(t('print_reads', { count: number(pages.length * PAGE) }));
  }
  return { body: pages[0], messages: pages.flatMap(({ history, siblings }) => shownOf(history, siblings, null)) };
}

/** The sheet that is printed instead of the page. @param {HistoryBody['session']} session */
function sheet(session) {
  clear();
  const place = el('section', { id: 'printed', lang: document.documentElement.lang },
    el('h1', {}, session.session_name), el('p', { class: 'printed-at' }, t('print_at', { time: when(new Date().toISOString()) })));
  document.body.append(place);
  return place;
}

/** @param {HTMLElement} place @param {ShownMessage[]} messages */
async function fill(place, messages) {
  let begun = performance.now();
  for (const message of messages) {
    place.append(printed(message));
    if (performance.now() - begun < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    begun = performance.now();
  }
}

/** @param {ShownMessage} message */
function printed(message) {
  const words = el('div', { class: 'words' });
  if (message.role === 'user') words.append(el('div', { class: 'asked' }, message.text));
  else if (message.parts?.length) drawParts(words, message.parts);
  else draw(words, message.text);
  const who = message.role === 'user' ? t('you') : nameOf(message);
  return el('article', { class: `printed-${message.role}` }, el('header', {}, el('b', {}, who), ` · ${when(message.created_at)}`), words,
    message.problem ? el('p', { class: 'printed-problem' }, message.problem) : null);
}

const clear = () => $('#printed')?.remove();
