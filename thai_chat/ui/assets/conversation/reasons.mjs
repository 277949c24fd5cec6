// Why a reply was rated so: some words to press, and one's own.
import { $, el, iconButton } from '../lib/dom.mjs';
import { t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';
import { forgetUnsaved, keepUnsaved } from '../lib/unsaved.mjs';
import { MOST_REASON } from './pieces.mjs';

/** @type {Record<string, string[]>} */
const TAGS = {
  1: ['clear', 'useful', 'well_put'],
  '-1': ['wrong', 'not_thai_enough', 'too_long', 'too_short', 'off_topic', 'unsafe'],
};

/**
 * Show the reasons in the row. `keep` resolves to whether they are kept, `leave` is called when they are closed; what is not saved
 * yet is kept under `name`.
 *
 * @param {HTMLElement} row
 * @param {NonNullable<ShownMessage['rating']>} rating
 * @param {{ name: string, keep: (why: { tags: string[], reason: string }) => Promise<boolean>, leave: () => void }} how
 */
export function openReasons(row, rating, { name, keep, leave }) {
  const chips = TAGS[rating.value].map((tag) => {
    const chip = el('button', { type: 'button', class: 'chip', 'aria-pressed': String(rating.tags.includes(tag)), value: tag, onclick: () => {
      chip.setAttribute('aria-pressed', String(chip.getAttribute('aria-pressed') !== 'true'));
      note();
    } }, t(`rating_${tag}`));
    return chip;
  });
  const words = el('textarea', { rows: 2, maxlength: MOST_REASON, dir: 'auto', 'aria-label': t('rating_reason'), placeholder: t('rating_reason') });
  words.value = rating.reason;
  const save = el('button', { type: 'submit', class: 'save' }, t('rating_keep'));
  const written = () => ({ tags: chips.filter((chip) => chip.getAttribute('aria-pressed') === 'true').map(({ value }) => value), reason: words.value.trim() });
  const note = () => keepUnsaved(name, { value: rating.value, ...written() });
  const close = () => { forgetUnsaved(name); box.remove(); leave(); };
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    save.disabled = true;
    if (await keep(written())) { close(); toast(t('rating_reason_kept')); } else save.disabled = false;
  };
  const question = t(rating.value === 1 ? 'rating_why_up' : 'rating_why_down');
  const box = el('form', { class: 'why', 'aria-label': question, dataset: { layer: 'why' }, onsubmit: submit },
    el('div', { class: 'why-head' }, el('b', {}, question), iconButton('close', t('close'), close)),
    el('div', { class: 'chips', role: 'group', 'aria-label': question }, chips), words, el('div', { class: 'why-foot' }, save));
  words.addEventListener('input', note);
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Escape') { event.stopPropagation(); close(); }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); box.requestSubmit(); }
  });
  $('.why', row)?.remove();
  row.append(box);
}
