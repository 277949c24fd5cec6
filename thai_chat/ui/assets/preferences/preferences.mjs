// What a person chooses for reading, and the list of shortcuts: each is fetched when it is opened first; what other tabs choose is followed.
import { iconButton } from '../lib/dom.mjs';
import { fetched } from '../lib/fetched.mjs';
import { onKept } from '../lib/kept.mjs';
import { on, openAnew, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { wouldBeLost } from '../lib/unsaved.mjs';

/** The button, and what other tabs choose, which is followed at once. @param {HTMLElement} bar */
export function mountPreferences(bar) {
  bar.append(iconButton('gear', t('preferences'), () => fetched(() => import('./box.mjs'), ({ openPreferences }) => openPreferences()), { id: 'preferences', 'aria-haspopup': 'dialog' }));
  on('shortcuts', () => fetched(() => import('./shortcuts.mjs'), ({ openShortcuts }) => openShortcuts()));
  onKept((name, value) => {
    window.thaiChat.look(name, value);
    if (name === 'language') followLanguage();
  });
}

/** Another tab has chosen a language. What is being written here and kept nowhere is not taken away. */
function followLanguage() {
  if (!store.view?.is_temporary && !wouldBeLost() && !document.querySelector('.editor, .why, .rename, #queue textarea, dialog[open]')) openAnew();
}
