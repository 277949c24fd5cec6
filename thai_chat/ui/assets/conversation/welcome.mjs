// The page of an empty session: a greeting, questions to begin with, and what the model at hand can do.
import { $, el, icon } from '../lib/dom.mjs';
import { modelInfo, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';

/** The demo model can do these, in the one language that it knows. */
const DEMO_SUGGESTIONS = ['Tell me about the sea.', 'What is a mango?', 'Write two sentences about rain.', 'Why do people drink tea?'];

const MOVE_MS = 240;

/** Return what an empty session shows above the question box; `paintWelcome` fills and hides it, and what stands below the box. */
export function welcome() {
  $('#composer').after(beginnings());
  return el('section', { id: 'welcome', hidden: true }, el('h1', {}, t('hello')), el('p', {}, t('hello_more')));
}

function beginnings() {
  return el('div', { id: 'beginnings' },
    el('div', { class: 'suggestions' }, [1, 2, 3, 4].map((n) => el('button', { type: 'button', onclick: (/** @type {any} */ event) => suggest(event.currentTarget.textContent) }, t(`suggestion_${n}`)))),
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
  const answersNothing = store.backends.length > 0 && !store.backends.some(({ models }) => models.length);
  const isDemo = modelInfo(store.choice ?? {})?.code === 'demo_model';
  document.querySelectorAll('.suggestions button').forEach((button, at) => { button.textContent = isDemo ? DEMO_SUGGESTIONS[at] : t(`suggestion_${at + 1}`); });
  const text = answersNothing ? t('no_model_note') : isDemo ? t('demo_note') : '';
  $('#model-note').hidden = !text;
  $('#model-note span').textContent = text;
}
