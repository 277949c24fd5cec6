// The log of what was done, without a word of what anybody said.
import { api } from '../lib/api.mjs';
import { html, nothing, repeat } from '../lib/painting.mjs';
import { amount, none, plain, section } from '../lib/panel.mjs';
import { t, when } from '../lib/texts.mjs';
import { nameOf } from './list.mjs';

/** @typedef {import('./list.mjs').Known} Known */
/** @typedef {{ entry_id: string, at: string, action: string, outcome: string, name: string, account_id: string | null, key_id: string | null, target: string | null, address: string, details: Record<string, unknown> }} Entry */
/** @typedef {{ entries: Entry[], next: string | null, people: Known[] }} Data */

const PAGE = 50;
const MOMENT = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;
const ACTIONS = [
  'sign_in', 'sign_in_failed', 'sign_out', 'sign_ins_ended', 'sign_up', 'identity_added', 'identity_removed', 'password_changed', 'password_reset', 'account_disabled', 'account_enabled', 'account_deleted',
  'role_changed', 'name_changed', 'chats_taken_over', 'invitation_made', 'invitation_revoked', 'key_made', 'key_revoked', 'share_made', 'share_revoked', 'share_continued',
  'webhook_made', 'webhook_changed', 'webhook_deleted', 'webhook_secret_made',
  'export', 'import', 'session_deleted', 'message_deleted', 'quota_changed', 'model_rule_changed', 'preset_shared', 'chats_read_by_administrator', 'search_by_administrator',
];

/** What is said beside an action, with the text for it; the names of limits are those of the panel of limits. */
const DETAILS = ['role', 'roles', 'accounts', 'everybody', 'sessions', 'messages', 'format', 'scopes', 'expires_at', 'session_id', 'is_shared', 'link', 'name', 'programs', 'way'];
const LIMITS = ['requests_minute', 'running_replies', 'tokens_day', 'tokens_month', 'usd_day', 'usd_month'];
const ROLES = ['user', 'administrator'];
const SCOPES = ['read', 'chat', 'admin'];
const OUTCOMES = ['wrong_credentials', 'wrong_password', 'refused'];

export class Audit {
  action = '';
  account_id = '';

  async load() {
    const [page, { people }] = await Promise.all([this.read(), api('GET', 'api/people')]);
    return { ...page, people };
  }

  /** @param {string | null} [cursor] */
  read(cursor = null) { return api('GET', 'api/audit', { query: { limit: PAGE, action: this.action, account_id: this.account_id, cursor } }); }

  /** @param {Data} data @param {import('../lib/panel.mjs').Panel} panel */
  view(data, panel) {
    const older = async () => {
      try {
        const page = await this.read(data.next);
        data.entries = [...data.entries, ...page.entries];
        data.next = page.next;
        panel.repaint();
      } catch (error) { panel.complain(error.message); }
    };
    /** @param {string} key @param {string} label @param {string} every @param {[string, string][]} options @param {(value: string) => void} pick */
    const filter = (key, label, every, options, pick) => html`<select aria-label=${label} data-key=${key} @change=${(/** @type {any} */ { target }) => { pick(target.value); panel.load(); }}>
      <option value="">${every}</option>${options.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select>`;
    const filters = html`<div class="log-filters">${
      filter('action', t('audit_action'), t('audit_every_action'), ACTIONS.map((action) => [action, t(`action_${action}`)]), (value) => { this.action = value; })}${
      filter('person', t('person'), t('audit_everybody'), data.people.map((person) => [person.account_id, nameOf(person)]), (value) => { this.account_id = value; })}</div>`;
    const names = new Map(data.people.map((person) => [person.account_id, nameOf(person)]));
    return section(t('people_audit'), html`${filters}${data.entries.length
      ? html`<ol class="rows audit">${repeat(data.entries, ({ entry_id }) => entry_id, (entry) => row(entry, names))}</ol>${data.next ? plain(t('audit_older'), older, { key: 'older' }) : nothing}`
      : none(t('audit_none'))}`);
  }
}

/** @typedef {Map<string | null, string>} Names of accounts, by their ids */

/** @param {string} text @param {Names} names */
const wordOf = (text, names) => (ROLES.includes(text) ? t(`role_${text}`) : names.get(text) ?? (MOMENT.test(text) ? when(text) : text));

/** @param {string} what @param {unknown} value @param {Names} names @returns {string} */
function written(what, value, names) {
  if (Array.isArray(value)) return value.map((one) => written(what, one, names)).join(', ') || '–';
  if (typeof value === 'string') return what === 'scopes' && SCOPES.includes(value) ? t(`scope_${value}`) : wordOf(value, names);
  if (typeof value === 'boolean') return t(value ? 'detail_yes' : 'detail_no');
  if (value === null) return LIMITS.includes(what) ? t('quota_free') : '–';
  return typeof value === 'number' ? amount(what, value) : JSON.stringify(value);
}

/** @param {string} what @param {unknown} value @param {Names} names */
const told = (what, value, names) => `${LIMITS.includes(what) ? t(`limit_${what}`) : DETAILS.includes(what) ? t(`detail_${what}`) : what}: ${written(what, value, names)}`;

/** @param {string | null} target @param {Names} names */
const thing = (target, names) => wordOf((target ?? '').replace(/^(?:account|role)\//, ''), names);

/** @param {Entry} entry @param {Names} names */
function row({ at, action, outcome, name, key_id, target, address, details }, names) {
  const to = thing(target, names);
  const more = [to === name ? '' : to, key_id && t('quota_key', { key: key_id }), ...Object.entries(details ?? {}).map(([what, value]) => told(what, value, names)), address];
  return html`<li><div><strong>${ACTIONS.includes(action) ? t(`action_${action}`) : action}</strong>${outcome === 'done' ? nothing : html`<span class="badge bad">${OUTCOMES.includes(outcome) ? t(`outcome_${outcome}`) : outcome}</span>`}
    <span class="aside-name" dir="auto">${name}</span><small dir="auto">${more.filter(Boolean).join(' · ')}</small></div><time datetime=${at}>${when(at)}</time></li>`;
}
