// Columns over a time, each of which can be pressed.
import { isPhone } from '../lib/dom.mjs';
import { html, nothing } from '../lib/painting.mjs';
import { compact } from '../lib/texts.mjs';

const LABEL_PX = 46;
const PLOT_PX = 420;
const PHONE_PLOT_PX = 280;

/**
 * Return the template of a chart. `say` writes a value, `unit` stands above the axis.
 *
 * @param {{ value: number, label: string, said: string, key: string, act: () => void }[]} bars
 * @param {{ label: string, say: (value: number) => string, unit: string }} how
 */
export function columns(bars, { label, say, unit }) {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const step = niceStep(most);
  const top = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  /** @param {number} value */
  const percent = (value) => `${(value / top) * 100}%`;
  const every = Math.max(1, Math.ceil((bars.length * LABEL_PX) / (isPhone() ? PHONE_PLOT_PX : PLOT_PX)));
  /** @param {number} value */
  const short = (value) => (say(value).length > 8 || Number.isInteger(value) ? compact(value) : say(value));
  return html`<div class="chart" role="group" aria-label=${label}><div class="unit" aria-hidden="true">${unit}</div>
    <div class="plot">${lines.map((value) => html`<div class="grid" aria-hidden="true" style="bottom: ${percent(value)}"><span>${step < 1 || top > 1000 ? short(value) : say(value)}</span></div>`)}
      <div class="bars">${bars.map(({ value, said, key, act }) => html`<button type="button" class="day" title=${said} aria-label=${said} data-key=${key} ?disabled=${!value}
        @click=${act}><i class=${value ? nothing : 'zero'} style="height: ${percent(value)}"></i></button>`)}</div></div>
    <div class="days" aria-hidden="true">${bars.map((bar, at) => html`<span>${(bars.length - 1 - at) % every === 0 ? bar.label : ''}</span>`)}</div></div>`;
}

/** 1, 2 or 5 times a power of ten, so that at most five lines cross the chart. @param {number} most */
function niceStep(most) {
  if (!most) return 1;
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 4) ?? 10 * power;
}
