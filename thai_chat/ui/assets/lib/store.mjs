// What the page knows, and who wants to hear of a change.

export const store = {
  /** The shown session as the server gave it last: `thai_chat/ui/window.py`. */
  view: null,
  /** The model for the next question: {backend, model}, or null while there is none. */
  choice: null,
  /** Backends with their models and states: `thai_chat/ui/picker.py`. */
  backends: [],
  /** True while a reply of the shown session grows. */
  isBusy: false,
};

const listeners = new Map();

export function on(change, listener) {
  if (!listeners.has(change)) listeners.set(change, []);
  listeners.get(change).push(listener);
}

export const emit = (change, detail) => { for (const listener of listeners.get(change) ?? []) listener(detail); };

export const modelInfo = ({ backend, model } = {}) =>
  store.backends.find(({ name }) => name === backend)?.models.find((info) => info.model === model) ?? null;
