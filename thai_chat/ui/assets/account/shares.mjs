// Links by which others read a session; the address itself is shown where it is made, and kept nowhere.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { html, nothing, repeat } from '../lib/painting.mjs';
import { none, plain, section } from '../lib/panel.mjs';
import { number, t, when } from '../lib/texts.mjs';

/** @typedef {{ share_id: string, session_id: string, session_name: string | null, created_at: string, expires_at: string | null, revoked_at: string | null, views: number, viewed_at: string | null, has_password: boolean }} Share */

/** @param {{ shares: Share[] }} data @param {import('../lib/panel.mjs').Panel} panel */
export function sharesView({ shares }, panel) {
  const rows = html`<ul class="rows">${repeat(shares, ({ share_id }) => share_id, (share) => html`<li class=${isOver(share) ? 'over' : nothing}>
    <div><a href="/?s=${share.session_id}" dir="auto">${share.session_name || t('untitled')}</a>${share.has_password ? html`<span class="badge">${t('my_share_has_password')}</span>` : nothing}
    <small>${said(share)}</small></div>${isOver(share) ? nothing : plain(t('my_share_revoke'), () => revoke(share, panel), { isDanger: true, key: `revoke ${share.share_id}` })}</li>`)}</ul>`;
  return section(t('account_shares'), html`<p class="note">${t('shares_more')}</p>${shares.length ? rows : none(t('my_shares_none'))}`);
}

/** @param {Share} share */
const isOver = ({ expires_at, revoked_at }) => Boolean(revoked_at) || Boolean(expires_at && new Date(expires_at) < new Date());

/** @param {Share} share */
const said = ({ created_at, expires_at, revoked_at, views, viewed_at }) => [
  t('my_share_made', { when: when(created_at) }),
  revoked_at ? t('my_share_revoked_at', { when: when(revoked_at) }) : expires_at ? t('my_share_ends', { when: when(expires_at) }) : t('my_share_no_end'),
  t('my_share_views', { count: number(views) }),
  ...(viewed_at ? [t('my_share_viewed', { when: when(viewed_at) })] : []),
].join(' · ');

/** @param {Share} share @param {import('../lib/panel.mjs').Panel} panel */
async function revoke({ share_id, session_name }, panel) {
  if (await confirm(t('my_share_revoke_sure', { name: session_name || t('untitled') }), t('my_share_revoke'))) panel.tried(() => api('DELETE', `api/shares/${share_id}`), t('my_share_revoked'));
}
