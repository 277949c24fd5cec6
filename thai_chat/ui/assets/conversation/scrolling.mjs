// Where the reader is: at the end, which is followed, or at a line, which stays where it is whatever grows around it.
import { $, el, icon } from '../lib/dom.mjs';
import { store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';

const NEAR_PX = 90;
/** So often is the place looked at once more, should heights not come to rest. */
const SETTLINGS = 20;
/** What the reader's line can hold on to. Inside of something long it is one of its own pieces. */
const PIECES = ':scope > .message > .words, :scope > .message';

/** @type {HTMLElement} */
let scroller;
/** @type {HTMLElement} */
let log;
let isFollowing = true;
let isTouched = false;
/** The browser has laid out the rows, and said so before it paints them: until then nothing is measured, which would lay out the page in the middle of its start. */
let isLaidOut = false;
let isSettling = false;
let lastTop = 0;
let lastHeight = 0;
/** The element at the reader's line, and how far below the window's top edge it begins. */
let held = /** @type {{ element: Element, top: number } | null} */ (null);
let onLatest = () => startFollowing();

/** @param {HTMLElement} rows what grows; it lies in the scroller */
export function mountScrolling(rows) {
  log = rows;
  scroller = $('#scroll');
  scroller.addEventListener('scroll', onScroll, { passive: true });
  scroller.addEventListener('wheel', onWheel, { passive: true });
  for (const event of ['touchstart', 'touchend', 'touchcancel']) {
    scroller.addEventListener(event, () => { isTouched = event === 'touchstart'; }, { passive: true });
  }
  for (const watched of [rows, scroller]) new ResizeObserver(() => { isLaidOut = true; keepPlace(); }).observe(watched);
  $('#composer').prepend(el('button', { type: 'button', id: 'latest', 'aria-label': t('latest'), title: t('latest'), onclick: () => onLatest(), hidden: true }, icon('down'), el('span', { class: 'unseen', hidden: true })));
}

/** What a press on the button for the latest message does. @param {() => void} act */
export const setLatest = (act) => { onLatest = act; };

/** Only a person going up is leaving, and only one coming down to the end is back: the text grows and shrinks too. */
function onScroll() {
  const { scrollTop, scrollHeight } = scroller;
  if (isSetHere()) return;
  if (scrollTop < lastTop && scrollHeight >= lastHeight && distanceToEnd() > 2) isFollowing = false;
  else if (scrollTop > lastTop && distanceToEnd() < NEAR_PX && !store.view?.has_later) isFollowing = true;
  lastTop = scrollTop;
  lastHeight = scrollHeight;
  hold();
  paintLatest();
}

/** No person has moved: the place was set here, or by the browser when the end came nearer. What is held stays held. */
function isSetHere() {
  const { scrollTop, scrollHeight } = scroller;
  return Math.abs(scrollTop - lastTop) < 1 || (scrollTop < lastTop && scrollHeight < lastHeight && distanceToEnd() < 1);
}

/** Before the scrolling itself, which the next words would undo. @param {WheelEvent} given */
function onWheel({ deltaY }) {
  if (deltaY >= 0 || scroller.scrollTop <= 0 || !isFollowing) return;
  isFollowing = false;
  hold();
}

const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

function paintLatest() {
  const latest = $('#latest');
  latest.hidden = isFollowing || (distanceToEnd() < NEAR_PX && !store.view?.has_later);
  paintUnseen(latest);
}

/** The last message that was there when the reader was at the end of the session, by its place in it. */
const seen = { session_id: '', order: 0, count: 0 };

/** Say how many replies have come since. @param {HTMLElement} latest */
function paintUnseen(latest) {
  const { session_id = '', messages = [], has_later = false } = store.view ?? {};
  if (latest.hidden || has_later || seen.session_id !== session_id) Object.assign(seen, { session_id, order: messages.at(-1)?.order ?? 0 });
  let count = 0;
  for (let at = messages.length - 1; at >= 0 && messages[at].order > seen.order; at -= 1) if (messages[at].role === 'assistant') count += 1;
  if (count === seen.count) return;
  seen.count = count;
  const label = count ? t('latest_new', { count: number(count) }) : t('latest');
  Object.assign(latest, { ariaLabel: label, title: label });
  Object.assign($('.unseen', latest), { hidden: !count, textContent: number(count) });
}

/** Remember what is at the reader's line. */
function hold() {
  const edge = scroller.getBoundingClientRect().top;
  let element = crossing(log, edge);
  for (let inner = element && within(element, edge); inner; inner = within(inner, edge)) element = inner;
  held = element ? { element, top: element.getBoundingClientRect().top - edge } : null;
}

/** The first child that ends below a line; children lie one below the other. @param {Element} parent @param {number} line */
function crossing(parent, line) {
  const { children } = parent;
  let [low, high] = [0, children.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle].getBoundingClientRect().bottom > line) high = middle;
    else low = middle + 1;
  }
  return children[low] ?? null;
}

/** The piece of something long that lies at the line. @param {Element} element @param {number} line */
function within(element, line) {
  if (element.getBoundingClientRect().top >= line) return null;
  const place = element.matches('.message-row') ? element.querySelector(PIECES) : element.matches('.words, ul, ol, blockquote, .message, details') ? element : null;
  const found = place && place.getBoundingClientRect().bottom > line ? crossing(place, line) : null;
  return found && found !== element ? found : null;
}

/** What was held may have left the page; then what is there now is held. */
function putBack() {
  if (!held?.element.isConnected) { hold(); return; }
  const moved = held.element.getBoundingClientRect().top - scroller.getBoundingClientRect().top - held.top;
  if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
}

/** Put what was at the reader's line back to its place, or the end to the end. */
export function keepPlace() {
  if (!scroller || (isFollowing && !isLaidOut)) return;
  place();
  settle();
}

function place() {
  if (!isFollowing) putBack();
  else if (!isTouched) scroller.scrollTop = scroller.scrollHeight;
  lastTop = scroller.scrollTop;
  lastHeight = scroller.scrollHeight;
  paintLatest();
}

/** What is measured before the browser paints may have other heights once it has: of rows out of sight it takes those it remembers, and tells nobody. */
function settle(left = SETTLINGS) {
  if (isSettling || !left) return;
  isSettling = true;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    isSettling = false;
    const before = scroller.scrollTop;
    place();
    if (Math.abs(scroller.scrollTop - before) >= 1) settle(left - 1);
  }));
}

export function startFollowing() {
  isFollowing = true;
  keepPlace();
}

/** The message at the reader's line and where it begins; nothing at the end, which is followed. */
export function readingPlace() {
  const row = /** @type {HTMLElement | null | undefined} */ (isFollowing ? null : held?.element.closest('.message-row'));
  const message_id = row?.dataset.messageId;
  return row && message_id ? { message_id, top: row.getBoundingClientRect().top - scroller.getBoundingClientRect().top } : null;
}

/** Whoever reads further up stays there. */
export function stopFollowing() {
  isFollowing = false;
  hold();
  paintLatest();
}

/** Bring an element to a place below the window's top edge, as soon as it can be there, and hold it there. @param {Element} element @param {number} top */
export function bring(element, top) {
  isFollowing = false;
  held = { element, top };
  keepPlace();
}
