// Columns over a time, each of which can be pressed.
import { el, isPhone } from '../lib/dom.mjs';
import { compact } from '../lib/texts.mjs';

const LABEL_PX = 46;
const PLOT_PX = 420;
const PHONE_PLOT_PX = 280;

/** `bars` are `{ value, label, said, key, act }`; `say` writes a value, `unit` stands above the axis. */
export function columns(bars, { label, say, unit }) {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const step = niceStep(most);
  const top = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  const percent = (value) => `${(value / top) * 100}%`;
  const every = Math.max(1, Math.ceil((bars.length * LABEL_PX) / (isPhone() ? PHONE_PLOT_PX : PLOT_PX)));
  const short = (value) => (say(value).length > 8 || Number.isInteger(value) ? compact(value) : say(value));
  return el('div', { class: 'chart', role: 'group', 'aria-label': label },
    el('div', { class: 'unit', 'aria-hidden': 'true' }, unit),
    el('div', { class: 'plot' },
      lines.map((value) => styled(el('div', { class: 'grid', 'aria-hidden': 'true' }, el('span', {}, step < 1 || top > 1000 ? short(value) : say(value))), { bottom: percent(value) })),
      el('div', { class: 'bars' }, bars.map(({ value, said, key, act }) =>
        el('button', { type: 'button', class: 'day', title: said, 'aria-label': said, dataset: { key }, onclick: act, disabled: !value },
          styled(el('i', { class: value ? null : 'zero' }), { height: percent(value) }))))),
    el('div', { class: 'days', 'aria-hidden': 'true' }, bars.map((bar, at) => el('span', {}, (bars.length - 1 - at) % every === 0 ? bar.label : ''))));
}

/** 1, 2 or 5 times a power of ten, so that at most five lines cross the chart. */
function niceStep(most) {
  if (!most) return 1;
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 4) ?? 10 * power;
}

function styled(element, style) {
  Object.assign(element.style, style);
  return element;
}
