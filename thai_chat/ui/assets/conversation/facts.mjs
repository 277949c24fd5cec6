// The facts of a reply: who answered, how long it took, what it cost; the main ones in a line, all of them on demand.
import { el, iconButton } from '../lib/dom.mjs';
import { modelInfo } from '../lib/store.mjs';
import { compact, duration, money, nameOf, number, t, when } from '../lib/texts.mjs';
import { meter, meterWords } from './meter.mjs';

const FEW_TOKENS = 10;
const SHORT_MS = 100;

/** The line, how full the model's window was, the button after them, and below what that says and the list of all facts, which are shown on demand. Of a message that no model wrote there is the time alone. @param {ShownMessage} message */
export function factsOf(message) {
  const list = el('dl', { class: 'all-facts', id: `facts-${message.message_id}`, hidden: true },
    allFacts(message).map(([name, value]) => el('div', {}, el('dt', {}, t(name)), el('dd', {}, value))));
  const more = iconButton('chevron', t('facts_more'), () => {
    list.hidden = !list.hidden;
    more.setAttribute('aria-expanded', String(!list.hidden));
  }, { class: 'icon-button facts-more', 'aria-expanded': 'false', 'aria-controls': list.id });
  const { button: gauge = null, told = null } = meter(message) ?? {};
  const short = shortFacts(message);
  const author = authorsOf(message);
  if (!author && !short.length) return { line: el('span', { class: 'by' }, when(message.created_at)), gauge, more: null, told, list };
  const line = el('span', { class: 'by', title: when(message.created_at) }, el('b', {}, author),
    short.map(({ text, isMinor }) => el('span', { class: isMinor ? 'minor' : null }, '\u00a0· ', el('span', { class: 'fact' }, text))));
  return { line, gauge, more, told, list };
}

/** Who wrote it, in their order. @param {ShownMessage} message */
const authorsOf = (message) => [...message.begun_by.map(({ model }) => model), nameOf(message)].join(' → ');

/** Minor ones are left to the list where there is little room. @param {ShownMessage} message */
const shortFacts = (message) => [
  { text: modelInfo(message)?.note },
  { text: message.first_token_ms === null ? null : t('figure_first', { time: duration(message.first_token_ms) }), isMinor: true },
  { text: message.latency_ms === null ? null : t('figure_total', { time: duration(message.latency_ms) }) },
  { text: message.tokens ? t(message.estimated ? 'figure_tokens_estimated' : 'figure_tokens', { count: compact(message.tokens) }) : null, isMinor: true },
  { text: costOf(message) },
].filter(({ text }) => text);

/** @param {ShownMessage} message */
const allFacts = (message) => [
  ['fact_asked', message.asked ? nameOf(message.asked) : null],
  ['fact_begun', message.begun_by.map(nameOf).join(', ')],
  [message.begun_by.length ? 'fact_finished' : 'fact_answered', nameOf(message)],
  ['fact_at', when(message.created_at)],
  ['fact_first', message.first_token_ms === null ? null : duration(message.first_token_ms)],
  ['fact_total', message.latency_ms === null ? null : duration(message.latency_ms)],
  ['fact_thought', message.reasoning_ms === null ? null : duration(message.reasoning_ms)],
  ['fact_speed', speedOf(message)],
  ['fact_context', meterWords(message)],
  ['fact_prompt_tokens', message.prompt_tokens === null ? null : about(number(message.prompt_tokens), message.prompt_estimated)],
  ['fact_tokens', tokensOf(message)],
  ['fact_cost', costOf(message)],
  ['fact_options', optionsOf(message)],
].flatMap(([name, value]) => (name && value ? [[name, value]] : []));

/** @param {string} value @param {boolean} isEstimated */
const about = (value, isEstimated) => (isEstimated ? t('about', { value }) : value);

/** @param {ShownMessage} given */
function tokensOf({ tokens, reasoning_tokens, estimated, thought_estimated }) {
  if (!tokens) return null;
  if (!reasoning_tokens) return about(number(tokens), estimated);
  const thought = about(number(reasoning_tokens), thought_estimated && !estimated);
  return about(t('fact_tokens_thought', { count: number(tokens), thought }), estimated);
}

/** Tokens a second from the first one on; of fewer, or in less time, it would say nothing. @param {ShownMessage} given */
function speedOf({ tokens, estimated, first_token_ms, latency_ms }) {
  const spoken_ms = (latency_ms ?? 0) - (first_token_ms ?? latency_ms ?? 0);
  if (!tokens || tokens < FEW_TOKENS || spoken_ms < SHORT_MS) return null;
  return about(t('fact_tokens_a_second', { count: number(Math.round((tokens / spoken_ms) * 10_000) / 10) }), estimated);
}

/** @param {ShownMessage} given */
function costOf({ cost }) {
  if (!cost) return null;
  const priced = [money(cost.usd), cost.thb === null || cost.thb === undefined ? null : `(${money(cost.thb, 'THB')})`].filter(Boolean).join('\u00a0');
  return about(priced, cost.estimated);
}

/** @param {ShownMessage} given */
const optionsOf = ({ options }) =>
  Object.entries(options ?? {}).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(' · ');
