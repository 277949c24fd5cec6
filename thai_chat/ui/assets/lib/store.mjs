// The page's knowledge, and who wants to hear of a change in it.

export const store = {
  /** The shown session as the server gave it last; null until the first answer, which every part but the frame waits for. */
  view: /** @type {View} */ (/** @type {unknown} */ (null)),
  /** The model for the next question: {backend, model}, or null while there is none. */
  choice: /** @type {Choice | null} */ (null),
  /** The models that answer the next question beside it. */
  compared: /** @type {Choice[]} */ ([]),
  /** The model for a session that has none yet. */
  preferred: /** @type {Choice | null} */ (null),
  /** Backends with their models and states. */
  backends: /** @type {BackendInfo[]} */ ([]),
  /** How near the person is to their limits; null where there are none. */
  limits: /** @type {Limit[] | null} */ (null),
  /** True for whoever may make a preset everybody's. */
  mayShare: true,
  /** True while a reply of the shown session grows. */
  isBusy: false,
  /** True while the server does not answer. */
  isGone: false,
};

/** @type {Map<string, ((detail: any) => void)[]>} */
const listeners = new Map();

/**
 * @template {keyof Changes} C
 * @param {C} change
 * @param {(detail: Changes[C]) => void} listener
 */
export function on(change, listener) {
  listeners.set(change, [...(listeners.get(change) ?? []), listener]);
}

/**
 * @template {keyof Changes} C
 * @param {C} change
 * @param {Changes[C]} [detail]
 */
export function emit(change, detail) {
  for (const listener of listeners.get(change) ?? []) listener(detail);
}

/** @param {Partial<Choice>} [choice] */
export const modelInfo = ({ backend, model } = {}) =>
  store.backends.find(({ name }) => name === backend)?.models.find((info) => info.model === model) ?? null;

/** Load the page anew, with what is being written. */
export function openAnew() {
  emit('leaving');
  location.reload();
}
