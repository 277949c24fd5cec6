// Who is signed in, at the foot of the sidebar, and what is done when somebody is not any more. Where nobody signs in there is none of it.
import { alert } from '../lib/alerts.mjs';
import { api } from '../lib/api.mjs';
import { confirm } from '../lib/confirm.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { forgetPerson, keptNames } from '../lib/kept.mjs';
import { openMenu } from '../lib/menu.mjs';
import { emit, on } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';

/** Thai writes these vowels before the consonant that they follow. */
const LEADING_VOWEL = /^[เแโใไ]/;

let me = /** @type {Me | null} */ (null);

/** `open` shows a part of the account, `shares` the links that somebody has made, `people` what administrators have. @param {{ open: (part: string) => void, shares: () => void, people: () => void }} panels */
export function mountPerson({ open, shares, people }) {
  if (!window.thaiChat.person) return;
  const place = el('span', { class: 'person-name', dir: 'auto' });
  const sign = el('span', { class: 'initial', 'aria-hidden': 'true' });
  const button = el('button', { type: 'button', id: 'person', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: () => openMenu(button, entries(), { label: me?.display_name ?? t('account') }) },
    sign, place, icon('chevron'));
  $('#left').append(button);
  const paint = () => {
    const name = me ? me.display_name || me.name : '';
    place.textContent = name || t('account');
    sign.textContent = initialOf(name);
    button.title = name;
  };
  const load = async () => {
    me = await api('GET', 'api/me').catch(() => me);
    paint();
  };
  const entries = () => [
    { text: t('account'), icon: 'gear', act: () => open('profile') },
    { text: t('shares'), icon: 'share', act: shares },
    ...(me?.role === 'administrator' ? [{ text: t('people'), icon: 'checks', act: people }] : []),
    '-',
    { text: t('sign_out'), icon: 'leave', act: signOut },
  ];
  paint();
  load();
  on('me', load);
  on('back', load);
  on('signed_out', ({ isAct }) => sayOver(isAct));
  for (const name of ['visibilitychange', 'focus']) addEventListener(name, beTheSame);
}

/** The first letter of a name as people read it. @param {string} name */
function initialOf(name) {
  const letters = [...new Intl.Segmenter('th', { granularity: 'grapheme' }).segment(name.trim())].map(({ segment }) => segment);
  const first = (LEADING_VOWEL.test(letters[0] ?? '') && letters[1]) || letters[0];
  return first ? first.toLocaleUpperCase() : '?';
}

/** What was written and not sent is kept by this browser alone: it goes with whoever goes. */
async function signOut() {
  const hasDrafts = ['draft:', 'queue:', 'unsaved:'].some((kind) => keptNames(kind).length > 0);
  if (hasDrafts && !(await confirm(t('sign_out_drafts'), t('sign_out')))) return;
  try { await api('POST', 'api/sign-out'); } catch (error) {
    if (error.status !== 401) { alert(error.message); return; }
  }
  forgetPerson();
  location.assign('/sign-in');
}

/** In another tab somebody else has signed in: nothing of the one before stays on the screen. */
function beTheSame() {
  if (!document.hidden && window.thaiChat.isAnother()) location.reload();
}

let told = /** @type {HTMLDialogElement | null} */ (null);
let isDeclined = false;

/** The session is over. What is written stays where it is, for whoever wants to copy it, until they sign in again. @param {boolean} isAct */
function sayOver(isAct) {
  if (told || (isDeclined && !isAct)) return;
  const go = () => {
    emit('leaving');
    const back = location.pathname + location.search;
    location.assign(`/sign-in?${new URLSearchParams({ ...(back === '/' ? {} : { next: back }), over: '' })}`);
  };
  const box = el('dialog', { id: 'session-over', class: 'box', 'aria-label': t('session_over') },
    el('h2', {}, t('session_over')), el('p', {}, t('session_over_more')),
    el('div', { class: 'box-foot' },
      el('button', { type: 'button', onclick: () => box.close() }, t('session_over_later')),
      el('button', { type: 'button', class: 'main', autofocus: true, onclick: go }, t('sign_in_again_button'))));
  told = box;
  box.addEventListener('close', () => { box.remove(); told = null; isDeclined = true; });
  document.body.append(box);
  box.showModal();
}
