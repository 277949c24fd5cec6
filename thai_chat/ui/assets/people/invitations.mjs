// Links by which people come in; each is shown once.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { askFields, showOnce } from '../lib/fields.mjs';
import { html, nothing, repeat } from '../lib/painting.mjs';
import { none, plain, section } from '../lib/panel.mjs';
import { t, when } from '../lib/texts.mjs';

/** @typedef {{ invitation_id: string, purpose: string, role: string, name: string | null, created_at: string, expires_at: string, used_at: string | null }} Invitation */
/** @typedef {import('../lib/panel.mjs').Panel} Panel */

const DAY_S = 86_400;
const LIVES = [1, 7, 30];

/** @param {{ invitations: Invitation[] }} data @param {Panel} panel */
export function invitationsView({ invitations }, panel) {
  const rows = html`<ul class="rows">${repeat(invitations, ({ invitation_id }) => invitation_id, (one) => html`<li class=${isOver(one) ? 'over' : nothing}>
    <div><strong dir="auto">${one.name || t('invitation_anybody')}</strong><span class="badge">${t(one.purpose === 'invite' ? `role_${one.role}` : `purpose_${one.purpose}`)}</span><small>${said(one)}</small></div>
    ${isOver(one) ? nothing : plain(t('invitation_revoke'), () => revoke(one, panel), { isDanger: true, key: `revoke ${one.invitation_id}` })}</li>`)}</ul>`;
  return section(t('people_invitations'), html`<p class="note">${t('invitations_more')}</p>${invitations.length ? rows : none(t('invitations_none'))}`,
    plain(t('invitation_make'), () => make(panel), { isMain: true }));
}

/** @param {Invitation} one */
const isOver = ({ expires_at, used_at }) => Boolean(used_at) || new Date(expires_at) < new Date();

/** @param {Invitation} one */
const said = ({ created_at, expires_at, used_at }) => [
  t('invitation_made', { when: when(created_at) }),
  used_at ? t('invitation_used', { when: when(used_at) }) : t(new Date(expires_at) < new Date() ? 'invitation_expired' : 'invitation_ends', { when: when(expires_at) }),
].join(' · ');

/** @param {Invitation} one @param {Panel} panel */
async function revoke({ invitation_id }, panel) {
  if (await confirm(t('invitation_revoke_sure'), t('invitation_revoke'))) panel.tried(() => api('DELETE', `api/invitations/${invitation_id}`), t('invitation_revoked'));
}

/** @param {Panel} panel */
async function make(panel) {
  const made = await askFields(t('invitation_make'), {
    fields: [
      { name: 'name', label: t('invitation_name'), limit: 100, hint: t('invitation_name_hint') },
      { name: 'role', label: t('account_role'), value: 'user', options: [['user', t('role_user')], ['administrator', t('role_administrator')]] },
      { name: 'days', label: t('invitation_life'), value: '7', options: LIVES.map((days) => [String(days), t('days_count', { count: days })]) },
    ],
    yes: t('invitation_make'),
    act: ({ name, role, days }) => api('POST', 'api/invitations', { body: { role, ...(name ? { name } : {}), expires_in_s: Number(days) * DAY_S } }),
  });
  if (!made) return;
  await showOnce(t('invitation_link'), t('link_once', { when: when(made.expires_at) }), made.url);
  panel.load();
}
