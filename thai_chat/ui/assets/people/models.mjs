// Models that are not open to everybody.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { askFields } from '../lib/fields.mjs';
import { html, repeat } from '../lib/painting.mjs';
import { none, plain, section } from '../lib/panel.mjs';
import { store } from '../lib/store.mjs';
import { backendName, nameOf as modelName, t } from '../lib/texts.mjs';
import { nameOf } from './list.mjs';

/** @typedef {import('../lib/panel.mjs').Panel} Panel */
/** @typedef {import('./list.mjs').Known} Known */
/** @typedef {{ backend: string, model: string, roles: string[], accounts: string[] }} Rule */
/** @typedef {{ people: Known[], rules: Rule[] }} Data */

const ROLES = ['administrator', 'user'];

/** @param {Rule} rule */
const addressOf = ({ backend, model }) => `api/model-rules/${encodeURIComponent(backend)}/${model.split('/').map(encodeURIComponent).join('/')}`;

/** @param {Data} data @param {Panel} panel */
export function modelsView(data, panel) {
  const { people, rules } = data;
  const names = new Map(people.map((person) => [person.account_id, nameOf(person)]));
  /** @param {Rule} rule */
  const said = ({ roles, accounts }) => [...roles.map((role) => t(`role_${role}`)), ...accounts.map((id) => names.get(id) ?? t('person_gone'))].join(', ') || t('model_rule_nobody');
  const rows = html`<ul class="rows">${repeat(rules, (rule) => `${rule.backend} ${rule.model}`, (rule) => html`<li><div><strong dir="auto">${rule.model}</strong><span class="badge">${backendName(rule.backend)}</span>
    <small dir="auto">${t('model_rule_for', { who: said(rule) })}</small></div>${plain(t('panel_change'), () => change(data, rule, panel), { key: `change ${rule.backend} ${rule.model}` })}
    ${plain(t('model_rule_open'), () => open(rule, panel), { isDanger: true, key: `open ${rule.backend} ${rule.model}` })}</li>`)}</ul>`;
  return section(t('people_models'), html`<p class="note">${t('model_rules_more')}</p>${rules.length ? rows : none(t('model_rules_none'))}`,
    plain(t('model_rule_make'), () => add(data, panel), { isMain: true }));
}

/** @param {Rule} rule @param {Panel} panel */
async function open(rule, panel) {
  if (await confirm(t('model_rule_open_sure', { model: rule.model }), t('model_rule_open'))) panel.tried(() => api('DELETE', addressOf(rule)), t('model_rule_opened', { model: rule.model }));
}

/** @param {Data} data @param {Panel} panel */
async function add(data, panel) {
  const free = store.backends.flatMap(({ name: backend, models }) => models.map(({ model }) => ({ backend, model })))
    .filter((choice) => !data.rules.some(({ backend, model }) => backend === choice.backend && model === choice.model));
  if (!free.length) { panel.complain(t('model_rule_no_models')); return; }
  const at = await askFields(t('model_rule_make'), {
    fields: [{ name: 'at', label: t('model'), options: free.map((choice, number) => [String(number), modelName(choice)]) }], yes: t('panel_next'),
    act: async ({ at: picked }) => picked,
  });
  if (at !== null) await change(data, { ...free[Number(at)], roles: ['administrator'], accounts: [] }, panel);
}

/** @param {Data} data @param {Rule} rule @param {Panel} panel */
async function change({ people }, rule, panel) {
  const done = await askFields(t('model_rule_of', { model: rule.model }), {
    yes: t('panel_save'),
    fields: [
      { name: 'roles', label: t('model_rule_roles'), ticks: ROLES.map((role) => [role, t(`role_${role}`), rule.roles.includes(role)]) },
      { name: 'accounts', label: t('model_rule_people'), ticks: people.map((person) => [person.account_id, nameOf(person), rule.accounts.includes(person.account_id)]) },
    ],
    act: (body) => api('PUT', addressOf(rule), { body }),
  });
  if (!done) return;
  panel.say(t('model_rule_saved', { model: rule.model }));
  panel.load();
}
