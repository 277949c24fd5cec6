// How much somebody has used of what they may.
import { html, nothing } from '../lib/painting.mjs';
import { amount, meter, none, section } from '../lib/panel.mjs';
import { t, when } from '../lib/texts.mjs';

/** @typedef {{ what: string, used: number, limit: number | null, resets_at: string | null }} Limit */

/** @param {{ limits: Limit[] }} data */
export function limitsView({ limits }) {
  return section(t('account_limits'), limits.length ? html`<ul class="meters">${limits.map(row)}</ul>` : none(t('limits_none')));
}

/** @param {Limit} limit */
function row({ what, used, limit, resets_at }) {
  const said = limit === null ? t('limit_used_free', { used: amount(what, used) }) : t('limit_used', { used: amount(what, used), limit: amount(what, limit) });
  return html`<li><span>${t(`limit_${what}`)}</span><b>${said}</b>${limit === null ? nothing : meter(used, limit, t(`limit_${what}`), said)}
    ${resets_at && limit !== null ? html`<small>${t('limit_resets', { when: when(resets_at) })}</small>` : nothing}</li>`;
}
