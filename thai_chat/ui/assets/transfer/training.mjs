// Which replies go into a file for fine-tuning, and how many examples that makes.
import { api, isAborted } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { store } from '../lib/store.mjs';
import { nameOf, number, t } from '../lib/texts.mjs';

export const TRAINING = ['sft', 'dpo'];
const COUNTING_MS = 60_000;

/** The fields, and what is told of the examples. `changed` is called after each choice. @param {() => void} changed */
export function trainingPart(changed) {
  /** @param {string} name @param {HTMLElement} control */
  const field = (name, control) => el('label', {}, el('span', {}, t(name)), control);
  /** @param {[value: string, text: string][]} [options] */
  const pick = (options = []) => el('select', { onchange: changed }, options.map(([value, text]) => el('option', { value }, text)));
  const rating = pick([['any', t('export_rating_any')], ['not_down', t('export_rating_not_down')], ['up', t('export_rating_up')]]);
  const model = pick();
  const label = pick();
  const since = el('input', { type: 'date', onchange: changed });
  const until = el('input', { type: 'date', onchange: changed });
  const reasoning = el('input', { type: 'checkbox', onchange: changed });
  const told = el('p', { class: 'examples', role: 'status' });
  const element = el('fieldset', { class: 'training', hidden: true }, el('legend', { class: 'offscreen' }, t('export_training')),
    field('export_rating', rating), field('model', model), field('export_since', since), field('export_until', until), field('export_label', label),
    el('label', { class: 'thoughts-too' }, reasoning, el('span', {}, t('export_with_reasoning'))), told);
  let counting = new AbortController();

  /** @param {HTMLSelectElement} select @param {[value: string, text: string][]} options */
  const refill = (select, options) => {
    const { value } = select;
    select.replaceChildren(el('option', { value: '' }, t('export_all')), ...options.map(([one, text]) => el('option', { value: one }, text)));
    select.value = options.some(([one]) => one === value) ? value : '';
  };
  const offer = async () => {
    refill(model, store.backends.flatMap(({ name, models }) => models.map((one) => {
      const choice = { backend: name, model: one.model };
      return /** @type {[string, string]} */ ([JSON.stringify(choice), nameOf(choice)]);
    })));
    refill(label, []);
    try {
      const { folders, tags } = /** @type {Labels} */ (await api('GET', 'api/sessions/labels'));
      refill(label, [...folders.map(({ name }) => ['folder', name]), ...tags.map(({ name }) => ['tag', name])]
        .map(([kind, name]) => [JSON.stringify({ [kind]: name }), kind === 'tag' ? `#${name}` : name]));
    } catch { /* they are no more than a help */ }
  };
  const query = () => ({
    rating: rating.value === 'any' ? null : rating.value,
    since: since.value,
    until: until.value,
    with_reasoning: reasoning.checked || null,
    ...JSON.parse(model.value || '{}'),
    ...JSON.parse(label.value || '{}'),
  });

  /** Tells how many examples the file has, and `tell` whether there are any. @param {string} path @param {Record<string, unknown>} asked @param {(isThere: boolean) => void} tell */
  const count = async (path, asked, tell) => {
    counting.abort();
    counting = new AbortController();
    const { signal } = counting;
    told.textContent = t('statistics_loading');
    try {
      const { examples } = await api('GET', `${path}/examples`, { query: asked, signal, patience_ms: COUNTING_MS });
      told.textContent = examples ? t('export_examples', { count: number(examples) }) : t(asked.format === 'dpo' ? 'export_no_pairs' : 'export_no_examples');
      tell(examples > 0);
    } catch (error) {
      if (isAborted(error)) return;
      told.textContent = error.message;
      tell(true); // the server says it once more
    }
  };
  return { element, offer, query, count };
}
