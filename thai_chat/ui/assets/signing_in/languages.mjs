// The switch between the languages, on a page that nobody has signed in to yet.
import { $, $$, el } from '../lib/dom.mjs';
import { LANGUAGES, speak } from '../lib/speaking.mjs';
import { language, t } from '../lib/texts.mjs';

/** What is typed there goes along; a password does not. */
const NAMES = ['name', 'display_name'];

/** Type again what was typed in the other language. @param {HTMLElement} form */
export function typeAgain(form) {
  for (const name of NAMES) {
    const input = $$(`#${name}:not([readonly])`, form)[0];
    const typed = history.state?.typed?.[name];
    if (input && typeof typed === 'string') /** @type {HTMLInputElement} */ (input).value = typed;
  }
}

/** @param {HTMLElement} place */
export function mountLanguages(place) {
  place.setAttribute('aria-label', t('language'));
  /** @param {string} name */
  const pick = (name) => {
    const typed = NAMES.map((of) => [of, /** @type {HTMLInputElement | null} */ (/** @type {unknown} */ ($(`#${of}`)))?.value || undefined]);
    history.replaceState({ typed: Object.fromEntries(typed) }, '');
    speak(name);
    location.reload();
  };
  place.append(
    ...Object.entries(LANGUAGES).map(([name, said]) =>
      el(
        'button',
        {
          type: 'button',
          lang: name,
          'aria-pressed': String(name === language),
          onclick: () => pick(name),
        },
        said,
      ),
    ),
  );
}
