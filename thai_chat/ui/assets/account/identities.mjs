// The identities of OpenID providers that let somebody sign in to their account.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { html, nothing, repeat } from '../lib/painting.mjs';
import { plain, section } from '../lib/panel.mjs';
import { t, when } from '../lib/texts.mjs';

/** @typedef {{ identity_id: string, issuer: string, subject: string, created_at: string }} Identity */
/** @typedef {{ identities: Identity[], can_add: boolean, provider: string }} Identities */

/** Show nothing where people sign in by a password alone. @param {Identities} data @param {import('../lib/panel.mjs').Panel} panel */
export function identitiesView({ identities, can_add, provider }, panel) {
  if (!identities.length && !can_add) return nothing;
  const add = () => panel.tried(async () => {
    const { url } = await api('POST', 'api/me/identities', { body: { next: '/' } });
    location.assign(url);
  }, '');
  /** @param {Identity} one */
  const remove = async ({ identity_id, issuer }) => {
    if (!await confirm(t('identity_remove_sure', { name: hostOf(issuer) }), t('identity_remove'))) return;
    panel.tried(() => api('DELETE', `api/me/identities/${identity_id}`), t('identity_removed'));
  };
  return section(t('account_identities'), html`${identities.length ? html`<p class="note">${t('account_identities_more')}</p>` : nothing}<ul class="rows">${
    repeat(identities, ({ identity_id }) => identity_id, (one) => html`<li><div><strong title=${one.issuer} dir="ltr">${hostOf(one.issuer)}</strong>
    <small><bdi>${one.subject}</bdi> · ${t('identity_since', { when: when(one.created_at) })}</small></div>
    ${plain(t('identity_remove'), () => remove(one), { key: `remove ${one.identity_id}` })}</li>`)}</ul>`,
  can_add ? plain(provider ? t('identity_add_named', { name: provider }) : t('identity_add'), add) : nothing);
}

/** @param {string} issuer */
const hostOf = (issuer) => { try { return new URL(issuer).host; } catch { return issuer; } };
