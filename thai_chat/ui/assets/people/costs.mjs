// What the replies of each person, and of all together, have cost.
import { api } from '../lib/api.mjs';
import { html, nothing } from '../lib/painting.mjs';
import { none, section } from '../lib/panel.mjs';
import { compact, longDayLabel, money, number, t } from '../lib/texts.mjs';

/** @typedef {{ replies: number, tokens: number, cost_usd: string }} Used */
/** @typedef {Used & { account_id: string | null, name: string | null, display_name: string | null }} PersonUsed */
/** @typedef {{ first: string, last: string, team: Used, people: PersonUsed[] }} Spent */

const PERIODS = ['month', 'last_month', 'year'];

export class Costs {
  period = 'month';

  load() { return api('GET', 'api/people/statistics', { query: { by: 'month', ...this.days() } }); }

  /** The first and the last day; the server knows which month it is where it stands. */
  days() {
    const now = new Date();
    /** @param {number} months @param {number} dayOfMonth */
    const back = (months, dayOfMonth) => new Date(Date.UTC(now.getFullYear(), now.getMonth() - months, dayOfMonth)).toISOString().slice(0, 10);
    if (this.period === 'month') return {};
    return this.period === 'year' ? { first: back(11, 1) } : { first: back(1, 1), last: back(0, 0) };
  }

  /** @param {Spent} data @param {import('../lib/panel.mjs').Panel} panel */
  view({ first, last, team, people }, panel) {
    const periods = html`<div class="segments">${PERIODS.map((name) => html`<button type="button" data-key=${`period ${name}`} aria-pressed=${String(name === this.period)}
      @click=${() => { this.period = name; panel.load(); }}>${t(`period_${name}`)}</button>`)}</div>`;
    const heads = [t('person'), t('stat_replies'), t('stat_tokens'), t('stat_cost_usd')];
    /** @param {Used} used @param {unknown} who @param {boolean} [isSum] */
    const row = ({ replies, tokens, cost_usd }, who, isSum = false) => html`<tr class=${isSum ? 'sum' : nothing}><th scope="row" dir="auto">${who}</th><td>${number(replies)}</td><td title=${number(tokens)}>${compact(tokens)}</td
      ><td title=${cost_usd}>${Number(cost_usd) ? money(cost_usd) : '–'}</td></tr>`;
    const table = html`<div class="wide"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead
      ><tbody>${row(team, t('costs_team'), true)}${people.map((one) => row(one, one.display_name || one.name || t('person_gone')))}</tbody></table></div>`;
    return section(t('people_costs'), html`${periods}<p class="note">${t('costs_from', { first: longDayLabel(first), last: longDayLabel(last) })}</p>${people.length ? table : none(t('costs_none'))}`);
  }
}
