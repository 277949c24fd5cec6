// What is written in the question box and not sent yet. Each tab of the browser has a draft of its own in each session, so
// that none writes over another's; a draft that its tab has left is taken over by the next one that opens the session.
import { randomKey } from './dom.mjs';
import { keep, kept, keptNames, onKept } from './kept.mjs';

/**
 * A draft; that of a new session has the model and the options that were picked for it too.
 *
 * @typedef {{ tab: string, at: number, is_left: boolean, text: string, choice?: Choice | null, options?: Options }} Draft
 */

/** A tab that has ended without a word has left its drafts by then. */
const LEFT_MS = 24 * 3_600_000;
const TAB = 'thai-chat:tab'; // early.js reads it too

let tab = '';
try { tab = sessionStorage.getItem(TAB) ?? ''; } catch { /* forbidden: a tab of its own after each reload */ }
if (!tab) beAnother();

/** The drafts of this page, by their sessions. */
const own = /** @type {Set<string>} */ (new Set());
/** The draft that was shown last, by its session; it may be another tab's. */
const shown = /** @type {Map<string, Draft>} */ (new Map());

addEventListener('pagehide', () => markOwn(true));
addEventListener('pageshow', (event) => { if (event.persisted) markOwn(false); });

/** Drafts with such names live as long as the page does. */
const UNKEPT = 'temporary ';

/** Return the name under which drafts of a session are kept: one for all sessions that are not stored yet. @param {Pick<View, 'session_id' | 'stored' | 'is_temporary'>} view */
export const draftName = ({ stored, is_temporary, session_id }) => (is_temporary ? UNKEPT + session_id : stored ? session_id : 'new');

/** Return the draft to show in a session: this tab's, else what other tabs have left, else another tab's. @param {string} name */
export function takeDraft(name) {
  if (name.startsWith(UNKEPT)) return shownDraft(name);
  const all = draftsOf(name);
  const mine = ownAmong(all, name);
  const left = all.filter(isLeft);
  if (mine) put(name, mine);
  else if (left.length) takeOver(name, left);
  else return followDraft(name);
  return shownDraft(name);
}

/** All that was left is one draft now. @param {string} name @param {Draft[]} left */
function takeOver(name, left) {
  const texts = [...new Set(left.map(({ text }) => text).filter(Boolean))];
  for (const draft of left) keep(slot(name, draft.tab), null);
  put(name, { ...left[left.length - 1], text: texts.join('\n\n') });
}

/** Return the draft that was shown last in a session. @param {string} name */
export const shownDraft = (name) => shown.get(name) ?? null;

/** True when a question is written that a reload would take away. */
export const hasUnkeptDrafts = () => [...shown].some(([name, { text }]) => name.startsWith(UNKEPT) && text);

/** Show what another tab writes, without taking it over. @param {string} name */
export function followDraft(name) {
  const draft = draftsOf(name).at(-1) ?? null;
  if (draft) shown.set(name, draft);
  else shown.delete(name);
  return draft;
}

/** Change this tab's draft; one that has nothing is none. @param {string} name @param {Partial<Pick<Draft, 'text' | 'choice' | 'options'>>} change */
export function writeDraft(name, change) {
  const mine = draftsOf(name).find((draft) => draft.tab === tab) ?? shown.get(name);
  const { text = '', choice = null, options = {} } = { ...mine, ...change };
  if (text || choice || Object.keys(options).length) put(name, { text, choice, options });
  else drop(name);
}

/** A question has been taken: it is nobody's draft any more. What has been written there since stays. @param {string} name @param {string} text */
export function forgetDraft(name, text) {
  for (const draft of draftsOf(name)) if (draft.text === text) keep(slot(name, draft.tab), null);
  if (shown.get(name)?.text === text) shown.delete(name);
}

/** True when this tab has a draft there. @param {string} name */
export const hasOwnDraft = (name) => own.has(name) && draftsOf(name).some((draft) => draft.tab === tab);

/** Hear of a change of another tab's draft. @param {(name: string) => void} listener */
export function onDraft(listener) {
  onKept((name) => { if (name.startsWith('draft:')) listener(name.split(':')[1]); });
}

/** @param {string} name @param {string} of */
const slot = (name, of) => (of ? `draft:${name}:${of}` : `draft:${name}`);

/** @param {Draft} draft */
const isLeft = ({ is_left, at }) => is_left || Date.now() - at > LEFT_MS;

/** Oldest first. @param {string} name */
const draftsOf = (name) => keptNames(`draft:${name}`).map(read).filter((draft) => draft !== null).sort((one, other) => one.at - other.at);

/** A draft may have been kept as a text alone. @param {string} of @returns {Draft | null} */
function read(of) {
  const value = kept(of);
  if (value === null) return null;
  const plain = { tab: of.split(':')[2] ?? '', at: 0, is_left: true, text: value };
  try {
    const found = JSON.parse(value);
    return typeof found?.text === 'string' ? { ...plain, ...found, tab: plain.tab } : plain;
  } catch {
    return plain;
  }
}

/** A tab that was duplicated begins with the name of the other one, whose draft is not left. @param {Draft[]} all @param {string} name */
function ownAmong(all, name) {
  const mine = all.find((draft) => draft.tab === tab);
  if (!mine || mine.is_left || own.has(name)) return mine;
  beAnother();
  return undefined;
}

function beAnother() {
  tab = randomKey().slice(0, 12);
  try { sessionStorage.setItem(TAB, tab); } catch { /* forbidden */ }
}

/** @param {string} name @param {Pick<Draft, 'text' | 'choice' | 'options'>} draft */
function put(name, { text, choice, options }) {
  const draft = { tab, at: Date.now(), is_left: false, text, choice, options };
  shown.set(name, draft);
  if (name.startsWith(UNKEPT)) return;
  own.add(name);
  keep(slot(name, tab), JSON.stringify(draft));
}

/** @param {string} name */
function drop(name) {
  own.delete(name);
  shown.delete(name);
  keep(slot(name, tab), null);
}

/** @param {boolean} is_left */
function markOwn(is_left) {
  for (const name of own) {
    const mine = draftsOf(name).find((draft) => draft.tab === tab);
    if (mine) keep(slot(name, tab), JSON.stringify({ ...mine, at: Date.now(), is_left }));
  }
}
