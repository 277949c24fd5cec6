// Name, language and password, and the end of an account.
import { address, api } from '../lib/api.mjs';
import { el, icon } from '../lib/dom.mjs';
import { askFields } from '../lib/fields.mjs';
import { forgetPerson } from '../lib/kept.mjs';
import { html, iconOf, nothing } from '../lib/painting.mjs';
import { plain, section } from '../lib/panel.mjs';
import { LANGUAGES, speak } from '../lib/speaking.mjs';
import { emit, openAnew } from '../lib/store.mjs';
import { language, t } from '../lib/texts.mjs';
import { identitiesView } from './identities.mjs';

/** @typedef {import('../lib/panel.mjs').Panel} Panel */

const NAME_CHARS = 100;

/** @param {{ me: Me, ways: import('./identities.mjs').Identities }} data @param {Panel} panel */
export function profileView({ me, ways }, panel) {
  /** @param {any} event */
  const rename = (event) => {
    event.preventDefault();
    const display_name = event.target.elements.display_name.value.trim();
    panel.tried(async () => { await api('PATCH', 'api/me', { body: { display_name } }); emit('me'); }, t('account_saved'));
  };
  /** @param {string} name */
  const pick = (name) => panel.tried(async () => { await api('PATCH', 'api/me', { body: { language: name } }); speak(name); openAnew(); }, '');
  return [
    me.admin_reads_chats ? html`<p class="panel-notice">${iconOf('eye')}<span>${t('account_admin_reads')}</span></p>` : nothing,
    section(t('account_who'), html`<dl class="facts-list"><dt>${t('account_name')}</dt><dd dir="auto">${me.name}</dd><dt>${t('account_role')}</dt><dd>${t(`role_${me.role}`)}</dd></dl>
      <form class="one-line" @submit=${rename}><label for="display-name">${t('account_display_name')}</label>
      <span><input id="display-name" name="display_name" maxlength=${NAME_CHARS} autocomplete="name" dir="auto" .value=${me.display_name}><button class="plain">${t('panel_save')}</button></span></form>`),
    section(t('language'), html`<div class="segments choose">${Object.entries(LANGUAGES).map(([name, said]) =>
      html`<button type="button" lang=${name} aria-pressed=${String(name === language)} @click=${() => pick(name)}>${said}</button>`)}</div>`),
    section(t('account_password'), html`<p class="note">${t('account_password_more')}</p>${plain(t('account_password_change'), () => changePassword(me, panel))}`),
    identitiesView(ways, panel),
    section(t('account_delete'), html`<p class="note">${t('account_delete_more')}</p>${plain(t('account_delete_do'), () => deleteAccount(me), { isDanger: true })}`),
  ];
}

/** @param {Me} me @param {Panel} panel */
async function changePassword(me, panel) {
  const done = await askFields(t('account_password_change'), {
    fields: [
      ...(me.has_password ? [{ name: 'current', label: t('account_password_current'), type: 'password', autocomplete: 'current-password', isNeeded: true }] : []),
      { name: 'new', label: t('account_password_new'), type: 'password', autocomplete: 'new-password', hint: t('account_password_hint'), isNeeded: true },
    ],
    yes: t('panel_save'), act: (body) => api('POST', 'api/me/password', { body }),
  });
  if (done) panel.say(t('account_password_changed'));
}

/** All of it goes, so what is to be kept is fetched first. @param {Me} me */
async function deleteAccount(me) {
  const link = el('a', { class: 'plain', href: address('api/export', { format: 'json' }).href, download: '' }, icon('download'), t('account_export'));
  const done = await askFields(t('account_delete'), {
    note: el('div', {}, el('p', {}, t('account_delete_sure', { name: me.name })), el('p', {}, link)),
    fields: [{ name: 'password', label: t('account_password_current'), type: 'password', autocomplete: 'current-password', isNeeded: me.has_password }],
    yes: t('account_delete_do'), isDanger: true, act: (body) => api('DELETE', 'api/me', { body }),
  });
  if (!done) return;
  forgetPerson();
  location.assign('/sign-in');
}
