// The model picker: a button that names the model for the next question, and opens the list of all models.
import { api } from '../lib/api.mjs';
import { $ } from '../lib/dom.mjs';
import { html, iconOf, paint } from '../lib/painting.mjs';
import { emit, modelInfo, on, store } from '../lib/store.mjs';
import { backendName, t } from '../lib/texts.mjs';
import { chooseModel, fetchNear } from './choose.mjs';
import { isGone, isSameChoice, pick, tellGone } from './picks.mjs';

/** What the server said last, as JSON: `{ backends, default, limits?, may_share? }`. */
let said = /** @type {string | null} */ (null);
let take = () => {};

/** Gradio has heard from the server. @param {string | null} given */
export function tellModels(given) {
  said = given;
  take();
}

/** @param {Part} part @param {{ refresh: () => void }} page */
export function mountPicker({ element }, { refresh }) {
  const repaint = () => paint(element, button(open));
  const open = async () => {
    refresh();
    const choice = await chooseModel($('button', element), { label: t('model'), chosen: store.choice });
    if (!choice) return;
    pick(choice);
    emit('choice');
    prepare(choice);
  };
  /** A session may have been asked of a model whose backend has been taken out of the settings since. */
  const settle = () => {
    const { choice, view } = store;
    if (choice && !isGone(choice)) return;
    const former = view?.choice && !isGone(view.choice) ? view.choice : null;
    store.choice = former ?? store.preferred ?? firstThatAnswers() ?? choice;
    if (choice && !isSameChoice(choice, store.choice)) tellGone(choice, store.choice);
  };
  take = () => {
    const { backends, default: preferred, limits = null, may_share: mayShare = true } = said ? JSON.parse(said) : { backends: [], default: null };
    store.backends = backends;
    store.preferred = preferred;
    Object.assign(store, { limits, mayShare });
    settle();
    repaint();
    emit('backends');
  };

  fetchNear(element);
  on('view', () => { settle(); repaint(); });
  on('choice', () => { settle(); repaint(); });
  on('gone', () => { store.backends = store.backends.map(unknown); repaint(); emit('backends'); });
  on('back', () => { take(); refresh(); });
  on('ready', ({ backends }) => { if (isOutOfDate(backends)) refresh(); });
  take();
}

/** @param {() => void} open */
function button(open) {
  const { choice, backends } = store;
  const name = choice?.model || t('model_none');
  const backend = choice ? backendName(choice.backend) : '';
  const group = backends.find((one) => one.name === choice?.backend);
  const info = modelInfo(choice ?? {});
  const stateText = info?.state ? t(`state_${info.state}`) : group?.state_text;
  const label = [t('model_now', { model: name }), backend, stateText].filter(Boolean).join(', ');
  return html`<button type="button" aria-haspopup="dialog" aria-expanded="false" @click=${open} title=${t('model_pick')} aria-label=${label}
    data-state=${info?.state ?? group?.state ?? 'down'}><span class="name">${name}</span><span class="backend">${backend}</span><span class="loads"
    role="status">${info?.state === 'loading' ? stateText : ''}</span>${iconOf('chevron')}</button>`;
}

/** Has the model loaded while the question is still being thought of. @param {Choice} given */
async function prepare({ backend, model }) {
  try {
    await api('POST', 'api/models/prepare', { body: { backend, model } });
    emit('prepared');
  } catch { /* the question itself will tell */ }
}

function firstThatAnswers() {
  const group = store.backends.find(({ models }) => models.length);
  return group ? { backend: group.name, model: group.default_model ?? group.models[0].model } : null;
}

/** A backend of a server that does not answer. @param {BackendInfo} group @returns {BackendInfo} */
function unknown(group) {
  const state = { state: /** @type {State} */ ('unknown'), state_text: t('state_unknown') };
  return { ...group, ...state, problem: null, servers: null, models: group.models.map((info) => ({ ...info, ...state })) };
}

/** @param {Ready['backends']} backends */
const isOutOfDate = (backends) => Object.entries(backends).some(([name, { state, models, model_states = {}, servers = [] }]) => {
  const known = store.backends.find((backend) => backend.name === name);
  if (!known || known.state !== state) return true;
  if (known.servers && known.servers.up !== servers.filter((one) => ['up', 'slow'].includes(one)).length) return true;
  const listed = models.map((model) => `${model} ${model_states[model] ?? state}`);
  return known.models.map((info) => `${info.model} ${info.state}`).join('\n') !== listed.join('\n');
});

