// The page of an empty session: a greeting, questions to begin with, and what the model at hand can do.
import { $, el, icon } from '../lib/dom.mjs';
import { modelInfo, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';

/** The demo model can do these, in the one language that it knows. */
const DEMO_SUGGESTIONS = ['Tell me about the sea.', 'What is a mango?', 'Write two sentences about rain.', 'Why do people drink tea?'];

/** Return what an empty session shows; `paintWelcome` fills and hides it. */
export function welcome() {
  return el('section', { id: 'welcome', hidden: true },
    el('h1', {}, t('hello')), el('p', {}, t('hello_more')),
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

/** Show it while the session has no messages. @param {boolean} isQuiet true when no turn is under way either */
export function paintWelcome(isQuiet) {
  const isEmpty = Boolean(store.view) && store.view.messages.length === 0 && isQuiet;
  $('#welcome').hidden = !isEmpty;
  document.body.dataset.empty = isEmpty ? 'yes' : 'no';
  if (!isEmpty) return;
  const answersNothing = store.backends.length > 0 && !store.backends.some(({ models }) => models.length);
  const isDemo = modelInfo(store.choice ?? {})?.code === 'demo_model';
  document.querySelectorAll('#welcome .suggestions button').forEach((button, at) => { button.textContent = isDemo ? DEMO_SUGGESTIONS[at] : t(`suggestion_${at + 1}`); });
  const text = answersNothing ? t('no_model_note') : isDemo ? t('demo_note') : '';
  $('#model-note').hidden = !text;
  $('#model-note span').textContent = text;
}
