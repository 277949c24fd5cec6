// The sections of the statistics: totals, days, models, backends, hours, sessions and questions.
import { el } from '../lib/dom.mjs';
import { backendName, compact, dayLabel, duration, longDayLabel, money, monthLabel, number, shortMonthLabel, t } from '../lib/texts.mjs';
import { behind } from './behind.mjs';
import { columns } from './charts.mjs';

/** Beyond so many days a bar is a month. */
const MOST_BARS = 92;

const COUNTS = ['sessions', 'messages', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens', 'cost_usd'];
const TIMES = ['first_token', 'latency'];
/** What the bars can show: its value in a usage, how it is written, and which messages are behind it. */
const MEASURES = {
  messages: { text: 'stat_messages', value: (usage) => usage.messages, say: number, query: {} },
  tokens: { text: 'stat_tokens', value: (usage) => usage.prompt_tokens + usage.completion_tokens, say: number, query: { role: 'assistant' } },
  cost_usd: { text: 'stat_cost_usd', value: (usage) => Number(usage.cost_usd), say: money, query: { figure: 'cost_usd' } },
  first_token: { text: 'stat_first_token_ms', value: (usage) => usage.first_token?.median_ms ?? 0, say: duration, query: { figure: 'first_token_ms' }, isTime: true },
  latency: { text: 'stat_latency_ms', value: (usage) => usage.latency?.median_ms ?? 0, say: duration, query: { figure: 'latency_ms' }, isTime: true },
};

export const sections = (counted, measure) => [
  totals(counted.total),
  times(counted.total),
  days(counted.by_day, measure),
  table('stat_by_model', t('model'), counted.by_model, ({ model, backend }) => [model, el('small', {}, backendName(backend))]),
  table('stat_by_backend', t('stat_backend'), counted.by_backend, ({ backend }) => backendName(backend)),
  hours(counted.by_hour),
  longest(counted.longest),
];

/** A figure that opens what it was counted of. @type {(text: Child, what: string, query: Record<string, unknown>, how: { key: string, title?: string, sessions?: boolean }) => HTMLElement} */
function figure(text, what, query, { key, title, sessions = false }) {
  return el('button', { type: 'button', class: 'figure', title, dataset: { key }, onclick: () => behind(what, query, { sessions }) }, text);
}

const totals = (total) => el('dl', { class: 'totals' }, COUNTS.filter((name) => name in total && (total[name] > 0 || name === 'messages')).map((name) => {
  const what = t(`stat_${name}`);
  const text = name === 'cost_usd' ? money(total[name]) : compact(total[name]);
  const query = ['sessions', 'messages'].includes(name) ? {} : { figure: name };
  const exact = name === 'cost_usd' ? `US$ ${Number(total[name])}` : number(total[name]);
  return el('div', {}, el('dt', {}, what), el('dd', {}, figure(text, `${what} ${exact}`, query, { key: name, title: exact, sessions: name === 'sessions' })));
}));

const times = (total) => {
  const known = TIMES.filter((name) => total[name]);
  return known.length ? el('dl', { class: 'totals times' }, known.map((name) => {
    const what = t(`stat_${name}_ms`);
    return el('div', {}, el('dt', {}, what), el('dd', {},
      figure(t('stat_median', { time: duration(total[name].median_ms) }), what, { figure: `${name}_ms` }, { key: `${name}-median` }),
      el('small', {}, t('stat_p95', { time: duration(total[name].p95_ms) }))));
  })) : null;
};

function days(by_day, { chosen, choose }) {
  const measure = MEASURES[chosen];
  const isMonths = by_day.length > MOST_BARS && !measure.isTime;
  const groups = isMonths ? months(by_day) : by_day.slice(-MOST_BARS).map((day) => ({ first: day.day, last: day.day, days: [day] }));
  const bars = groups.map(({ first, last, days: inside }) => {
    const value = inside.reduce((sum, day) => sum + measure.value(day), 0);
    const name = isMonths ? monthLabel(first.slice(0, 7)) : longDayLabel(first);
    const said = `${name}: ${measure.say(value)} ${measure.isTime || chosen === 'cost_usd' ? '' : t(measure.text)}`.trim();
    return { value, label: isMonths ? shortMonthLabel(first) : dayLabel(first), said, key: `day-${first}`, act: () => behind(said, { ...measure.query, first, last, days: null }) };
  });
  return el('section', {},
    el('div', { class: 'section-head' }, el('h3', {}, t('stat_by_day')),
      el('select', { 'aria-label': t('stat_measure'), dataset: { key: 'measure' }, onchange: (event) => choose(event.target.value) },
        Object.entries(MEASURES).map(([name, { text }]) => el('option', { value: name, selected: name === chosen }, t(text))))),
    columns(bars, { label: t('stat_by_day'), say: measure.say, unit: t(measure.text) }));
}

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

function table(heading, first, usages, name) {
  if (!usages.length) return null;
  const heads = [first, t('stat_replies'), t('stat_tokens'), t('stat_cost_usd'), t('stat_first_token_ms'), t('stat_latency_ms')];
  return el('section', {}, el('h3', {}, t(heading)), el('div', { class: 'wide' }, el('table', {},
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, usages.map((usage) => row(usage, name(usage)))))));
}

function row(usage, name) {
  const of = { backend: usage.backend, model: usage.model };
  const who = usage.model ?? backendName(usage.backend);
  const key = `${usage.backend}/${usage.model ?? ''}`;
  const cell = (text, code, query, title) => el('td', {}, text === '–' ? text
    : figure(text, `${who} · ${t(code)}`, { ...of, ...query }, { key: `${key}/${code}`, title }));
  const tokens = usage.prompt_tokens + usage.completion_tokens;
  const time = (times, code, column) => el('td', {}, times ? [
    figure(duration(times.median_ms), `${who} · ${t(code)}`, { ...of, figure: column }, { key: `${key}/${code}` }),
    el('small', {}, t('stat_p95', { time: duration(times.p95_ms) }))] : '–');
  return el('tr', {}, el('th', { scope: 'row' }, name),
    cell(number(usage.replies), 'stat_replies', {}),
    cell(compact(tokens), 'stat_tokens', {}, number(tokens)),
    cell(Number(usage.cost_usd) ? money(usage.cost_usd) : '–', 'stat_cost_usd', { figure: 'cost_usd' }, usage.cost_usd),
    time(usage.first_token, 'stat_first_token_ms', 'first_token_ms'),
    time(usage.latency, 'stat_latency_ms', 'latency_ms'));
}

function hours(by_hour) {
  const bars = by_hour.map(({ hour, messages }) => {
    const said = t('stat_hour', { hour: `${String(hour).padStart(2, '0')}:00`, messages: number(messages) });
    return { value: messages, label: t('stat_hour_label', { hour: String(hour).padStart(2, '0') }), said, key: `hour-${hour}`, act: () => behind(said, { hour }) };
  });
  return el('section', {}, el('h3', {}, t('stat_by_hour')), columns(bars, { label: t('stat_by_hour'), say: number, unit: t('stat_messages') }));
}

const longest = (sessions) => el('section', {}, el('h3', {}, t('stat_longest')), el('ol', { class: 'ranked' }, sessions.map((session) =>
  el('li', {}, el('a', { href: `?s=${session.session_id}`, dir: 'auto' }, session.session_name || t('untitled')),
    el('span', {}, figure(t('stat_count_messages', { count: number(session.messages) }), session.session_name || t('untitled'),
      { session_id: session.session_id }, { key: `session-${session.session_id}` }))))));

export function frequent(asked) {
  if (!asked?.looked_at) return [];
  const questions = asked.questions.slice(0, 10).map(({ key, text, count }) => el('li', {},
    figure(text, text, { question: key }, { key: `question-${key}` }), el('span', {}, t('stat_count_times', { count: number(count) }))));
  const words = asked.words.map(({ word, count }) =>
    el('li', {}, figure([word, ' ', el('small', {}, number(count))], word, { word }, { key: `word-${word}` })));
  return [
    el('section', {}, el('h3', {}, t('stat_frequent'), ' ', el('small', {}, t('stat_looked_at', { count: number(asked.looked_at) }))),
      questions.length ? el('ol', { class: 'ranked' }, questions) : el('p', { class: 'none' }, t('stat_none_frequent'))),
    words.length ? el('section', {}, el('h3', {}, t('stat_words')), el('ul', { class: 'chips' }, words)) : null,
  ].filter(Boolean);
}
