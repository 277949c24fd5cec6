// The sections of the statistics: totals, days, models, backends, hours, sessions and questions.
import { html, nothing } from '../lib/painting.mjs';
import { backendName, compact, dayLabel, duration, longDayLabel, money, monthLabel, number, shortMonthLabel, t } from '../lib/texts.mjs';
import { behind } from './behind.mjs';
import { columns } from './charts.mjs';

/** Beyond so many days a bar is a month. */
const MOST_BARS = 92;

/** @typedef {{ text: string, value: (usage: Usage) => number, say: (value: number) => string, query: Record<string, unknown>, isTime?: boolean }} Measured */
/** @typedef {{ chosen: string, choose: (chosen: string) => void }} Measure */

const LEADING = /** @type {const} */ (['messages', 'cost_usd']);
const COUNTS = /** @type {const} */ (['sessions', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens', 'rated_up', 'rated_down']);
/** Which messages are behind a total, where they are not those that have a figure of that name. @type {Record<string, Record<string, unknown>>} */
const BEHIND = { sessions: {}, messages: {}, rated_up: { rating: 1 }, rated_down: { rating: -1 } };
const TIMES = /** @type {const} */ (['first_token', 'latency']);
/** The bars show one of these measures: its value in a usage, how it is written, and which messages are behind it. @type {Record<string, Measured>} */
const MEASURES = {
  messages: { text: 'stat_messages', value: (usage) => usage.messages, say: number, query: {} },
  tokens: { text: 'stat_tokens', value: (usage) => usage.prompt_tokens + usage.completion_tokens, say: number, query: { role: 'assistant' } },
  cost_usd: { text: 'stat_cost_usd', value: (usage) => Number(usage.cost_usd), say: (value) => money(value), query: { figure: 'cost_usd' } },
  first_token: { text: 'stat_first_token_ms', value: (usage) => usage.first_token?.median_ms ?? 0, say: duration, query: { figure: 'first_token_ms' }, isTime: true },
  latency: { text: 'stat_latency_ms', value: (usage) => usage.latency?.median_ms ?? 0, say: duration, query: { figure: 'latency_ms' }, isTime: true },
};

/** @param {Counted} counted @param {Measure} measure */
export const sections = (counted, measure) => [
  totals(counted.total),
  times(counted.total),
  days(counted.by_day, measure),
  /** @param {string} 'stat_by_model' @param {string} t('model') @param {Usage[]} counted.by_model @param {(usage: Usage) => unknown} [given] */
  table('stat_by_model', t('model'), counted.by_model, ({ model, backend }) => html`${model}<small>${backendName(backend)}</small>`),
  table('stat_by_backend', t('stat_backend'), counted.by_backend, ({ backend }) => backendName(backend)),
  hours(counted.by_hour),
  longest(counted.longest),
];

/** A figure that opens what it was counted of. @type {(text: unknown, what: string, query: Record<string, unknown>, how: { key: string, title?: string, sessions?: boolean }) => unknown} */
const figure = (text, what, query, { key, title, sessions = false }) =>
  html`<button type="button" class="figure" title=${title ?? nothing} data-key=${key} @click=${() => behind(what, query, { sessions })}>${text}</button>`;

/** @param {Usage} total */
const totals = (total) => [
  html`<dl class="totals leading">${LEADING.map((name) => count(total, name))}</dl>`,
  html`<dl class="totals">${COUNTS.filter((name) => Number(total[name]) > 0).map((name) => count(total, name))}</dl>`,
];

/** @param {Usage} total @param {typeof LEADING[number] | typeof COUNTS[number]} name */
function count(total, name) {
  const what = t(`stat_${name}`);
  const text = name === 'cost_usd' ? money(total[name]) : compact(Number(total[name]));
  const query = BEHIND[name] ?? { figure: name };
  const exact = name === 'cost_usd' ? `US$ ${Number(total[name])}` : number(Number(total[name]));
  return html`<div><dt>${what}</dt><dd>${figure(text, `${what} ${exact}`, query, { key: name, title: exact, sessions: name === 'sessions' })}</dd></div>`;
}

/** @param {Usage} total */
function times(total) {
  const known = TIMES.filter((name) => total[name]);
  return known.length ? html`<dl class="totals times">${known.map((name) => {
    const what = t(`stat_${name}_ms`);
    const median = figure(t('stat_median', { time: duration(total[name]?.median_ms ?? 0) }), what, { figure: `${name}_ms` }, { key: `${name}-median` });
    return html`<div><dt>${what}</dt><dd>${median}<small>${t('stat_p95', { time: duration(total[name]?.p95_ms ?? 0) })}</small></dd></div>`;
  })}</dl>` : nothing;
}

/** @param {Usage[]} by_day @param {Measure} given */
function days(by_day, { chosen, choose }) {
  const measure = MEASURES[chosen];
  const isMonths = by_day.length > MOST_BARS && !measure.isTime;
  const groups = isMonths ? months(by_day) : by_day.slice(-MOST_BARS).map((day) => ({ first: day.day, last: day.day, days: [day] }));
  const bars = groups.map(({ first, last, days: inside }) => {
    const value = inside.reduce((/** @type {number} */ sum, /** @type {Usage} */ day) => sum + measure.value(day), 0);
    const name = isMonths ? monthLabel(first.slice(0, 7)) : longDayLabel(first);
    const said = `${name}: ${measure.say(value)} ${measure.isTime || chosen === 'cost_usd' ? '' : t(measure.text)}`.trim();
    return { value, label: isMonths ? shortMonthLabel(first) : dayLabel(first), said, key: `day-${first}`, act: () => behind(said, { ...measure.query, first, last, days: null }) };
  });
  const choices = Object.entries(MEASURES).map(([name, { text }]) => html`<option value=${name} ?selected=${name === chosen}>${t(text)}</option>`);
  return html`<section><div class="section-head"><h3>${t('stat_by_day')}</h3><select aria-label=${t('stat_measure')} data-key="measure"
    @change=${(/** @type {any} */ event) => choose(event.target.value)}>${choices}</select></div>${columns(bars, { label: t('stat_by_day'), say: measure.say, unit: t(measure.text) })}</section>`;
}

/** @param {Usage[]} by_day */
function months(by_day) {
  const found = new Map();
  for (const day of by_day) {
    const month = day.day.slice(0, 7);
    if (!found.has(month)) found.set(month, { first: day.day, last: day.day, days: [] });
    const group = found.get(month);
    group.last = day.day;
    group.days.push(day);
  }
  return [...found.values()];
}

/** @type {(heading: string, first: string, usages: Usage[], name: (usage: Usage) => unknown) => unknown} */
function table(heading, first, usages, name) {
  if (!usages.length) return nothing;
  const heads = [first, t('stat_replies'), t('stat_tokens'), t('stat_cost_usd'), t('stat_first_token_ms'), t('stat_latency_ms')];
  const isRated = usages.some(({ rated_up, rated_down }) => rated_up || rated_down);
  if (isRated) heads.push(t('stat_rated'));
  return html`<section><h3>${t(heading)}</h3><div class="wide"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead
    ><tbody>${usages.map((usage) => tableRow(usage, name(usage), isRated))}</tbody></table></div></section>`;
}

/** @type {(usage: Usage, name: unknown, isRated: boolean) => unknown} */
function tableRow(usage, name, isRated) {
  const of = { backend: usage.backend, model: usage.model };
  const who = usage.model ?? backendName(usage.backend);
  const key = `${usage.backend}/${usage.model ?? ''}`;
  /** @param {string} text @param {string} code @param {Record<string, unknown>} query @param {string} [title] */
  const cell = (text, code, query, title) => html`<td>${text === '–' ? text
    : figure(text, `${who} · ${t(code)}`, { ...of, ...query }, { key: `${key}/${code}`, title })}</td>`;
  const tokens = usage.prompt_tokens + usage.completion_tokens;
  /** @param {Times | null} times @param {string} code @param {string} column */
  const time = (times, code, column) => html`<td>${times ? html`${
    figure(duration(times.median_ms), `${who} · ${t(code)}`, { ...of, figure: column }, { key: `${key}/${code}` })}<small>${t('stat_p95', { time: duration(times.p95_ms) })}</small>` : '–'}</td>`;
  /** @param {number} count @param {string} code @param {number} rating @param {string} sign */
  const rated = (count, code, rating, sign) => (count ? figure(`${sign} ${number(count)}`, `${who} · ${t(code)}`, { ...of, rating }, { key: `${key}/${code}`, title: `${t(code)}: ${number(count)}` }) : '');
  const ratings = html`<td>${rated(usage.rated_up, 'stat_rated_up', 1, '👍')} ${rated(usage.rated_down, 'stat_rated_down', -1, '👎')}</td>`;
  return html`<tr><th scope="row">${name}</th>${
    cell(number(usage.replies), 'stat_replies', {})}${
    cell(compact(tokens), 'stat_tokens', {}, number(tokens))}${
    cell(Number(usage.cost_usd) ? money(usage.cost_usd) : '–', 'stat_cost_usd', { figure: 'cost_usd' }, String(usage.cost_usd))}${
    time(usage.first_token, 'stat_first_token_ms', 'first_token_ms')}${
    time(usage.latency, 'stat_latency_ms', 'latency_ms')}${isRated ? ratings : nothing}</tr>`;
}

/** @param {Counted['by_hour']} by_hour */
function hours(by_hour) {
  const bars = by_hour.map(({ hour, messages }) => {
    const said = t('stat_hour', { hour: `${String(hour).padStart(2, '0')}:00`, messages: number(messages) });
    return { value: messages, label: t('stat_hour_label', { hour: String(hour).padStart(2, '0') }), said, key: `hour-${hour}`, act: () => behind(said, { hour }) };
  });
  return html`<section><h3>${t('stat_by_hour')}</h3>${columns(bars, { label: t('stat_by_hour'), say: number, unit: t('stat_messages') })}</section>`;
}

/** @param {Counted['longest']} sessions */
const longest = (sessions) => html`<section><h3>${t('stat_longest')}</h3><ol class="ranked">${sessions.map(({ session_id, session_name, messages }) => {
  const name = session_name || t('untitled');
  const count = figure(t('stat_count_messages', { count: number(messages) }), name, { session_id }, { key: `session-${session_id}` });
  return html`<li><a href="?s=${session_id}" dir="auto">${name}</a><span>${count}</span></li>`;
})}</ol></section>`;

/** Return the sections of what is asked often, none while nothing is known. @param {Asked | null} asked */
export function frequent(asked) {
  if (!asked?.looked_at) return [];
  const questions = asked.questions.slice(0, 10).map(({ key, text, count }) => html`<li>${
    figure(text, text, { question: key }, { key: `question-${key}` })}<span>${t('stat_count_times', { count: number(count) })}</span></li>`);
  const words = asked.words.map(({ word, count }) => html`<li>${
    figure(html`${word} <small>${number(count)}</small>`, word, { word }, { key: `word-${word}` })}</li>`);
  return [
    html`<section><h3>${t('stat_frequent')} <small>${t('stat_looked_at', { count: number(asked.looked_at) })}</small></h3>${
      questions.length ? html`<ol class="ranked">${questions}</ol>` : html`<p class="none">${t('stat_none_frequent')}</p>`}</section>`,
    words.length ? html`<section><h3>${t('stat_words')}</h3><ul class="chips">${words}</ul></section>` : nothing,
  ];
}
