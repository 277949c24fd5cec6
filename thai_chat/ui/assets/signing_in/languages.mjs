// The switch between the languages, on a page that nobody has signed in to yet.
import { el } from '../lib/dom.mjs';
import { LANGUAGES, speak } from '../lib/speaking.mjs';
import { language, t } from '../lib/texts.mjs';

/** @param {HTMLElement} place */
export function mountLanguages(place) {
  place.setAttribute('aria-label', t('language'));
  /** @param {string} name */
  const pick = (name) => {
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
