// What the API tells of a session, as the page shows it. A fact of a reply may come with a file of anybody: each is looked at.

const MOST_BEGUN_BY = 50;
const CUT = ['length', 'too_long'];
const BROKEN = ['interrupted', 'stopped', 'failed'];

/** @typedef {Record<string, any>} Facts */

/**
 * Return the view of a session from what `GET /api/sessions/{id}/messages` answers. `target` is the message that was asked for.
 *
 * @param {HistoryBody} body
 * @param {{ target?: string | null, notice?: string | null }} [how]
 * @returns {View}
 */
export function viewOf({ session, history, siblings, live, also_live, has_earlier, has_later }, { target = null, notice = null } = {}) {
  return {
    session_id: session.session_id,
    stored: true,
    is_temporary: session.temporary,
    is_instead: false,
    name: session.session_name,
    shelf: session.deleted_at ? 'trash' : session.archived_at ? 'archived' : 'current',
    options: session.options,
    choice: session.backend ? { backend: session.backend, model: session.model } : null,
    live,
    also_live,
    has_earlier,
    has_later,
    target,
    newest: has_later ? null : history.at(-1)?.message_id ?? null,
    messages: shownOf(history, siblings, live),
    notice,
  };
}

/** A session that its first question will make. @param {string} session_id @param {{ notice?: string | null, is_instead?: boolean }} [how] @returns {View} */
export const emptyView = (session_id, { notice = null, is_instead = false } = {}) => ({
  session_id,
  stored: false,
  is_temporary: false,
  is_instead,
  name: null,
  shelf: 'current',
  options: {},
  choice: null,
  live: null,
  also_live: [],
  has_earlier: false,
  has_later: false,
  target: null,
  newest: null,
  messages: [],
  notice,
});

/** The messages that are drawn; the reply that still grows is drawn by the one who follows it. @type {(history: MessageBody[], siblings: Record<string, string[]>, live: View['live']) => ShownMessage[]} */
export const shownOf = (history, siblings, live) => history
  .filter(({ role, message_id }) => role !== 'system' && message_id !== live?.message_id)
  .map((message) => shown(message, siblings[message.message_id] ?? null));

/** @param {MessageBody} message @param {string[] | null} versions @returns {ShownMessage} */
function shown(message, versions) {
  const facts = message.metadata ?? {};
  const isReply = message.role === 'assistant';
  return {
    message_id: message.message_id,
    order: message.message_order,
    role: message.role === 'assistant' ? 'assistant' : 'user',
    status: message.status,
    text: message.content,
    parts: message.parts ?? null,
    created_at: message.created_at,
    backend: message.backend ?? '',
    model: message.model ?? '',
    first_token_ms: message.first_token_ms,
    latency_ms: message.latency_ms,
    prompt_tokens: message.prompt_tokens,
    tokens: message.completion_tokens,
    reasoning_tokens: message.reasoning_tokens,
    estimated: facts.tokens === 'estimated',
    prompt_estimated: facts.prompt_tokens === 'estimated',
    thought_estimated: facts.reasoning_tokens === 'estimated',
    cost: message.cost_usd === null ? null : { usd: message.cost_usd, thb: numberOf(facts.cost_thb), estimated: facts.cost === 'estimated' },
    asked: choiceOf(facts.asked),
    begun_by: begunBy(message, facts),
    options: isFilled(facts.options) ? facts.options : null,
    reasoning: typeof facts.reasoning === 'string' && facts.reasoning ? facts.reasoning : null,
    reasoning_ms: numberOf(facts.reasoning_ms),
    problem: message.problem ?? null,
    context: contextOf(facts.context_used),
    versions,
    can_continue: isReply && (BROKEN.includes(message.status) || facts.finish_reason === 'length'),
    is_cut: CUT.includes(facts.finish_reason),
    missing: missingOf(message, facts),
    rating: ratingOf(facts.rating),
    notices: (message.notices ?? []).map(({ message: text }) => ({ text })),
  };
}

/** @param {unknown} value */
const numberOf = (value) => (typeof value === 'number' ? value : null);

/** @param {unknown} value */
const isFilled = (value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** @param {any} value @returns {Choice | null} */
const choiceOf = (value) => (typeof value?.backend === 'string'
  ? { backend: value.backend, model: typeof value.model === 'string' ? value.model : '' }
  : null);

/** The others that wrote the beginning of a reply that was continued, each once, in their order. @type {(message: MessageBody, facts: Facts) => Choice[]} */
function begunBy({ backend, model }, facts) {
  const written = Array.isArray(facts.begun_by) ? facts.begun_by.slice(0, MOST_BEGUN_BY) : [];
  const others = written.map(choiceOf).filter((one) => one !== null).filter((one) => one.backend !== backend || one.model !== (model ?? ''));
  return [...new Map(others.map((one) => [`${one.backend}/${one.model}`, one])).values()];
}

/** @param {any} used @returns {ShownMessage['context']} */
const contextOf = (used) => (isFilled(used)
  ? {
    sent: numberOf(used.messages_sent) ?? 0,
    left_out: numberOf(used.messages_left_out) ?? 0,
    estimated: !numberOf(used.exact_tokens),
    tokens: numberOf(used.exact_tokens) || numberOf(used.estimated_tokens) || 0,
    window: numberOf(used.context_window),
  }
  : null);

/** @param {any} rating @returns {ShownMessage['rating']} */
const ratingOf = (rating) => (rating?.value === 1 || rating?.value === -1
  ? {
    value: rating.value,
    tags: Array.isArray(rating.tags) ? rating.tags.slice(0, MOST_BEGUN_BY).filter((/** @type {unknown} */ tag) => typeof tag === 'string') : [],
    reason: typeof rating.reason === 'string' ? rating.reason : '',
  }
  : null);

/** The model that could not answer for want of it, where its server can fetch it. @type {(message: MessageBody, facts: Facts) => Choice | null} */
function missingOf({ status }, { error, notices }) {
  if (status === 'failed' && error?.fetchable === true) return pair(error.backend, error.model);
  const told = Array.isArray(notices) ? notices.slice(0, MOST_BEGUN_BY).find((one) => one?.fetchable === true) : null;
  return told ? pair(told.asked, told.asked_model) : null;
}

/** @type {(backend: unknown, model: unknown) => Choice | null} */
const pair = (backend, model) => (typeof backend === 'string' && typeof model === 'string' ? { backend, model } : null);
