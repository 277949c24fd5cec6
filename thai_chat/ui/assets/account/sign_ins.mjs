// The browsers in which somebody is signed in.
import { api } from '../lib/api.mjs';
import { html, nothing, repeat } from '../lib/painting.mjs';
import { plain, section } from '../lib/panel.mjs';
import { t, when } from '../lib/texts.mjs';

/** @typedef {{ sign_in_id: string, created_at: string, used_at: string, browser: string, address: string, is_current: boolean }} SignIn */

/** Browsers and systems by what they call themselves: each says the names of those that it is like as well. */
const BROWSERS = /** @type {[string, RegExp][]} */ ([['Edge', /Edg/], ['Opera', /OPR/], ['Samsung Internet', /SamsungBrowser/], ['Firefox', /Firefox|FxiOS/], ['Chrome', /Chrom|CriOS/], ['Safari', /Safari/]]);
const SYSTEMS = /** @type {[string, RegExp][]} */ ([['Android', /Android/], ['iPhone', /iPhone/], ['iPad', /iPad/], ['Windows', /Windows/], ['macOS', /Mac OS/], ['ChromeOS', /CrOS/], ['Linux', /Linux/]]);

/** @param {string} told */
function nameOf(told) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((list) => list.find(([, pattern]) => pattern.test(told))?.[0]);
  return [browser, system].filter(Boolean).join(' · ') || told.slice(0, 60) || t('sign_in_unknown_browser');
}

/** @param {{ sign_ins: SignIn[] }} data @param {import('../lib/panel.mjs').Panel} panel */
export function signInsView({ sign_ins }, panel) {
  const others = sign_ins.filter(({ is_current }) => !is_current);
  const endAll = () => panel.tried(() => api('DELETE', 'api/me/sign-ins'), t('sign_ins_ended'));
  /** @param {SignIn} one */
  const end = ({ sign_in_id }) => panel.tried(() => api('DELETE', `api/me/sign-ins/${sign_in_id}`), t('sign_in_ended'));
  return section(t('account_sign_ins'), html`<ul class="rows">${repeat(sign_ins, ({ sign_in_id }) => sign_in_id, (one) => html`<li>
    <div><strong title=${one.browser}>${nameOf(one.browser)}</strong>${one.is_current ? html`<span class="badge">${t('sign_in_here')}</span>` : nothing}
    <small>${t('sign_in_used', { when: when(one.used_at) })} · ${one.address || '–'}</small></div>
    ${one.is_current ? nothing : plain(t('sign_in_end'), () => end(one), { key: `end ${one.sign_in_id}` })}</li>`)}</ul>`,
  others.length ? plain(t('sign_ins_end_others'), endAll, { isDanger: true }) : nothing);
}
