// What can be done with any message: the menu at its end, a link to it, deleting it and bringing it back.
import { alert } from '../lib/alerts.mjs';
import { address, api } from '../lib/api.mjs';
import { $, copyText, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { emit, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';

/** What other parts have for the menu of a message, above the rest of it. */
const more = /** @type {((message: ShownMessage, button: HTMLButtonElement) => MenuItem[])[]} */ ([]);

/** @param {typeof more[number]} items */
export function offer(items) { more.push(items); }

/** @param {ShownMessage} message */
export const moreButton = (message) => iconButton('more', t('message_menu'), ({ currentTarget: button }) => {
  openMenu(button, itemsOf(message, button), { label: t('message_menu') });
}, { class: 'icon-button message-more', 'aria-haspopup': 'menu', 'aria-expanded': 'false' });

/** @param {ShownMessage} message @param {HTMLButtonElement} button @returns {MenuItem[]} */
const itemsOf = (message, button) => [
  ...more.flatMap((items) => items(message, button)),
  { icon: 'link', text: t('message_link'), act: () => copyLink(message) },
  '-',
  { icon: 'trash', text: t('message_delete'), danger: true, act: () => remove(message) },
];

/** @param {ShownMessage} message */
async function copyLink({ message_id }) {
  await copyText(address('', { s: store.view.session_id, m: message_id }).href);
  toast(t('message_link_copied'));
}

/** @param {ShownMessage} message */
async function remove({ message_id, versions }) {
  const { session_id } = store.view;
  const path = `api/sessions/${session_id}/messages/${message_id}`;
  if (!await done(() => api('DELETE', path))) return;
  toast(t('message_deleted'), { undo: () => bringBack(session_id, message_id) });
  if (store.view.session_id !== session_id) return;
  const at = store.view.messages.findIndex((message) => message.message_id === message_id);
  const messages = store.view.messages.filter((message) => message.message_id !== message_id);
  const near = messages[Math.max(0, at - 1)]?.message_id;
  store.view = { ...store.view, messages };
  emit('view', { isOther: false, isFirst: false, how: 'refreshed' });
  focusRow(near);
  // Another version may stand there now. Else nothing is looked for: it may be deleted too by the time it is found.
  if (versions || !store.view.has_later) tellOf(session_id, versions ? near : undefined);
}

/** @param {string} session_id @param {string} message_id */
async function bringBack(session_id, message_id) {
  if (await done(() => api('PATCH', `api/sessions/${session_id}/messages/${message_id}`, { body: { deleted: false } }))) tellOf(session_id, message_id);
}

/** @param {string} session_id @param {string} [shown_message_id] */
function tellOf(session_id, shown_message_id) {
  if (store.view.session_id === session_id && !store.isBusy) emit('changed', { follow: false, shown_message_id });
}

/** @param {() => Promise<unknown>} act */
async function done(act) {
  try {
    await act();
    return true;
  } catch (error) {
    alert(error.message);
    return false;
  }
}

/** @param {string} [message_id] */
function focusRow(message_id) {
  const row = message_id ? $(`#chat [data-message-id="${message_id}"]`) : null;
  if (!row) return;
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
}
