// Statistics, export and import, sharing, account and people: their scripts are fetched when somebody opens them first.
import { api } from './lib/api.mjs';
import { $, el, icon } from './lib/dom.mjs';
import { fetched } from './lib/fetched.mjs';
import { on } from './lib/store.mjs';
import { learnTexts, t } from './lib/texts.mjs';

/** @param {Part} given */
export function mountStatistics({ element }) {
  let mounted;
  on('statistics', () => fetched(() => import('./statistics/statistics.mjs'), ({ mountStatistics: mount }) => {
    mounted ??= mount(element);
    mounted.open();
  }));
}

/** @param {Part} given @param {{ open: (session_id: string) => void }} page */
export function mountTransfer({ element }, page) {
  let mounted;
  const open = () => fetched(() => import('./transfer/transfer.mjs'), ({ mountTransfer: mount }) => {
    mounted ??= mount(element, page);
    mounted.open();
  });
  const count = $('#count');
  const foot = el('div', { class: 'side-foot' });
  count.replaceWith(foot);
  foot.append(count, el('button', { type: 'button', id: 'transfer-open', onclick: open }, icon('download'), el('span', {}, t('export_import'))));
}

/** An address that ends a shared page, `?continue=…`, is asked about once. @param {{ open: (session_id: string) => void }} page */
export function mountSharing({ open }) {
  on('share', (session) => fetched(() => import('./sharing/share.mjs'), ({ openShare }) => openShare(session)));
  const address = new URL(location.href);
  const token = address.searchParams.get('continue');
  if (!token) return;
  address.searchParams.delete('continue');
  history.replaceState(null, '', address);
  fetched(() => import('./sharing/continue.mjs'), ({ askToContinue }) => askToContinue(token, open));
}

let isDressed = false;

/** Their texts and their style come with them. @template M @param {Promise<M>} module */
async function dressed(module) {
  if (isDressed) return module;
  const link = el('link', { rel: 'stylesheet', href: `ui-static/${window.thaiChat.version}/panels.css` });
  const styled = new Promise((resolve, reject) => { link.onload = resolve; link.onerror = reject; });
  document.head.append(link);
  const [found, more] = await Promise.all([module, api('GET', window.thaiChat.texts), styled]);
  learnTexts(more);
  isDressed = true;
  return found;
}

export const openShares = () => fetched(() => import('./sharing/shares.mjs'), ({ openShares: open }) => open());

/** @param {string} part */
export const openAccount = (part) => fetched(() => dressed(import('./account/account.mjs')), ({ openAccount: open }) => open(part));

export const openPeople = () => fetched(() => dressed(import('./people/people.mjs')), ({ openPeople: open }) => open());
