// The history: the rows of the messages that the page has, and more of them as one scrolls.
import { $, el, icon } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { mountCopying } from './copying.mjs';
import { daysOf } from './days.mjs';
import { more } from './loading.mjs';
import { Row } from './rows.mjs';
import { keepPlace, mountScrolling, setLatest, startFollowing, stopFollowing } from './scrolling.mjs';

/** So far from an edge of the window the next messages are fetched. */
const AHEAD = '1500px 0px';
/** Drawing takes the page so long at once: when a session is opened, and while somebody reads. */
const [OPENING_MS, READING_MS] = [24, 8];

/** @type {HTMLElement} */
let log;
/** The rows by the ids of their messages. */
const rows = /** @type {Map<string, Row>} */ (new Map());
/** Rows of what is on its way, behind all others: a question that is not stored yet, a reply that grows. */
let growing = /** @type {Row[]} */ ([]);
let drawing = 0;
/** The session whose rows these are. */
let painted = '';

/** @param {HTMLElement} place @param {{ openEnd: () => void }} page */
export function mountHistory(place, { openEnd }) {
  log = el('div', { id: 'chat', role: 'log', 'aria-label': t('conversation'), 'aria-live': 'off' });
  const earlier = el('button', { type: 'button', id: 'earlier', onclick: () => more('earlier') }, t('earlier'));
  const later = el('button', { type: 'button', id: 'later', onclick: () => more('later') }, t('later'));
  const end = el('button', { type: 'button', id: 'to-end', onclick: openEnd }, icon('down'), t('to_the_end'));
  place.append(earlier, log, later, end);
  mountScrolling(log);
  mountCopying(log);
  log.addEventListener('click', showTapped);
  fetchAhead(earlier, 'earlier');
  fetchAhead(later, 'later');
  // In the middle of a session the latest message is not the last one on the page.
  setLatest(() => (store.view?.has_later ? openEnd() : startFollowing()));
  on('view', ({ isOther, isFirst, how }) => {
    const { has_earlier, has_later, target } = store.view;
    earlier.classList.toggle('offered', has_earlier);
    for (const button of [later, end]) button.classList.toggle('offered', has_later);
    log.classList.toggle('amid', has_later); // what grows at the end does not follow on what is shown
    if (isOther) forget();
    painted = store.view.session_id;
    paint(how === 'opened' ? OPENING_MS : READING_MS);
    if (isFirst && !target) return; // the end is followed, and the browser tells when it is elsewhere
    if (how === 'opened' && !target) startFollowing();
    else keepPlace();
  });
  on('changed', ({ follow }) => { if (follow) startFollowing(); else stopFollowing(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && store.view) tellDays(); }); // it may be tomorrow
  on('backends', repaint);
  on('choice', repaint);
}

/** A finger has nothing to point with: what can be done with a message is shown by a tap on it. @param {any} event */
function showTapped({ target }) {
  if (!matchMedia('(hover: none)').matches || target.closest('button, a, summary')) return;
  const row = target.closest('.message-row');
  const shown = $('.tapped', log);
  shown?.classList.remove('tapped');
  if (row !== shown) row?.classList.add('tapped');
}

/** More messages come before a reader is at the edge. @param {HTMLElement} button @param {'earlier' | 'later'} where */
function fetchAhead(button, where) {
  let isNear = false;
  const go = async () => { while (isNear && await more(where)) await new Promise(requestAnimationFrame); };
  new IntersectionObserver((entries) => {
    isNear = entries.at(-1)?.isIntersecting ?? false;
    go();
  }, { root: $('#scroll'), rootMargin: AHEAD }).observe(button);
}

function forget() {
  rows.clear();
  log.replaceChildren();
}

/** What stands around a message tells of the models too. Another session is painted when it is shown, not before. */
function repaint() {
  if (store.view?.session_id !== painted) return;
  for (const row of rows.values()) row.shown = null;
  paint(OPENING_MS);
}

/** Rows of messages that are stored, then those on their way. None is moved: that would disturb what is in it. @param {number} slice_ms */
function paint(slice_ms) {
  const { messages } = store.view;
  cancelAnimationFrame(drawing);
  const ids = new Set(messages.map(({ message_id }) => message_id));
  for (const [id, row] of rows) if (!ids.has(id) && !growing.includes(row)) { row.element.remove(); rows.delete(id); }
  let next = log.firstElementChild;
  const place = (/** @type {Row} */ row) => {
    if (row.element === next) next = next.nextElementSibling;
    else log.insertBefore(row.element, next);
  };
  for (const message of messages) place(rowOf(message));
  for (const row of growing) if (!ids.has(row.element.dataset.messageId ?? '')) place(row);
  tellDays();
  const left = messages.filter((message) => rows.get(message.message_id)?.shown !== message);
  // From where a reader comes on: down to what is later, up to all else.
  draw(left[0] === messages[0] ? left.reverse() : left, slice_ms);
}

function tellDays() {
  const { messages, has_earlier } = store.view;
  const days = daysOf(messages, has_earlier);
  for (const { message_id } of messages) rows.get(message_id)?.tellDay(days.get(message_id));
}

/** @param {ShownMessage} message */
function rowOf(message) {
  const known = rows.get(message.message_id);
  if (known) return known;
  const row = new Row(message.role);
  row.name(message.message_id);
  rows.set(message.message_id, row);
  return row;
}

/** Draw what was asked for, and all others in their order; the page breathes in between. @param {ShownMessage[]} left @param {number} slice_ms */
function draw(left, slice_ms) {
  const begun = performance.now();
  const sought = left.find(({ message_id }) => message_id === store.view.target);
  if (sought) rows.get(sought.message_id)?.show(sought);
  if (!left.length) return;
  for (let message = left.shift(); message; message = left.shift()) {
    rows.get(message.message_id)?.show(message);
    if (performance.now() - begun > slice_ms) break;
  }
  keepPlace();
  if (left.length) drawing = requestAnimationFrame(() => draw(left, slice_ms));
}

/** A row for what is on its way; it stays when its message is stored. @param {Row} row */
export function addGrowing(row) {
  const last = store.view?.messages.at(-1);
  if (row.role === 'user' && last) row.tellDay(daysOf([last, { ...last, message_id: '', created_at: new Date().toISOString() }], true).get(''));
  growing.push(row);
  log.append(row.element);
}

/** The row of a message that grows or has grown gets its id. @param {Row} row @param {string} message_id */
export function nameGrowing(row, message_id) {
  row.name(message_id);
  if (!rows.has(message_id)) { rows.set(message_id, row); return; }
  // The history was read meanwhile and shows it.
  if (rows.get(message_id) !== row) row.element.remove();
}

/** What has grown is stored, or did not come to anything. @param {Row} row */
export function dropGrowing(row) {
  growing = growing.filter((other) => other !== row);
  const id = row.element.dataset.messageId ?? '';
  const isKept = rows.get(id) === row;
  if (isKept && store.view?.messages.some(({ message_id }) => message_id === id)) return;
  row.element.remove();
  if (isKept) rows.delete(id);
}

/** @param {string} message_id */
export const rowElement = (message_id) => rows.get(message_id)?.element ?? null;
