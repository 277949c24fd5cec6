// The model picker: every model of every backend, with the backend's state; the list is a popover of the browser.
import { api } from '../lib/api.mjs';
import { $, $$, focused, isPhone } from '../lib/dom.mjs';
import { html, iconOf, nothing, paint, repeat } from '../lib/painting.mjs';
import { emit, modelInfo, on, store } from '../lib/store.mjs';
import { backendName, number, t } from '../lib/texts.mjs';
import { isGone, isSameChoice, pick as setPick, tellGone } from './picks.mjs';

const GAP_PX = 6;

/** @type {(part: Part<{ backends: BackendInfo[], default: Choice | null } | null>, page: { refresh: () => void }) => void} */
export function mountPicker({ element, props, watch }, { refresh }) {
  let isOpen = false;
  const list = () => $('.choices', element);
  const close = () => list().hidePopover(); // the browser gives the focus back to the button
  const pick = (/** @type {Choice} */ choice) => {
    setPick(choice);
    close();
    emit('choice');
    prepare(choice);
  };
  const toggle = (/** @type {ToggleEvent} */ event) => {
    isOpen = event.newState === 'open';
    if (isOpen) refresh();
    if (isOpen) placeBelow($('button', element), list());
    repaint();
  };
  const repaint = () => paint(element, html`${button(isOpen)}<div class="choices" id="choices" popover role="listbox" aria-label=${t('model')} tabindex="-1"
    @beforetoggle=${toggle} @keydown=${onKey}>${repeat(store.backends, ({ name }) => name, (group) => groupOf(group, pick))}</div>`);
  /** A session may have been asked of a model whose backend has been taken out of the settings since. */
  const settle = () => {
    const { choice, view } = store;
    if (choice && !isGone(choice)) return;
    const former = view?.choice && !isGone(view.choice) ? view.choice : null;
    store.choice = former ?? store.preferred ?? firstThatAnswers() ?? choice;
    if (choice && !isSameChoice(choice, store.choice)) tellGone(choice, store.choice);
  };
  const take = () => {
    store.backends = props.value?.backends ?? [];
    store.preferred = props.value?.default ?? null;
    settle();
    repaint();
    emit('backends');
  };
  /** Esc and presses elsewhere are the browser's. @param {KeyboardEvent} event */
  const onKey = (event) => {
    const options = $$('[role=option]', list());
    const at = options.indexOf(focused());
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); options.at(to % options.length)?.focus(); }
    if (event.key === 'Escape' || event.key === 'Tab') event.stopPropagation();
    if (event.key === 'Tab') close();
  };

  watch('value', take);
  on('view', () => { settle(); repaint(); });
  on('choice', () => { settle(); repaint(); });
  on('ready', ({ backends }) => { if (isOutOfDate(backends)) refresh(); });
  addEventListener('resize', () => { if (isOpen) placeBelow($('button', element), list()); });
  take();
}

/** On a phone the style sheet has its place. @type {(button: HTMLElement, list: HTMLElement) => void} */
function placeBelow(button, list) {
  const { left, bottom } = button.getBoundingClientRect();
  Object.assign(list.style, isPhone() ? { left: '', top: '' } : { left: `${left}px`, top: `${bottom + GAP_PX}px` });
}

/** @param {boolean} isOpen */
function button(isOpen) {
  const { choice, backends } = store;
  const name = choice?.model || t('model_none');
  const backend = choice ? backendName(choice.backend) : '';
  const group = backends.find((one) => one.name === choice?.backend);
  const info = modelInfo(choice ?? {});
  const label = [t('model_now', { model: name }), backend, info?.state_text ?? group?.state_text].filter(Boolean).join(', ');
  return html`<button type="button" popovertarget="choices" aria-haspopup="listbox" aria-expanded=${String(isOpen)} title=${t('model_pick')} aria-label=${label}
    data-state=${info?.state ?? group?.state ?? 'down'}><span class="name">${name}</span><span class="backend">${backend}</span><span class="loads"
    role="status">${info?.state === 'loading' ? info.state_text : ''}</span>${iconOf('chevron')}</button>`;
}

/** Has the model loaded while the question is still being thought of. @param {Choice} given */
async function prepare({ backend, model }) {
  try {
    await api('POST', 'api/models/prepare', { body: { backend, model } });
    emit('prepared');
  } catch { /* the question itself will tell */ }
}

/** @type {(group: BackendInfo, pick: (choice: Choice) => void) => unknown} */
function groupOf(group, pick) {
  const models = group.models.length ? group.models : group.default_model ? [{ model: group.default_model, note: null }] : [];
  return html`<div class="group" role="group" aria-label="${group.label}: ${group.state_text}"
    ><div class="group-head ${group.state}"><strong>${group.label}</strong><span class="group-state"><i></i>${stateOf(group)}</span></div
    >${group.problem && group.state !== 'not_configured' ? html`<div class="group-problem">${group.problem}</div>` : nothing
    }${repeat(models, ({ model }) => model, (info) => option(group, info, pick))}</div>`;
}

/** Return the state of one server, of several how many answer. @param {BackendInfo} group */
function stateOf({ state, state_text, servers }) {
  if (!servers) return state_text;
  const up = t('servers_up', { up: number(servers.up), count: number(servers.count) });
  return state === 'up' ? up : `${state_text} · ${up}`;
}

/** @type {(group: BackendInfo, info: ModelInfo, pick: (choice: Choice) => void) => unknown} */
function option(group, info, pick) {
  const choice = { backend: group.name, model: info.model };
  const isFirst = group === store.backends[0] && info === group.models[0];
  const isPicked = store.choice?.backend === choice.backend && store.choice?.model === choice.model;
  const state = info.state ?? group.state;
  const said = state === group.state ? nothing : html`<span class="model-state ${state}"><i></i>${info.state_text}</span>`;
  return html`<button type="button" role="option" class=${state} ?autofocus=${store.choice ? isPicked : isFirst} aria-selected=${String(isPicked)}
    data-value="${group.name}/${info.model}" @click=${() => pick(choice)}><span class="model">${info.model}${info.note || said !== nothing ? html`<small>${info.note}${said}</small>` : nothing}</span
    >${isPicked ? iconOf('check') : nothing}</button>`;
}

function firstThatAnswers() {
  const group = store.backends.find(({ models }) => models.length);
  return group ? { backend: group.name, model: group.default_model ?? group.models[0].model } : null;
}

/** @param {Ready['backends']} backends */
const isOutOfDate = (backends) => Object.entries(backends).some(([name, { state, models, model_states = {}, servers = [] }]) => {
  const known = store.backends.find((backend) => backend.name === name);
  if (!known || known.state !== state) return true;
  if (known.servers && known.servers.up !== servers.filter((one) => ['up', 'slow'].includes(one)).length) return true;
  const listed = models.map((model) => `${model} ${model_states[model] ?? state}`);
  return known.models.map((info) => `${info.model} ${info.state}`).join('\n') !== listed.join('\n');
});

