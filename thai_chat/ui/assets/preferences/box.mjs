// The box in which a person chooses for reading: language, colours, face, size and width; kept by the browser, shown at once.
import { confirm } from '../lib/confirm.mjs';
import { $$, el, iconButton } from '../lib/dom.mjs';
import { keep } from '../lib/kept.mjs';
import { LANGUAGES, speak } from '../lib/speaking.mjs';
import { openAnew } from '../lib/store.mjs';
import { language, t } from '../lib/texts.mjs';
import { wouldBeLost } from '../lib/unsaved.mjs';
import { openShortcuts } from './shortcuts.mjs';

/** Marks above and below, and both scripts. */
const SAMPLE = 'ผู้ใหญ่ปู่ย่ารู้จักฐานญาติ กินน้ำพริก Good things take time.';

export function openPreferences() {
  const { choices, looks } = window.thaiChat;
  const box = el('dialog', { id: 'preferences-box', class: 'aside', 'aria-label': t('preferences') },
    el('header', {}, el('h2', {}, t('preferences')), iconButton('close', t('close'), () => box.close())),
    group('language', Object.keys(LANGUAGES), language, speakAnew, (name) => LANGUAGES[/** @type {'th' | 'en'} */ (name)]),
    ...['theme', 'contrast', 'face', 'size', 'column'].map((name) => group(name, inOrder(name, choices[name]), looks[name], (value) => choose(name, value))),
    el('p', { class: 'sample', 'aria-hidden': 'true', lang: 'th' }, SAMPLE),
    el('button', { type: 'button', class: 'to-shortcuts', onclick: () => { box.close(); openShortcuts(); } }, t('shortcuts')));
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** From small to large, whichever of them is there by itself. @param {string} name @param {readonly string[]} values */
function inOrder(name, values) {
  const ORDER = ['small', 'narrow', 'normal'];
  return name === 'size' || name === 'column' ? [...values].sort((one, other) => placeIn(ORDER, one) - placeIn(ORDER, other)) : values;
}

/** @param {string[]} order @param {string} value */
const placeIn = (order, value) => (order.includes(value) ? order.indexOf(value) : order.length);

/**
 * One choice among a few, as buttons in a row.
 *
 * @param {string} name
 * @param {readonly string[]} values
 * @param {string} chosen
 * @param {(value: string) => void} choose
 * @param {(value: string) => string} [said]
 */
const group = (name, values, chosen, choose, said = (value) => t(`${name}_${value}`)) => el('fieldset', { class: 'choice', dataset: { name } },
  el('legend', {}, t(name)),
  el('div', { class: 'order' }, values.map((value) => el('label', {},
    el('input', { type: 'radio', name: `preference-${name}`, value, checked: value === chosen, onchange: () => choose(value) }),
    el('span', { lang: name === 'language' ? value : null }, said(value))))));

/** @param {string} name @param {string} value */
function choose(name, value) {
  keep(name, value === window.thaiChat.choices[name][0] ? null : value);
  window.thaiChat.look(name, value);
}

/** What would be lost is not lost without a word. @param {string} value */
async function speakAnew(value) {
  if (wouldBeLost() && !await confirm(t('language_loses'), t('language_anyway'))) {
    for (const radio of $$('[name=preference-language]')) Object.assign(radio, { checked: radio.getAttribute('value') === language });
    return;
  }
  speak(value);
  openAnew();
}
