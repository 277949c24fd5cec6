// The page on which people sign in, make an account by a link, or set a new password by one.
import { api } from './lib/api.mjs';
import { $, el, icon } from './lib/dom.mjs';
import { isSpoken, speak } from './lib/speaking.mjs';
import { language, number, t, when } from './lib/texts.mjs';
import { displayNameField, nameField, passwordField } from './signing_in/fields.mjs';
import { form } from './signing_in/form.mjs';
import { mountLanguages, typeAgain } from './signing_in/languages.mjs';

const INVITATION = /^\/invitation\/([^/]+)$/;
const LOOK_MS = 5_000;
const place = $('#place');
const asked = new URLSearchParams(location.search);

/** Return where somebody goes who has signed in: an address of this server, whatever a link says. */
function next() {
  const named = asked.get('next') ?? '/';
  try {
    const url = new URL(named, location.origin);
    const isOurs = named.startsWith('/') && url.origin === location.origin && !/^\/(?:\/|(?:sign-in|invitation)(?:\/|$))/.test(url.pathname);
    return isOurs ? url.pathname + url.search + url.hash : '/';
  } catch {
    return '/';
  }
}

/** A browser in which no language was chosen speaks that of whoever comes in. @param {Me} me @param {string} [address] */
function enter(me, address = next()) {
  if (me?.language && me.language !== language && !isSpoken()) speak(me.language);
  location.replace(address);
}

/** @param {(Node | null)[]} parts @param {string} title */
function show(title, ...parts) {
  document.title = `${title} · ${t('brand')}`;
  place.replaceChildren(el('h1', {}, title), ...parts.filter((part) => part !== null));
  typeAgain(place);
  if (!matchMedia('(hover: none)').matches) $('input:not([readonly], [type=checkbox])', place)?.focus();
}

/** @param {string} text */
const more = (text) => el('p', { class: 'more' }, text);
/** @param {string} text @param {string} [about] */
const notice = (text, about = '') => el('p', { class: `notice ${about}`, role: 'status' }, icon('info'), el('span', {}, text));

/** What leads elsewhere, below a form. @param {string} question @param {string} act @param {() => void} go */
const other = (question, act, go) => el('p', { class: 'other' }, `${question} `, el('button', { type: 'button', class: 'link', onclick: go }, act));

/** @typedef {{ ways: string[], sign_up: string, oidc_label: string | null }} Ways */

/** What leads to the OpenID provider, if there is one. @param {Ways} ways @param {Record<string, string>} query */
const provider = ({ ways, oidc_label: name }, query) =>
  ways.includes('oidc') ? el('a', { class: 'provider', href: leaving(query) }, name ? t('sign_in_oidc', { name }) : t('sign_in_oidc_any')) : null;

/** @param {Record<string, string>} query */
const leaving = (query) => `/sign-in/oidc?${new URLSearchParams(query)}`;

const or = () => el('p', { class: 'or' }, el('span', {}, t('sign_in_or')));

/** @param {Ways} ways */
function showSignIn(ways) {
  const failed = asked.get('error');
  const oidc = provider(ways, { next: next() });
  const password = ways.ways.includes('password')
    ? form({
        path: '/api/sign-in',
        fields: [nameField(), passwordField({ isNew: false })],
        act: t('sign_in'),
        waiting: t('sign_in_wait'),
        body: ({ name, password: typed }) => ({ name, password: typed }),
        done: (me) => enter(me),
      })
    : null;
  show(
    t('sign_in'),
    failed ? el('p', { class: 'problem', role: 'alert' }, saidOf(failed)) : asked.has('over') ? notice(t('sign_in_again')) : null,
    password,
    password && oidc ? or() : null,
    oidc,
    ways.sign_up === 'open' && password
      ? other(t('sign_in_no_account'), t('sign_in_make'), () => showOpen(ways))
      : ways.sign_up === 'invitation'
        ? el('p', { class: 'other' }, t('sign_in_ask'))
        : null,
  );
  warnOfOutage();
}

/** A reason that the server names in the address, where only its code can stand. @param {string} code */
const saidOf = (code) => (code in window.thaiChatTexts[document.documentElement.lang] ? t(code) : t('sign_in_failed'));

/** @param {Ways} ways */
const showOpen = (ways) =>
  show(
    t('sign_in_make'),
    signUp({}, next()),
    other(t('sign_in_has_account'), t('sign_in'), () => showSignIn(ways)),
  );

/** Asks whether the chats of before become the first administrator's. @param {number} count */
const takeOver = (count) =>
  el(
    'div',
    { class: 'ticked' },
    el('input', { type: 'checkbox', id: 'take_over', checked: true, 'aria-describedby': 'take-over-more' }),
    el('label', { for: 'take_over' }, t('sign_in_take_over', { count: number(count) })),
    el('p', { class: 'hint', id: 'take-over-more' }, t('sign_in_take_over_more')),
  );

const takesOver = () => /** @type {HTMLInputElement | null} */ ($('#take_over', place))?.checked ?? false;

/** The form that makes an account. @param {{ token?: string, name?: string | null, local_sessions?: number | null }} given @param {string} [address] */
function signUp({ token, name, local_sessions: count }, address = '/') {
  const shown = count ? [takeOver(count)] : [];
  return form({
    path: '/api/sign-up',
    fields: [nameField({ value: name ?? null }), displayNameField(), passwordField({ isNew: true })],
    more: shown,
    act: t(token ? 'sign_in_begin' : 'sign_in_make'),
    done: (me) => enter(me, address),
    body: ({ name: typed, password, display_name }) => ({
      ...(token ? { token } : {}),
      name: typed,
      password,
      ...(display_name.trim() ? { display_name } : {}),
      ...(count ? { take_over: takesOver() } : {}),
    }),
  });
}

/** @typedef {{ purpose: 'first' | 'invite' | 'reset', role: string, name: string | null, expires_at: string | null, local_sessions: number | null }} Invitation */

/** @param {string} token @param {Invitation} given @param {Ways} ways */
function showInvitation(token, given, ways) {
  const until = given.expires_at ? el('p', { class: 'other' }, t('sign_in_until', { when: when(given.expires_at) })) : null;
  if (given.purpose === 'reset') {
    const known = given.name ? [nameField({ value: given.name, readonly: true })] : [];
    const reset = form({
      path: '/api/reset-password',
      fields: [...known, passwordField({ isNew: true })],
      act: t('sign_in_reset_do'),
      body: ({ password }) => ({ token, password }),
      done: (me) => enter(me, '/'),
    });
    show(t('sign_in_reset'), more(given.name ? t('sign_in_reset_more', { name: given.name }) : t('sign_in_reset_any')), reset, until);
    return;
  }
  const hasPasswords = ways.ways.includes('password');
  const oidc = provider(ways, { invitation: token });
  oidc?.addEventListener('click', () => {
    oidc.href = leaving({ invitation: token, ...(takesOver() ? { take_over: 'yes' } : {}) });
  });
  const isFirst = given.purpose === 'first';
  show(
    t(isFirst ? 'sign_in_first' : 'sign_in_invited'),
    more(t(isFirst ? 'sign_in_first_more' : given.role === 'administrator' ? 'sign_in_invited_as_administrator' : 'sign_in_invited_as_user')),
    hasPasswords ? signUp({ token, ...given }) : given.local_sessions ? takeOver(given.local_sessions) : null,
    hasPasswords && oidc ? or() : null,
    oidc,
    until,
  );
}

const showOver = () => show(t('sign_in_over'), more(t('sign_in_over_more')), el('a', { class: 'provider', href: '/sign-in' }, t('sign_in')));

/** Inside of a page of another site no cookie of ours is taken. */
const showFramed = () =>
  show(t('sign_in'), more(t('sign_in_framed')), el('a', { class: 'provider', href: next(), target: '_blank', rel: 'noopener' }, icon('share'), t('sign_in_own_window')));

/** Nobody types a password in vain; the word goes when the database is back. */
async function warnOfOutage() {
  const ready = await api('GET', '/readyz').catch(() => null);
  const isAway = ready?.database.state === 'memory';
  const shown = $('.notice.outage', place);
  if (!isAway) shown?.remove();
  else if ($('form .problem:not(:empty)', place)) shown?.remove();
  else if (!shown) $('h1', place)?.after(notice(t('sign_in_outage'), 'outage'));
  if (isAway) setTimeout(warnOfOutage, LOOK_MS);
}

/** @param {Error} error */
const showFailure = (error) =>
  show(t('sign_in'), el('p', { class: 'problem', role: 'alert' }, error.message), el('button', { type: 'button', class: 'main', onclick: begin }, t('sign_in_retry')));

async function begin() {
  const [, token] = INVITATION.exec(location.pathname) ?? [];
  try {
    const [ways, given] = await Promise.all([api('GET', '/api/sign-in'), token && api('GET', `/api/invitations/${token}`)]);
    if (token) showInvitation(token, given, ways);
    else showSignIn(ways);
  } catch (error) {
    if (token && error.status === 404) showOver();
    else showFailure(error);
  }
}

mountLanguages($('#languages'));
if (window.top === window) begin();
else showFramed();
