// A field for a day: the browser's own where the page is English, else one in the Buddhist era beside the browser's calendar.
import { buddhistOf, isoOf } from './dates.mjs';
import { el, iconButton, randomKey } from './dom.mjs';
import { language, t } from './texts.mjs';

/** `changed` gets the day as `yyyy-mm-dd`, or ''. @param {string} label @param {(iso: string) => void} changed */
export function dateField(label, changed) {
  const native = el('input', { type: 'date', 'aria-label': label, onchange: () => changed(native.value) });
  /** @param {{ value: string, min?: string, max?: string }} given */
  const set = (given) => Object.assign(native, given);
  if (language !== 'th') return { element: native, set };

  const problem = el('small', { id: `date-${randomKey()}`, class: 'date-problem', role: 'alert', hidden: true }, t('date_unclear'));
  const text = el('input', { type: 'text', inputmode: 'numeric', class: 'date-text', placeholder: t('date_form'), 'aria-label': `${label} (${t('date_form')})`, 'aria-describedby': problem.id, maxlength: 20, autocomplete: 'off', onchange: read });
  // It lies below the button, where its calendar opens.
  Object.assign(native, { tabIndex: -1, ariaHidden: 'true', className: 'date-native' });
  native.addEventListener('change', () => show(native.value));
  const pick = iconButton('calendar', t('date_pick', { label }), () => native.showPicker(), { class: 'icon-button date-pick' });

  let shown = '';
  /** @param {string} iso */
  function show(iso) {
    shown = iso;
    text.value = buddhistOf(iso);
    tellProblem(false);
  }

  /** @param {boolean} isWrong */
  function tellProblem(isWrong) {
    problem.hidden = !isWrong;
    text.setAttribute('aria-invalid', String(isWrong));
  }

  function read() {
    const iso = isoOf(text.value);
    tellProblem(iso === null);
    if (iso === null) return;
    native.value = iso;
    show(iso);
    changed(iso);
  }

  return {
    element: el('span', { class: 'date-field' }, text, pick, native, problem),
    /** What is being written, or names no day, stays as it is. @param {{ value: string, min?: string, max?: string }} given */
    set: (given) => {
      set(given);
      if (given.value !== shown) show(given.value);
    },
  };
}
