// The page of an empty session: a greeting, questions to begin with, and what the model at hand can do.
import { $, $$, el, icon } from '../lib/dom.mjs';
import { modelInfo, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { temporaryToggle } from './temporary.mjs';

const NUMBERS = [1, 2, 3, 4];
const MOVE_MS = 240;

/** Return what an empty session shows above the question box; `paintWelcome` fills and hides it, and what stands below the box. */
export function welcome() {
  $('#composer').after(beginnings());
  return el('section', { id: 'welcome', hidden: true }, el('h1', {}, t('hello')), el('p', {}, t('hello_more')), temporaryToggle());
}

function beginnings() {
  return el('div', { id: 'beginnings' },
    el('div', { class: 'suggestions' }, NUMBERS.map(() => el('button', { type: 'button', onclick: (/** @type {any} */ event) => suggest(event.currentTarget.textContent) }))),
    el('div', { id: 'model-note', hidden: true }, icon('info'), el('span')));
}

/** @param {string} text */
function suggest(text) {
  const box = /** @type {HTMLTextAreaElement} */ ($('#box textarea'));
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  window.thaiChat.send();
}

/** Let an element glide to where `move` puts it. @param {HTMLElement} element @param {() => void} move */
function glide(element, move) {
  const { top } = element.getBoundingClientRect();
  move();
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const way = top - element.getBoundingClientRect().top;
  element.animate([{ translate: `0 ${way}px` }, { translate: '0 0' }], { duration: MOVE_MS, easing: 'cubic-bezier(.2, .8, .2, 1)' });
}

/** Show it while the session has no messages. @param {boolean} isQuiet true when no turn is under way either */
export function paintWelcome(isQuiet) {
  const isEmpty = Boolean(store.view) && store.view.messages.length === 0 && isQuiet;
  const place = () => {
    $('#welcome').hidden = !isEmpty;
    document.body.dataset.empty = isEmpty ? 'yes' : 'no';
  };
  if (isQuiet || document.body.dataset.empty !== 'yes') place();
  else glide($('#composer'), place);
  if (!isEmpty) return;
  $('#temporary').hidden = store.view.stored;
  const info = modelInfo(store.choice ?? {});
  const trouble = troubleNow();
  const suggestions = $('.suggestions');
  suggestions.hidden = Boolean(trouble);
  // Before the models are known they would change under the pointer; they keep their room.
  suggestions.classList.toggle('unknown', store.backends.length === 0);
  $$('.suggestions button').forEach((button, at) => { button.textContent = suggestionsFor(info)[at]; });
  const text = trouble ?? (isDemo(info) ? t('demo_note') : '');
  $('#model-note').hidden = !text;
  $('#model-note span').textContent = text;
}

/** @param {ModelInfo | null} info */
const isDemo = (info) => info?.code === 'demo_model';

/** Questions that the model is good at. @param {ModelInfo | null} info */
const suggestionsFor = (info) => NUMBERS.map((n) => t(`suggestion_${info?.suggestions ?? 'any'}_${n}`));

/** What is to be done before any model can answer; null when one can, or nothing is known yet. */
function troubleNow() {
  const set = store.backends.filter(({ state }) => state !== 'not_configured');
  if (!store.backends.length) return null;
  if (!set.length) return t('no_model_note');
  const alive = set.filter(({ state }) => state !== 'down');
  if (!alive.length) return [t('no_model_answers'), ...set.map(({ problem }) => problem).filter(Boolean), t('no_model_start')].join(' ');
  const isEmpty = alive.every(({ state, models, default_model }) => state !== 'loading' && !models.length && !default_model);
  return isEmpty ? t('no_model_there', { backends: alive.map(({ label }) => label).join(', ') }) : null;
}
