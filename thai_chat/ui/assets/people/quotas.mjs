// How much people may use: by role, and for single people.
import { api } from '../lib/api.mjs';
import { askFields } from '../lib/fields.mjs';
import { html, repeat } from '../lib/painting.mjs';
import { amount, none, plain, section } from '../lib/panel.mjs';
import { number, t } from '../lib/texts.mjs';
import { nameOf } from './list.mjs';

/** @typedef {import('../lib/panel.mjs').Panel} Panel */
/** @typedef {import('./list.mjs').Known} Known */
/** @typedef {Record<string, number | null>} Amounts */
/** @typedef {{ kind: string, subject: string, quotas: Amounts }} Rule */
/** @typedef {{ people: Known[], quotas: Rule[], defaults?: Record<string, Amounts> }} Data */

const WHATS = ['requests_minute', 'running_replies', 'tokens_day', 'tokens_month', 'usd_day', 'usd_month'];
const ROLES = ['user', 'administrator'];
const FREE = ['-', '–', '∞', 'ไม่จำกัด', 'unlimited', 'none'];

/** @param {Data} data @param {Panel} panel */
export function quotasView(data, panel) {
  const { people, quotas, defaults = {} } = data;
  const roles = ROLES.map((role) => quotas.find(({ kind, subject }) => kind === 'role' && subject === role) ?? { kind: 'role', subject: role, quotas: {} });
  const others = quotas.filter(({ kind }) => kind !== 'role');
  const names = new Map(people.map((person) => [person.account_id, nameOf(person)]));
  /** @param {Rule} rule */
  const called = ({ kind, subject }) => (kind === 'role' ? t(`role_${subject}`) : kind === 'key' ? t('quota_key', { key: subject }) : names.get(subject) ?? t('person_gone'));
  /** @param {Rule} rule */
  const row = (rule) => html`<li><div><strong dir="auto">${called(rule)}</strong><dl class="amounts">${WHATS.map((what) => html`<div><dt>${t(`limit_${what}`)}</dt><dd>${shown(what, rule, defaults)}</dd></div>`)}</dl></div>
    ${plain(t('panel_change'), () => change(rule, called(rule), panel), { key: `change ${rule.kind} ${rule.subject}` })}</li>`;
  return [
    section(t('quotas_by_role'), html`<p class="note">${t('quotas_more')}</p><ul class="rows">${roles.map(row)}</ul>`),
    section(t('quotas_by_person'), others.length ? html`<ul class="rows">${repeat(others, ({ kind, subject }) => `${kind} ${subject}`, row)}</ul>` : none(t('quotas_by_person_none')), plain(t('quota_add'), () => add(data, panel))),
  ];
}

/** @type {(what: string, rule: Rule, defaults: Record<string, Amounts>) => unknown} */
function shown(what, { kind, subject, quotas }, defaults) {
  const isSet = what in quotas;
  const value = isSet ? quotas[what] : kind === 'role' ? defaults[subject]?.[what] ?? null : undefined;
  if (value === undefined) return html`<span class="muted">${t('quota_as_role')}</span>`;
  const text = value === null ? t('quota_free') : amount(what, value);
  return isSet ? text : html`<span class="muted">${text}</span>`;
}

/** @param {Rule} rule @param {string} name @param {Panel} panel */
async function change(rule, name, panel) {
  const done = await askFields(t('quotas_of', { name }), {
    note: t('quota_hint'), yes: t('panel_save'),
    fields: WHATS.map((what) => ({ name: what, label: t(`limit_${what}`), value: what in rule.quotas ? written(rule.quotas[what]) : '', placeholder: t(rule.kind === 'role' ? 'quota_as_default' : 'quota_as_role') })),
    act: (typed) => api('PUT', `api/quotas/${rule.kind}/${encodeURIComponent(rule.subject)}`, { body: read(typed) }),
  });
  if (!done) return;
  panel.say(t('quotas_saved', { name }));
  panel.load();
}

/** @param {number | null} value */
const written = (value) => (value === null ? '-' : String(value));

/** What is left empty is left to the role. @param {Record<string, string>} typed */
function read(typed) {
  const quotas = /** @type {Amounts} */ ({});
  for (const [what, text] of Object.entries(typed)) {
    const plainText = text.replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0x0e50)).replace(/[,\s]/g, '');
    if (!plainText) continue;
    const value = FREE.includes(plainText.toLowerCase()) ? null : Number(plainText);
    if (value !== null && !(value >= 0)) throw new Error(t('quota_wrong', { field: t(`limit_${what}`), example: number(200000) }));
    quotas[what] = value;
  }
  return quotas;
}

/** @param {Data} data @param {Panel} panel */
async function add({ people, quotas }, panel) {
  const free = people.filter(({ account_id }) => !quotas.some(({ subject }) => subject === account_id));
  if (!free.length) { panel.complain(t('quota_nobody')); return; }
  const account_id = await askFields(t('quota_add'), {
    fields: [{ name: 'account_id', label: t('person'), options: free.map((person) => [person.account_id, nameOf(person)]) }], yes: t('panel_next'),
    act: async ({ account_id: picked }) => picked,
  });
  const picked = free.find((person) => person.account_id === account_id);
  if (picked) await change({ kind: 'account', subject: picked.account_id, quotas: {} }, nameOf(picked), panel);
}
