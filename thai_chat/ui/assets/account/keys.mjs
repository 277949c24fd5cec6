// API keys: by one a program asks in somebody's name.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { askFields, showOnce } from '../lib/fields.mjs';
import { html, repeat } from '../lib/painting.mjs';
import { none, plain, section } from '../lib/panel.mjs';
import { day, t, when } from '../lib/texts.mjs';

/** @typedef {{ key_id: string, name: string, scopes: string[], created_at: string, expires_at: string | null, used_at: string | null }} Key */

const NAME_CHARS = 100;
const DAY_S = 86_400;
const LIVES = [30, 90, 365];

/** @param {{ keys: Key[], me: Me }} data @param {import('../lib/panel.mjs').Panel} panel */
export function keysView({ keys, me }, panel) {
  const rows = html`<ul class="rows">${repeat(keys, ({ key_id }) => key_id, (key) => html`<li>
    <div><strong dir="auto">${key.name}</strong> <code>tc_${key.key_id}_…</code><small>${said(key)}</small></div>
    ${plain(t('key_delete'), () => remove(key, panel), { isDanger: true, key: `delete ${key.key_id}` })}</li>`)}</ul>`;
  return section(t('account_keys'), html`<p class="note">${t('keys_more')}</p>${keys.length ? rows : none(t('keys_none'))}`,
    plain(t('key_make'), () => make(me, panel), { isMain: true }));
}

/** @param {Key} key */
const said = ({ scopes, created_at, expires_at, used_at }) => [
  scopes.map((scope) => t(`scope_${scope}`)).join(', '),
  t('key_made', { when: day(created_at) }),
  !expires_at ? t('key_no_end') : t(new Date(expires_at) < new Date() ? 'key_over' : 'key_ends', { when: day(expires_at) }),
  used_at ? t('key_used', { when: when(used_at) }) : t('key_unused'),
].join(' · ');

/** @param {Key} key @param {import('../lib/panel.mjs').Panel} panel */
async function remove({ key_id, name }, panel) {
  if (await confirm(t('key_delete_sure', { name }), t('key_delete'))) panel.tried(() => api('DELETE', `api/keys/${key_id}`), t('key_deleted', { name }));
}

/** @param {Me} me @param {import('../lib/panel.mjs').Panel} panel */
async function make(me, panel) {
  const scopes = ['read', 'chat', ...(me.role === 'administrator' ? ['admin'] : [])];
  const made = await askFields(t('key_make'), {
    fields: [
      { name: 'name', label: t('key_name'), limit: NAME_CHARS, isNeeded: true, hint: t('key_name_hint') },
      { name: 'scope', label: t('key_scopes'), value: 'chat', options: scopes.map((scope) => [scope, t(`scope_${scope}_more`)]) },
      { name: 'days', label: t('key_life'), value: '90', options: [...LIVES.map((days) => /** @type {[string, string]} */ ([String(days), t('days_count', { count: days })])), ['', t('key_no_end')]] },
    ],
    yes: t('key_make'),
    act: ({ name, scope, days }) => api('POST', 'api/keys', { body: { name, scopes: [scope], ...(days ? { expires_in_s: Number(days) * DAY_S } : {}) } }),
  });
  if (!made) return;
  await showOnce(t('key_new'), t('key_once'), made.key);
  panel.load();
}
