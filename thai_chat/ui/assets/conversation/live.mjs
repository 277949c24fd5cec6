// Questions on their way and replies that grow: rows of the history like all others, from their first word on.
import { emit, on, store } from '../lib/store.mjs';
import { addGrowing, nameGrowing } from './history.mjs';
import { keepPlace, startFollowing } from './scrolling.mjs';
import { Turn } from './turn.mjs';
import { paintWelcome, welcome } from './welcome.mjs';

/** Turns of the shown session that the history does not hold yet, oldest first. */
let turns = /** @type {Turn[]} */ ([]);
/** @type {import('./turn.mjs').Turns} */
export const those = {
  refresh: async () => {},
  has: (turn) => turns.includes(turn),
  ended: () => { paintBusy(); emit('ended'); },
};

/** @param {HTMLElement} place @param {{ refresh: () => Promise<unknown> }} given */
export function mountLive(place, given) {
  those.refresh = given.refresh;
  place.append(welcome());
  on('view', takeView);
  for (const change of /** @type {const} */ (['choice', 'backends'])) on(change, greet);
  on('gone', () => turns.forEach((turn) => { if (!turn.isOver) turn.cut(); }));
  on('back', () => turns.forEach((turn) => { turn.close(); turn.resume(); }));
  // The server closes what nobody reads; a page that comes back from the browser's cache follows anew.
  addEventListener('pagehide', () => turns.forEach((turn) => turn.close()));
  addEventListener('pageshow', (event) => { if (event.persisted) turns.forEach((turn) => turn.resume()); });
}

/** @param {Changes['view']} given */
function takeView({ isOther }) {
  const { live, messages, session_id } = store.view;
  if (isOther) leaveTurns(() => true);
  turns.find((turn) => turn.isOver && turn.messageId === live?.message_id)?.goOn();
  const stored = /** @type {Set<string | null>} */ (new Set(messages.map((message) => message.message_id)));
  const isNews = turns.some((turn) => !turn.isOver && stored.has(turn.messageId)); // its end has not been heard
  leaveTurns((turn) => stored.has(turn.messageId) || (turn.isOver && turn.sessionId !== session_id));
  if (live && !turns.some((turn) => turn.messageId === live.message_id)) {
    (unanswered(messages.at(-1)) ?? add(new Turn(those, { choice: live, waited_ms: live.waited_ms }))).follow(live);
  }
  paintBusy();
  greet();
  if (isNews) emit('ended');
}

/** The turn whose question has been stored, although the server has not said so yet. @param {ShownMessage | undefined} question */
function unanswered(question) {
  const found = turns.find((turn) => !turn.messageId && !turn.isOver && turn.asked === question?.text);
  if (found?.question && question) nameGrowing(found.question, question.message_id);
  return found;
}

const greet = () => paintWelcome(turns.length === 0);

/** @param {(turn: Turn) => boolean} isLeaving */
function leaveTurns(isLeaving) {
  const leaving = turns.filter(isLeaving);
  turns = turns.filter((turn) => !leaving.includes(turn));
  leaving.forEach((turn) => turn.leave());
}

/** @param {Turn} turn */
function add(turn) {
  turns.push(turn);
  for (const row of [turn.question, turn.row]) if (row) addGrowing(row);
  paintBusy();
  greet();
  keepPlace();
  return turn;
}

/** @param {string} key @param {string} text @param {Choice | null} choice */
export function showQuestion(key, text, choice) {
  add(new Turn(those, { key, question: text, choice }));
  startFollowing();
}

/** The history may have been read between the question and this answer, and its reply be followed already. @param {string} key @param {Accepted} accepted */
export function followAccepted(key, accepted) {
  leaveTurns((turn) => turn.key !== key && turn.messageId === accepted.message_id);
  turns.find((turn) => turn.key === key)?.follow(accepted, accepted.question);
}

/** @param {string} key */
export function forgetQuestion(key) {
  leaveTurns((turn) => turn.key === key && !turn.messageId);
  paintBusy();
  greet();
}

/** A reply that grows beside another one, in whose row it is. @param {Turn} turn */
export function addBeside(turn) {
  turns.push(turn);
  paintBusy();
}

/** @param {Turn} turn */
export const leaveBeside = (turn) => leaveTurns((one) => one === turn);

/** @param {string} message_id */
export const stopOne = (message_id) => turns.find((turn) => turn.messageId === message_id)?.stop();

/** @param {string} message_id */
export const isGrowing = (message_id) => turns.some((turn) => turn.messageId === message_id && !turn.isOver);

/** The reply is heard as it grows, or may be one that was just asked for. @param {string | undefined} reply_id */
export const isHeard = (reply_id) => turns.some(({ isOver, messageId }) => messageId === reply_id || (!isOver && !messageId));

/** True when the history holds every turn. */
export const isQuiet = () => turns.length === 0;

export const stopShown = () => turns.filter((turn) => !turn.isOver).forEach((turn) => turn.stop());

function paintBusy() {
  const isBusy = turns.some((turn) => !turn.isOver);
  if (isBusy === store.isBusy) return;
  store.isBusy = isBusy;
  emit('busy');
}
