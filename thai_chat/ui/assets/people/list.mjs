// The list of people, and what an administrator can do with one of them.
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { askFields, showOnce } from '../lib/fields.mjs';
import { openMenu } from '../lib/menu.mjs';
import { html, iconButtonOf, nothing, repeat } from '../lib/painting.mjs';
import { none, section } from '../lib/panel.mjs';
import { day, number, t, when } from '../lib/texts.mjs';

/** @typedef {{ account_id: string, name: string, display_name: string, role: string, is_disabled: boolean, created_at: string, last_used_at: string | null, has_password: boolean, sessions: number }} Known */
/** @typedef {import('../lib/panel.mjs').Panel} Panel */

/** @param {Known} person */
export const nameOf = ({ name, display_name }) => display_name || name;

/** @param {{ people: Known[] }} data @param {Panel} panel */
export function peopleView({ people }, panel) {
  if (!people.length) return none(t('people_none'));
  return section(t('people_count', { count: number(people.length) }), html`<ul class="rows">${repeat(people, ({ account_id }) => account_id, (person) => row(person, panel))}</ul>`);
}

/** @param {Known} person @param {Panel} panel */
function row(person, panel) {
  const { account_id, name, display_name, role, is_disabled, last_used_at, created_at, sessions } = person;
  const said = [
    last_used_at ? t('person_used', { when: when(last_used_at) }) : t('person_unused'),
    t('person_since', { when: day(created_at) }),
    t('person_sessions', { count: number(sessions) }),
  ].join(' · ');
  /** @param {any} event */
  const offer = ({ currentTarget }) => openMenu(currentTarget, entries(person, panel), { label: nameOf(person) });
  return html`<li class=${is_disabled ? 'over' : nothing}><div><strong dir="auto">${nameOf(person)}</strong>
    ${display_name && display_name !== name ? html`<span class="aside-name" dir="auto">${name}</span>` : nothing}
    ${role === 'administrator' ? html`<span class="badge">${t('role_administrator')}</span>` : nothing}${is_disabled ? html`<span class="badge bad">${t('person_disabled')}</span>` : nothing}
    <small>${said}</small></div>${iconButtonOf('more', t('person_options', { name: nameOf(person) }), offer, { isMenu: true, key: `more ${account_id}` })}</li>`;
}

/** @param {Known} person @param {Panel} panel @returns {MenuItem[]} */
function entries(person, panel) {
  const { account_id, role, is_disabled } = person;
  const name = nameOf(person);
  /** @param {Record<string, unknown>} body @param {string} said */
  const change = (body, said) => panel.tried(() => api('PATCH', `api/people/${account_id}`, { body }), said);
  const disable = async () => {
    if (await confirm(t('person_disable_sure', { name }), t('person_disable'))) change({ disabled: true }, t('person_is_disabled', { name }));
  };
  return [
    role === 'administrator'
      ? { text: t('person_to_user'), icon: 'back', act: () => change({ role: 'user' }, t('person_is_user', { name })) }
      : { text: t('person_to_administrator'), icon: 'star', act: () => change({ role: 'administrator' }, t('person_is_administrator', { name })) },
    { text: t('person_reset'), icon: 'key', act: () => reset(person, panel) },
    { text: t('person_rename'), icon: 'pencil', act: () => rename(person, panel) },
    is_disabled ? { text: t('person_enable'), icon: 'check', act: () => change({ disabled: false }, t('person_is_enabled', { name })) } : { text: t('person_disable'), icon: 'eye_off', act: disable },
    '-',
    { text: t('person_delete'), icon: 'trash', danger: true, act: () => remove(person, panel) },
  ];
}

/** @param {Known} person @param {Panel} panel */
async function reset(person, panel) {
  const name = nameOf(person);
  if (!(await confirm(t('person_reset_sure', { name }), t('person_reset')))) return;
  try {
    const { url, expires_at } = await api('POST', `api/people/${person.account_id}/reset`);
    await showOnce(t('person_reset_link', { name }), t('link_once', { when: when(expires_at) }), url);
  } catch (error) { panel.complain(error.message); }
}

/** @param {Known} person @param {Panel} panel */
async function rename(person, panel) {
  const done = await askFields(t('person_rename'), {
    fields: [{ name: 'display_name', label: t('account_display_name'), value: person.display_name, limit: 100 }], yes: t('panel_save'),
    act: (body) => api('PATCH', `api/people/${person.account_id}`, { body }),
  });
  if (done) panel.load();
}

/** What can't be undone is confirmed by the name. @param {Known} person @param {Panel} panel */
async function remove(person, panel) {
  const done = await askFields(t('person_delete'), {
    note: t('person_delete_sure', { name: nameOf(person), count: number(person.sessions) }),
    fields: [{ name: 'typed', label: t('person_delete_type', { name: person.name }), isNeeded: true }], yes: t('person_delete'), isDanger: true,
    act: ({ typed }) => {
      if (typed !== person.name.trim()) throw new Error(t('person_delete_other'));
      return api('DELETE', `api/people/${person.account_id}`);
    },
  });
  if (!done) return;
  panel.say(t('person_deleted', { name: nameOf(person) }));
  panel.load();
}
