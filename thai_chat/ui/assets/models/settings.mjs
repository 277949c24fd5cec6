// The model settings of the shown session: a button with a mark, which opens their panel.
import { $, iconButton } from '../lib/dom.mjs';
import { fetched } from '../lib/fetched.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { isSet } from './in_force.mjs';
import { loadPresets } from './presets.mjs';

/** @type {HTMLButtonElement} */
let button;

export function mountSettings() {
  button = iconButton('sliders', t('model_settings'), open, { id: 'settings-open', 'aria-haspopup': 'dialog' });
  $('#picker').after(button);
  for (const change of /** @type {const} */ (['view', 'choice', 'presets', 'options'])) on(change, paintButton);
  let isAsked = false;
  on('view', () => {
    if (isAsked) return;
    isAsked = true;
    loadPresets().catch(() => {});
  });
}

/** The panel is fetched when somebody opens it first. */
async function open() {
  if (!store.view) return;
  await fetched(() => import('./panel.mjs'), ({ openPanel }) => openPanel());
}

function paintButton() {
  if (!store.view) return;
  const label = t(isSet() ? 'settings_are_set' : 'model_settings');
  button.classList.toggle('is-set', isSet());
  button.title = label;
  button.setAttribute('aria-label', label);
}
