// Statistics, export and import: their scripts are fetched when somebody opens them first.
import { $, el, icon } from './lib/dom.mjs';
import { on } from './lib/store.mjs';
import { t } from './lib/texts.mjs';

/** @param {Part} given */
export function mountStatistics({ element }) {
  let mounted;
  on('statistics', async () => {
    mounted ??= import('./statistics/statistics.mjs').then(({ mountStatistics: mount }) => mount(element));
    (await mounted).open();
  });
}

/** @param {Part} given @param {{ open: (session_id: string) => void }} page */
export function mountTransfer({ element }, page) {
  let mounted;
  const open = async () => {
    mounted ??= import('./transfer/transfer.mjs').then(({ mountTransfer: mount }) => mount(element, page));
    (await mounted).open();
  };
  const count = $('#count');
  const foot = el('div', { class: 'side-foot' });
  count.replaceWith(foot);
  foot.append(count, el('button', { type: 'button', id: 'transfer-open', onclick: open }, icon('download'), el('span', {}, t('export_import'))));
}
