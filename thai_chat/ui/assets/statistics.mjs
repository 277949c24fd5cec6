// The statistics drawer: totals, a chart of the last days, a table by model.
import { el, iconButton } from './dom.mjs';
import { on } from './store.mjs';
import { compact, dayLabel, duration, longDayLabel, number, t } from './texts.mjs';

export function mountStatistics({ element, props, watch }) {
  const body = el('div', { class: 'statistics-body' });
  const drawer = el('dialog', { id: 'drawer', 'aria-label': t('statistics') },
    el('header', {}, el('h2', {}, t('statistics')), iconButton('close', t('close'), () => drawer.close())),
    body);
  drawer.addEventListener('click', (event) => { if (event.target === drawer) drawer.close(); });
  element.append(drawer);
  on('statistics', () => {
    if (!body.childNodes.length) body.replaceChildren(el('p', { class: 'none' }, t('statistics_loading')));
    if (!drawer.open) drawer.showModal();
  });
  const take = () => { if (props.value) body.replaceChildren(...sections(props.value)); };
  watch('value', take);
  take();
}

function sections(statistics) {
  if (!statistics.messages) return [el('p', { class: 'none' }, t('statistics_none'))];
  return [totals(statistics), chart(statistics.by_day), table(statistics.by_model)];
}

const totals = (statistics) => el('dl', { class: 'totals' },
  ['sessions', 'messages', 'prompt_tokens', 'completion_tokens'].map((name) =>
    el('div', {}, el('dt', {}, t(`stat_${name}`)), el('dd', { title: number(statistics[name]) }, compact(statistics[name])))));

function chart(days) {
  const most = Math.max(1, ...days.map((day) => day.messages));
  const step = niceStep(most);
  const top = Math.ceil(most / step) * step;
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  const percent = (value) => `${(value / top) * 100}%`;
  return el('section', {},
    el('h3', {}, t('stat_by_day', { count: number(days.length) })),
    el('div', { class: 'chart', role: 'img', 'aria-label': days.filter((day) => day.messages).map(told).join('; ') },
      el('div', { class: 'plot' },
        lines.map((value) => at(el('div', { class: 'grid' }, el('span', {}, compact(value))), { bottom: percent(value) })),
        el('div', { class: 'bars' }, days.map((day) =>
          el('div', { class: 'day', title: told(day) }, at(el('i', { class: day.messages ? null : 'zero' }), { height: percent(day.messages) }))))),
      el('div', { class: 'days' }, days.map((day, index) => el('span', {}, (days.length - 1 - index) % 3 === 0 ? dayLabel(day.day) : '')))));
}

const told = (day) => t('stat_day', { day: longDayLabel(day.day), messages: number(day.messages), tokens: number(day.tokens) });

/** 1, 2 or 5 times a power of ten, so that at most five lines cross the chart. */
function niceStep(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4 || 1));
  return Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 4) ?? 10 * power);
}

const table = (models) => el('section', {},
  el('h3', {}, t('stat_by_model')),
  el('table', {},
    el('thead', {}, el('tr', {}, [t('model'), t('stat_replies'), t('stat_tokens'), t('stat_first')].map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, models.map((usage) => el('tr', {},
      el('th', { scope: 'row' }, usage.model, el('small', {}, usage.backend)),
      el('td', {}, number(usage.replies)),
      el('td', { title: number(usage.prompt_tokens + usage.completion_tokens) }, compact(usage.prompt_tokens + usage.completion_tokens)),
      el('td', {}, usage.first_token_ms === null ? '–' : duration(usage.first_token_ms)))))));

function at(element, style) {
  Object.assign(element.style, style);
  return element;
}
