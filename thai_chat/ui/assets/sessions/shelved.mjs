// Above the conversation: that the shown session is in the trash or in the archive, and the way out of it.
import { $, el, icon } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { restore, unarchive } from './actions.mjs';

export function mountShelved() {
  const text = el('span');
  const out = el('button', { type: 'button' });
  const bar = el('div', { id: 'shelved', hidden: true }, icon('info'), text, out);
  const paint = () => {
    const { shelf, session_id } = store.view;
    bar.hidden = shelf === 'current';
    if (bar.hidden) return;
    text.textContent = t(`shown_${shelf}`);
    out.textContent = t(shelf === 'trash' ? 'restore' : 'unarchive');
    out.onclick = () => (shelf === 'trash' ? restore : unarchive)([/** @type {Session} */ ({ session_id })]);
  };
  $('#top').after(bar);
  on('view', paint);
  on('shelved', (shelf) => { store.view = { ...store.view, shelf }; paint(); });
}
