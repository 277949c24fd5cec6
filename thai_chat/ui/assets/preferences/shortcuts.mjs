// The list of all shortcuts, as a dialog.
import { el, iconButton } from '../lib/dom.mjs';
import { keysShown, SHORTCUTS } from '../lib/keys.mjs';
import { t } from '../lib/texts.mjs';

export function openShortcuts() {
  const box = el('dialog', { id: 'shortcuts', class: 'box', 'aria-label': t('shortcuts') },
    el('header', {}, el('h2', {}, t('shortcuts')), iconButton('close', t('close'), () => box.close(), { autofocus: true })),
    el('dl', {}, SHORTCUTS.map(({ name, keys }) => el('div', { dataset: { name } },
      el('dt', {}, t(`shortcut_${name}`)),
      el('dd', {}, keysShown(keys).map((key) => el('kbd', {}, key)))))));
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
