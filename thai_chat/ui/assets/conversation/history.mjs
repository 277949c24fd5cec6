// The history that Gradio's Chatbot shows: what stands around each message, scrolling, and taking over live turns.
import { $, $$, copyText, el, icon, iconButton } from '../lib/dom.mjs';
import { modelInfo, on, store } from '../lib/store.mjs';
import { nameOf, t } from '../lib/texts.mjs';
import { fetchBox } from '../models/fetching.mjs';
import { factsOf } from './facts.mjs';
import { notice, problemBox, thoughtsBox } from './pieces.mjs';
import { continueButton, hasOthers, questionControls, replyControls } from './versions.mjs';

/** @typedef {{ messageId: string | null }} Turn */
/** @typedef {{ turns: Turn[], leave: (turn: any) => void, count: number }} Leaving */

const NEAR_PX = 90;
const HAND_OVER_MS = 2_500;
const SETTLED_MS = 250;
/** These may be wider than the conversation, and then scroll by themselves. */
const WIDE = '.prose :is(pre, table, .katex-display)';

let isFollowing = true;
let lastTop = 0;
let lastHeight = 0;
let isTouched = false;
/** Distance of what is read from the end, while earlier messages come in above it. */
let kept = /** @type {number | null} */ (null);
/** Turns whose messages the Chatbot is about to show. */
let leaving = /** @type {Leaving | null} */ (null);
/** @type {HTMLElement} */
let scroller;
let settling = 0;

export function mountHistory() {
  scroller = $('#scroll');
  nameLog();
  scroller.addEventListener('scroll', onScroll, { passive: true });
  scroller.addEventListener('wheel', onWheel, { passive: true });
  for (const event of ['touchstart', 'touchend', 'touchcancel']) {
    scroller.addEventListener(event, () => { isTouched = event === 'touchstart'; }, { passive: true });
  }
  new ResizeObserver(scrollIfFollowing).observe($('#chat'));
  new ResizeObserver(reachWide).observe($('#chat'));
  new ResizeObserver(scrollIfFollowing).observe($('#live'));
  new ResizeObserver(scrollIfFollowing).observe(scroller);
  new MutationObserver(paintRows).observe($('#chat'), { childList: true, subtree: true });
  $('#composer').prepend(el('button', { type: 'button', id: 'latest', 'aria-label': t('latest'), title: t('latest'), onclick: startFollowing, hidden: true }, icon('down')));
  $('#earlier').addEventListener('click', keepPlace);
  for (const event of ['wheel', 'touchmove', 'keydown', 'pointerdown']) scroller.addEventListener(event, () => { kept = null; }, { passive: true });
  on('changed', ({ follow }) => { kept = null; if (follow) startFollowing(); else isFollowing = false; });
  on('view', ({ isOther }) => {
    $('#earlier').classList.toggle('offered', store.view.has_earlier);
    if (isOther) { kept = null; startFollowing(); }
    paintRows();
  });
  on('backends', paintRows);
  on('view', nameLog);
  on('choice', paintRows);
}

/** The live turns are read out as they grow; the history would tell all of it again, and in Gradio's words. */
function nameLog() {
  const log = $('#chat [role=log]');
  log?.setAttribute('aria-label', t('conversation'));
  log?.setAttribute('aria-live', 'off');
}

/** Keys scroll what they can reach, and buttons say in the page's language what they do. */
function reachWide() {
  clearTimeout(settling);
  settling = setTimeout(() => {
    for (const wide of $$(WIDE, $('#chat'))) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else wide.removeAttribute('tabindex');
    }
    // Gradio names them in English.
    for (const button of $$('.copy_code_button', $('#chat'))) {
      button.title = t('copy');
      button.setAttribute('aria-label', t('copy'));
    }
  }, SETTLED_MS);
}

/** Only a person going up is leaving, and only one coming down to the end is back: the text grows and shrinks too. */
function onScroll() {
  const { scrollTop, scrollHeight } = scroller;
  if (scrollTop < lastTop && scrollHeight >= lastHeight && distanceToEnd() > 2) isFollowing = false;
  else if (scrollTop > lastTop && distanceToEnd() < NEAR_PX) isFollowing = true;
  lastTop = scrollTop;
  lastHeight = scrollHeight;
  paintLatest();
}

/** Before the scrolling itself, which the next words would undo. @param {WheelEvent} given */
function onWheel({ deltaY }) {
  if (deltaY < 0 && scroller.scrollTop > 0) isFollowing = false;
}

const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function paintLatest() {
  $('#latest').hidden = isFollowing || distanceToEnd() < NEAR_PX;
}

function keepPlace() {
  isFollowing = false;
  // After the click's own pointer events, which would let go of it.
  setTimeout(() => { kept = scroller.scrollHeight - scroller.scrollTop; });
}

export function startFollowing() {
  isFollowing = true;
  scrollIfFollowing();
}

/** Whoever reads further up stays there. */
export function stopFollowing() {
  isFollowing = false;
  kept = null;
}

export function scrollIfFollowing() {
  if (!scroller) return;
  if (isFollowing && !isTouched) scroller.scrollTop = scroller.scrollHeight;
  else if (kept !== null) scroller.scrollTop = scroller.scrollHeight - kept;
  paintLatest();
}

/** Calls `leave` for each turn in the very frame in which the Chatbot shows its messages: no gap, nothing doubled. */
/**
 * @param {Turn[]} turns
 * @param {(turn: any) => void} leave
 */
export function handOver(turns, leave) {
  if (!turns.length) return;
  const mine = { turns, leave, count: store.view.messages.length };
  leaving = mine;
  setTimeout(() => finishHandOver(mine), HAND_OVER_MS);
  paintRows();
}

/** @param {Leaving} which */
function finishHandOver(which) {
  if (leaving !== which) return;
  leaving = null;
  for (const row of rows()) row.classList.remove('arriving');
  which.turns.forEach(which.leave);
  scrollIfFollowing();
}

const rows = () => $$('#chat .message-row');

function paintRows() {
  const { view } = store;
  if (!view) return;
  const found = rows();
  if (leaving) awaitArrival(leaving, found);
  reachWide();
  if (found.length === view.messages.length) found.forEach((row, at) => paintRow(row, view.messages[at]));
}

/** Rows of leaving turns stay unseen until all of them have their text: Gradio fills them one by one. */
/**
 * @param {Leaving} leaving
 * @param {HTMLElement[]} found
 */
function awaitArrival(leaving, found) {
  const ids = new Set(leaving.turns.map((turn) => turn.messageId));
  const first = store.view.messages.findIndex((message) => ids.has(message.message_id));
  const from = Math.max(0, store.view.messages[first - 1]?.role === 'user' ? first - 1 : first);
  const arrived = found.length === leaving.count && found.slice(from).every((row, at) => isFilled(row, store.view.messages[from + at]));
  if (arrived) finishHandOver(leaving);
  else found.forEach((row, at) => row.classList.toggle('arriving', at >= from && !hadBefore(row, leaving)));
}

/** @type {(row: HTMLElement, leaving: Leaving) => boolean} */
const hadBefore = (row, leaving) => Boolean(row.dataset.messageId) && leaving.turns.every((turn) => turn.messageId !== row.dataset.messageId);

/** @param {HTMLElement} row @param {ShownMessage} message */
const isFilled = (row, message) => !message.text.trim() || ($('.prose', row)?.childNodes.length ?? 0) > 0;

/** @param {HTMLElement} row @param {ShownMessage} message */
function paintRow(row, message) {
  const offered = message.can_continue ? [JSON.stringify(store.choice), hasOthers(message)] : [];
  const key = [message.message_id, message.status, message.text.length, message.versions ?? '', modelInfo(message)?.note ?? '', ...offered].join(' ');
  if (row.dataset.key === key) return;
  row.dataset.key = key;
  row.dataset.messageId = message.message_id;
  row.querySelectorAll('.around, .editor').forEach((old) => old.remove());
  row.classList.remove('edited');
  const spoken = $('[data-testid]', row);
  spoken?.setAttribute('aria-label', `${message.role === 'user' ? t('you') : nameOf(message)}: ${message.text.slice(0, 300)}`);
  const body = $('.flex-wrap', row);
  if (message.role === 'user') body.append(el('div', { class: 'around below' }, copyButton(message), questionControls(message)));
  else paintReply(body, message);
}

/** @param {HTMLElement} body @param {ShownMessage} message */
function paintReply(body, message) {
  const above = el('div', { class: 'around above' },
    message.notices.map(({ text }) => notice(text)),
    message.reasoning ? thoughtsBox(el('div', { class: 'thoughts-text', tabindex: 0 }, message.reasoning)) : null);
  if (above.childNodes.length) body.prepend(above);
  const status = { streaming: t('running'), stopped: t('status_stopped'), interrupted: t('status_interrupted'), failed: t('status_failed'), complete: message.is_cut ? t('status_length') : null }[message.status];
  const { line, more, list } = factsOf(message);
  body.append(el('div', { class: 'around below' },
    message.problem ? problemBox(message.problem) : null,
    message.missing ? fetchBox(message.message_id, message.missing) : null,
    status || message.can_continue ? el('div', { class: 'ended' }, status ? el('span', { class: `status ${message.status}` }, status) : null, continueButton(message)) : null,
    el('div', { class: 'facts' },
      message.text ? copyButton(message) : null,
      message.status === 'streaming' ? null : replyControls(message),
      line, more),
    list));
}

/** @param {ShownMessage} message */
function copyButton(message) {
  const button = iconButton('copy', t('copy'), async () => {
    await copyText(message.text);
    button.replaceChildren(icon('check'));
    button.setAttribute('aria-label', t('copied'));
    setTimeout(() => { button.replaceChildren(icon('copy')); button.setAttribute('aria-label', t('copy')); }, 1_600);
  }, { class: 'icon-button copy' });
  return button;
}
