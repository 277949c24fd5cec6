// What a person chooses for reading, and the list of shortcuts: each is fetched when it is opened first; what other tabs choose is followed.
import { iconButton } from '../lib/dom.mjs';
import { onKept } from '../lib/kept.mjs';
import { emit, on } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';

/** The button, and what other tabs choose, which is followed at once. @param {HTMLElement} bar */
export function mountPreferences(bar) {
  bar.append(iconButton('gear', t('preferences'), async () => (await import('./box.mjs')).openPreferences(), { id: 'preferences', 'aria-haspopup': 'dialog' }));
  on('shortcuts', async () => (await import('./shortcuts.mjs')).openShortcuts());
  onKept((name, value) => {
    window.thaiChat.look(name, value);
    if (name === 'language') followLanguage();
  });
}

/** Another tab has chosen a language. What is being written in an editor here is not taken away. */
function followLanguage() {
  if (!document.querySelector('.editor, dialog[open]')) openAnew();
}

/** Load the page anew, with what is being written. */
export function openAnew() {
  emit('leaving');
  location.reload();
}
