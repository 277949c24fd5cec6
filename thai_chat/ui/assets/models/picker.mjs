// The model picker: every model of every backend, with the backend's state.
import { api } from '../lib/api.mjs';
import { $$, el, focused, icon } from '../lib/dom.mjs';
import { emit, modelInfo, on, store } from '../lib/store.mjs';
import { backendName, number, t } from '../lib/texts.mjs';

export function mountPicker({ element, props, watch }, { refresh }) {
  const name = el('span', { class: 'name' });
  const backend = el('span', { class: 'backend' });
  const state = el('span', { class: 'loads', role: 'status' });
  const button = el('button', { type: 'button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', title: t('model_pick'), onclick: () => (isOpen() ? close() : open()) },
    name, backend, state, icon('chevron'));
  const list = el('div', { class: 'choices', role: 'listbox', 'aria-label': t('model'), hidden: true, tabindex: -1 });
  element.append(button, list);

  const isOpen = () => !list.hidden;
  const open = () => {
    refresh();
    list.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    ($$('[aria-selected=true]', list)[0] ?? $$('[role=option]', list)[0])?.focus();
  };
  const close = () => {
    list.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  };
  const pick = (choice) => {
    store.choice = choice;
    close();
    button.focus();
    emit('choice');
    prepare(choice);
  };
  const paint = () => {
    const had = list.contains(focused()) ? focused().dataset.value : null;
    name.textContent = store.choice?.model || t('model_none');
    const group = store.backends.find((b) => b.name === store.choice?.backend);
    const info = modelInfo(store.choice ?? {});
    backend.textContent = store.choice ? backendName(store.choice.backend) : '';
    button.dataset.state = info?.state ?? group?.state ?? 'down';
    state.textContent = info?.state === 'loading' ? info.state_text ?? '' : '';
    button.setAttribute('aria-label', [t('model_now', { model: name.textContent }), backend.textContent, info?.state_text ?? group?.state_text].filter(Boolean).join(', '));
    list.replaceChildren(...store.backends.map((group) => groupOf(group, pick)));
    if (had) $$('[role=option]', list).find((option) => option.dataset.value === had)?.focus();
  };
  const take = () => {
    store.backends = props.value?.backends ?? [];
    if (!store.choice) store.choice = firstThatAnswers();
    paint();
    emit('backends');
  };

  list.addEventListener('keydown', (event) => {
    const options = $$('[role=option]', list);
    const at = options.indexOf(focused());
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); options.at(to % options.length)?.focus(); }
    if (event.key === 'Escape' || event.key === 'Tab') { event.stopPropagation(); close(); button.focus(); }
  });
  document.addEventListener('pointerdown', (event) => { if (isOpen() && !element.contains(event.target)) close(); });
  watch('value', take);
  on('view', paint);
  on('choice', paint);
  on('ready', ({ backends }) => { if (isOutOfDate(backends)) refresh(); });
  take();
}

/** Has the model loaded while the question is still being thought of. */
async function prepare({ backend, model }) {
  try {
    await api('POST', 'api/models/prepare', { body: { backend, model } });
    emit('prepared');
  } catch { /* the question itself will tell */ }
}

function groupOf(group, pick) {
  const models = group.models.length ? group.models : group.default_model ? [{ model: group.default_model, note: null }] : [];
  return el('div', { class: 'group', role: 'group', 'aria-label': `${group.label}: ${group.state_text}` },
    el('div', { class: `group-head ${group.state}` }, el('strong', {}, group.label), el('span', { class: 'group-state' }, el('i'), stateOf(group))),
    group.problem && group.state !== 'not_configured' ? el('div', { class: 'group-problem' }, group.problem) : null,
    models.map((info) => option(group, info, pick)));
}

/** Of one server its state, of several how many answer. */
function stateOf({ state, state_text, servers }) {
  if (!servers) return state_text;
  const up = t('servers_up', { up: number(servers.up), count: number(servers.count) });
  return state === 'up' ? up : `${state_text} · ${up}`;
}

function option(group, info, pick) {
  const choice = { backend: group.name, model: info.model };
  const isPicked = store.choice?.backend === choice.backend && store.choice?.model === choice.model;
  const state = info.state ?? group.state;
  const says = [info.note, state !== group.state ? el('span', { class: `model-state ${state}` }, el('i'), info.state_text) : null].filter(Boolean);
  return el('button', { type: 'button', role: 'option', class: state, 'aria-selected': String(isPicked), dataset: { value: `${group.name}/${info.model}` }, onclick: () => pick(choice) },
    el('span', { class: 'model' }, info.model, says.length ? el('small', {}, says) : null), isPicked ? icon('check') : null);
}

function firstThatAnswers() {
  const group = store.backends.find(({ models }) => models.length);
  return group ? { backend: group.name, model: group.default_model ?? group.models[0].model } : null;
}

const isOutOfDate = (backends) => Object.entries(backends).some(([name, { state, models, model_states = {}, servers = [] }]) => {
  const known = store.backends.find((backend) => backend.name === name);
  if (!known || known.state !== state) return true;
  if (known.servers && known.servers.up !== servers.filter((one) => ['up', 'slow'].includes(one)).length) return true;
  const listed = models.map((model) => `${model} ${model_states[model] ?? state}`);
  return known.models.map((info) => `${info.model} ${info.state}`).join('\n') !== listed.join('\n');
});

