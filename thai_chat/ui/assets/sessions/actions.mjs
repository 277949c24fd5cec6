// The deeds on sessions, one or many: labels, pin, archive, trash; each is told to the server and the list.
import { alert } from '../lib/alerts.mjs';
import { address, api, apiFile } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { el } from '../lib/dom.mjs';
import { fetched } from '../lib/fetched.mjs';
import { forgetSession } from '../lib/kept.mjs';
import { emit, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';
import { shelf, shelfOf } from './shelf.mjs';

const AT_ONCE = 4;
/** More of them make an address too long: they go in a body. */
const MOST_IN_ADDRESS = 400;
const FORMATS = ['json', 'md', 'csv', 'jsonl'];

/** @typedef {Record<string, unknown>} Patch */

/** `page` opens a session and starts a new one. */
let page = { open: (/** @type {string} */ _session_id) => {}, startNew: () => {} };

/** @param {typeof page} given */
export function mountActions(given) { page = given; }

/**
 * Ask for `act` on each, a few at a time; return the answers, and show the first refusal.
 *
 * @param {Session[]} sessions
 * @param {(session: Session) => Promise<Session>} act
 */
async function each(sessions, act) {
  const waiting = [...sessions];
  /** @type {Session[]} */
  const answers = [];
  const refusals = /** @type {Error[]} */ ([]);
  const work = async () => {
    for (let session = waiting.shift(); session; session = waiting.shift()) {
      try { answers.push(await act(session)); } catch (error) { refusals.push(error); }
    }
  };
  shelf.deeds += 1;
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  shelf.deeds -= 1;
  if (refusals[0]) {
    alert(refusals[0].message);
    shelf.refresh();
  }
  return answers;
}

/** @param {Pick<Session, 'session_id'>} given */
const pathOf = ({ session_id }) => `api/sessions/${session_id}`;

/** `patch` is what to change, or a function of the session that says it. Gives the sessions that were changed. @param {Session[]} sessions @param {Patch | ((session: Session) => Patch)} patch */
export async function change(sessions, patch) {
  const changed = await each(sessions, (session) =>
    api('PATCH', pathOf(session), { body: typeof patch === 'function' ? patch(session) : patch }));
  shelf.put(...changed);
  const shown = changed.find(({ session_id }) => session_id === store.view?.session_id);
  if (shown) emit('shelved', shelfOf(shown));
  return changed;
}

/** The list may not have read the session. @param {Session} session @param {string} session_name */
export async function rename(session, session_name) {
  const known = shelf.find(session.session_id);
  if (known) shelf.put({ ...known, session_name });
  const [renamed] = await change([session], { session_name });
  if (renamed) emit('renamed', renamed);
}

/** @param {Session[]} sessions @param {boolean} pinned */
export const pin = (sessions, pinned) => change(sessions, { pinned });

/** @param {Session[]} sessions */
export async function archive(sessions) {
  shelf.drop(...sessions.map(({ session_id }) => session_id));
  const archived = await change(sessions, { archived: true });
  if (archived.length) say('archived', archived, () => change(archived, { archived: false }));
}

/** @param {Session[]} sessions */
export async function unarchive(sessions) {
  const back = await change(sessions, { archived: false });
  if (back.length) say('unarchived', back, () => change(back, { archived: true }));
}

/** @param {Session[]} sessions */
export async function trash(sessions) {
  const isShown = holdsShown(sessions);
  shelf.drop(...sessions.map(({ session_id }) => session_id));
  if (isShown) page.startNew();
  const trashed = await change(sessions, { deleted: true });
  if (trashed.length) say('trashed', trashed, () => takeBack(trashed, isShown));
}

/** @param {Session[]} sessions @param {boolean} wasShown */
async function takeBack(sessions, wasShown) {
  const back = await change(sessions, { deleted: false });
  if (wasShown && back.length === 1 && !store.view?.stored) page.open(back[0].session_id);
}

/** @param {Session[]} sessions */
export async function restore(sessions) {
  const back = await change(sessions, { deleted: false });
  if (back.length) say('restored', back, () => trash(back));
}

/** False when the person thought better of it. @param {Session[]} sessions */
export async function purge(sessions) {
  if (!await confirm(counted('purge_question', sessions), t('purge'))) return false;
  const gone = await each(sessions, async (session) => {
    await api('DELETE', pathOf(session), { query: { permanent: true } });
    return session;
  });
  forget(gone);
  if (gone.length) toast(counted('purged', gone));
  return true;
}

export async function emptyTrash() {
  if (!await confirm(t('empty_trash_question'), t('empty_trash'))) return;
  try {
    await api('DELETE', 'api/sessions', { query: { shelf: 'trash' } });
    forget(shelf.sorted.filter(({ deleted_at }) => deleted_at));
    toast(t('emptied'));
  } catch (error) {
    alert(error.message);
  }
  shelf.refresh();
}

/** @param {Session[]} sessions */
function forget(sessions) {
  const isShown = holdsShown(sessions);
  const drop = sessions.map(({ session_id }) => session_id);
  shelf.drop(...drop);
  if (isShown) page.startNew();
  drop.forEach(forgetSession);
}

/** @param {Session[]} sessions */
const holdsShown = (sessions) => sessions.some(({ session_id }) => session_id === store.view?.session_id);

/** The text for one, or the one with the number for more. @param {string} code @param {Session[]} sessions */
const counted = (code, sessions) => (sessions.length === 1 ? t(`${code}_one`) : t(`${code}_many`, { count: number(sessions.length) }));

/** @param {string} code @param {Session[]} sessions @param {() => unknown} undo */
const say = (code, sessions, undo) => toast(counted(code, sessions), { undo });

const timezone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The formats in which sessions can be had, as entries of a menu; `done` is called when one was chosen. @param {Session[]} sessions @param {() => void} [done] */
export const exportItems = (sessions, done = () => {}) => FORMATS.map((format) => {
  const entry = { icon: 'download', text: t(`format_${format}`) };
  const session_id = sessions.map((session) => session.session_id);
  if (session_id.length > MOST_IN_ADDRESS) return { ...entry, act: () => { done(); downloadMany(session_id, format); } };
  const href = session_id.length === 1
    ? address(`${pathOf(sessions[0])}/export`, { format, timezone: timezone() })
    : address('api/export', { format, timezone: timezone(), session_id });
  return { ...entry, href: href.href, act: done };
});

/** @param {string[]} session_ids @param {string} format */
async function downloadMany(session_ids, format) {
  try {
    const { file, name } = await apiFile('api/export', { session_ids, format, timezone: timezone() });
    const href = URL.createObjectURL(file);
    el('a', { href, download: name ?? `thai-chat.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  } catch (error) {
    alert(error.message);
  }
}

/** The entries of a session's menu; `on` has what the list does itself: rename, tags, move. @returns {MenuItem[]} @param {Session} session @param {{ rename: () => void, move: (sessions: Session[]) => void, tags: (sessions: Session[]) => void, select: () => void }} on */
export function menuOf(session, on) {
  const one = [session];
  if (session.deleted_at) {
    return [
      { icon: 'back', text: t('restore'), act: () => restore(one) },
      '-',
      { icon: 'trash', text: t('purge_more'), danger: true, act: () => purge(one) },
    ];
  }
  return [
    { icon: 'pencil', text: t('rename'), act: on.rename },
    ...(session.archived_at ? [] : [{ icon: 'pin', text: t(session.pinned_at ? 'unpin' : 'pin'), act: () => pin(one, !session.pinned_at) }]),
    { icon: 'folder', text: t('move_more'), act: () => on.move(one) },
    { icon: 'tag', text: t('tags_more'), act: () => on.tags(one) },
    session.archived_at
      ? { icon: 'archive', text: t('unarchive'), act: () => unarchive(one) }
      : { icon: 'archive', text: t('archive'), act: () => archive(one) },
    { icon: 'link', text: t('share_more'), act: () => emit('share', session) },
    { icon: 'download', text: t('export'), items: exportItems(one) },
    { icon: 'printer', text: t('print'), act: () => emit('print', session) },
    { icon: 'back', text: t('deleted_more'), act: () => fetched(() => import('./deleted.mjs'), ({ openDeleted }) => openDeleted(session)) },
    { icon: 'checks', text: t('select_many'), act: on.select },
    '-',
    { icon: 'trash', text: t('delete'), danger: true, act: () => trash(one) },
  ];
}
