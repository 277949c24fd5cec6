// The links that a person has made: how often each was opened, when it ends, and a way to take it back.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { el, iconButton } from '../lib/dom.mjs';
import { number, t, when } from '../lib/texts.mjs';

/**
 * @typedef {{ share_id: string, session_id: string, session_name: string, created_at: string, expires_at: string | null,
 *   revoked_at: string | null, views: number, viewed_at: string | null, has_password: boolean }} Share
 */

export async function openShares() {
  const list = el('ul', { class: 'share-list', role: 'list' });
  const told = el('p', { class: 'none', role: 'status' }, t('statistics_loading'));
  const box = el('dialog', { id: 'shares', class: 'box', 'aria-label': t('shares') },
    el('header', {}, el('h2', {}, t('shares')), iconButton('close', t('close'), () => box.close())), told, list);
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();

  /** @param {Share} share */
  const revoke = async (share) => {
    if (!await confirm(t('share_revoke_sure'), t('share_revoke'))) return;
    try {
      await api('DELETE', `api/shares/${share.share_id}`);
      await load();
      box.querySelector('button')?.focus();
    } catch (error) {
      tell(error.message);
    }
  };
  /** @param {string} text */
  const tell = (text) => { told.textContent = text; told.hidden = !text; };
  const load = async () => {
    try {
      const { shares } = /** @type {{ shares: Share[] }} */ (await api('GET', 'api/shares'));
      list.replaceChildren(...shares.map((share) => entryOf(share, () => revoke(share))));
      tell(shares.length ? '' : t('shares_none'));
    } catch (error) {
      tell(error.message);
    }
  };
  await load();
}

/** @param {Share} share */
const isOver = ({ expires_at }) => expires_at !== null && new Date(expires_at) <= new Date();

/** @param {Share} share */
function stateOf(share) {
  if (share.revoked_at) return t('share_revoked');
  if (isOver(share)) return t('share_over');
  return share.expires_at ? t('share_until', { when: when(share.expires_at) }) : t('share_open_ended');
}

/** @param {Share} share @param {() => void} revoke */
function entryOf(share, revoke) {
  const count = number(share.views);
  const views = share.viewed_at ? t('share_views_last', { count, when: when(share.viewed_at) }) : t('share_views', { count });
  const isOpen = !share.revoked_at && !isOver(share);
  const facts = [t('share_made_at', { when: when(share.created_at) }), stateOf(share), share.has_password ? t('share_has_password') : '', views];
  return el('li', { class: isOpen ? '' : 'over' },
    el('b', { dir: 'auto' }, share.session_name || t('untitled')),
    el('small', {}, facts.filter(Boolean).join(' · ')),
    isOpen ? el('button', { type: 'button', class: 'plain danger', onclick: revoke }, t('share_revoke')) : null);
}
