// The messages of a session that were deleted: each can be brought back, or wiped for good.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { el, iconButton } from '../lib/dom.mjs';
import { emit, store } from '../lib/store.mjs';
import { nameOf, t, when } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';

const TEXT_CHARS = 400;

/** @param {Pick<Session, 'session_id' | 'session_name'>} session */
export async function openDeleted({ session_id, session_name }) {
  const path = `api/sessions/${session_id}`;
  const list = el('ul', { class: 'deleted-list', role: 'list' });
  const told = el('p', { class: 'none', role: 'status' }, t('statistics_loading'));
  const box = el('dialog', { id: 'deleted', 'aria-label': t('deleted_messages') },
    el('header', {}, el('h2', {}, t('deleted_messages')), iconButton('close', t('close'), () => box.close())),
    el('p', { class: 'deleted-of', dir: 'auto' }, session_name || t('untitled')), told, list);
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  const tell = () => { told.hidden = list.children.length > 0; told.textContent = t('deleted_none'); };
  /** @param {HTMLElement} item @param {() => Promise<unknown>} act @param {string} done */
  const carry = async (item, act, done) => {
    try {
      await act();
      item.remove();
      tell();
      toast(t(done));
      return true;
    } catch (error) {
      told.hidden = false;
      told.textContent = error.message;
      return false;
    }
  };
  /** @param {MessageBody} message */
  const entry = (message) => {
    const address = `${path}/messages/${message.message_id}`;
    const restore = async () => {
      const isBack = await carry(item, () => api('PATCH', address, { body: { deleted: false } }), 'message_restored');
      if (isBack && store.view?.session_id === session_id) emit('changed', { follow: false, shown_message_id: message.message_id });
    };
    const purge = async () => {
      if (await confirm(t('deleted_purge_sure'), t('deleted_purge'))) carry(item, () => api('DELETE', address, { query: { permanent: true } }), 'message_purged');
    };
    const who = message.role === 'user' ? t('you') : nameOf({ backend: message.backend ?? '', model: message.model ?? '' });
    const item = el('li', {},
      el('small', {}, who, ' · ', when(message.created_at)),
      el('p', { dir: 'auto' }, message.content.slice(0, TEXT_CHARS) || '–'),
      el('div', { class: 'deleted-acts' },
        el('button', { type: 'button', class: 'plain', onclick: restore }, t('deleted_restore')),
        el('button', { type: 'button', class: 'plain danger', onclick: purge }, t('deleted_purge'))));
    return item;
  };
  try {
    const { messages } = await api('GET', `${path}/deleted`);
    list.append(...messages.map(entry));
    tell();
  } catch (error) {
    told.textContent = error.message;
  }
}
