// What the list of models looks like: its groups, its rows, and below it the facts of the row that the keys have reached.
import { html, iconOf, nothing } from '../lib/painting.mjs';
import { number, t } from '../lib/texts.mjs';
import { toggleFavourite, toggleHidden } from './marks.mjs';
import { shortFacts, wholeFacts } from './offers.mjs';

/** @typedef {import('./offers.mjs').Offer} Offer */

/**
 * A row. Its marks are for a pointer; below the list they are buttons for everybody.
 *
 * @param {Offer} offer
 * @param {number} at its place among all offers
 * @param {{ hasBackend: boolean, isActive: boolean, isChosen: boolean, count: number }} how
 */
export function rowOf(offer, at, { hasBackend, isActive, isChosen, count }) {
  const { key, info, group, isFavourite } = offer;
  const state = info.state ?? group.state;
  return html`<div role="option" class="offer ${state} ${isActive ? 'active' : ''}" id="offer-${at}" aria-selected=${String(isChosen)} aria-posinset=${at + 1} aria-setsize=${count}
    data-value=${key} data-at=${at}><span class="mark star ${isFavourite ? 'on' : ''}" aria-hidden="true" title=${starWords(offer)}>${iconOf('star')}</span
    ><span class="model" title=${info.model}><span class="model-name">${info.model}</span>${factsOf(offer, { state, isSaid: hasBackend ? state !== 'up' : state !== group.state, hasBackend })}</span
    >${isChosen ? iconOf('check') : nothing}<span class="mark hide" aria-hidden="true" title=${hideWords(offer)}>${iconOf(eyeOf(offer))}</span></div>`;
}

/** @type {(offer: Offer, how: { state: State, isSaid: boolean, hasBackend: boolean }) => unknown} */
function factsOf(offer, { state, isSaid, hasBackend }) {
  const facts = shortFacts(offer, { hasBackend });
  if (!isSaid && !facts.length) return nothing;
  return html`<small>${isSaid ? html`<span class="model-state ${state}"><i></i>${t(`state_${state}`)}</span>` : nothing}${facts.map((fact) => html`<span>${fact}</span>`)}</small>`;
}

/** @param {Offer} offer */
export const footOf = (offer) => html`<p><b>${offer.info.model}</b>${wholeFacts(offer).map((fact) => html`<span>${fact}</span>`)}</p
  >${footButton('star', offer.isFavourite, starWords(offer), () => toggleFavourite(offer.key))}${footButton(eyeOf(offer), false, hideWords(offer), () => toggleHidden(offer.key))}`;

/** @type {(icon: string, isOn: boolean, label: string, act: () => void) => unknown} */
const footButton = (icon, isOn, label, act) => html`<button type="button" class="icon-button ${icon} ${isOn ? 'on' : ''}" aria-label=${label} title=${label} @click=${act}>${iconOf(icon)}</button>`;

/** @param {Offer} offer */
const starWords = ({ isFavourite }) => t(isFavourite ? 'model_unstar' : 'model_star');
/** @param {Offer} offer */
const hideWords = ({ isHidden }) => t(isHidden ? 'model_unhide' : 'model_hide');
/** @param {Offer} offer */
const eyeOf = ({ isHidden }) => (isHidden ? 'eye' : 'eye_off');

/** A group's head; the rows are painted into its last element. @param {import('./offers.mjs').OfferGroup} given */
export function groupOf({ key, label, group }) {
  const state = group ? stateOf(group) : '';
  return html`<div class="group" role="group" aria-label=${group ? `${label}: ${state}` : label} data-group=${key}><div class="group-head ${group?.state ?? ''}" role="presentation"><strong>${label}</strong>${
    group ? html`<span class="group-state"><i></i>${state}</span>` : nothing}</div
    >${group?.problem && group.state !== 'not_configured' ? html`<div class="group-problem" role="presentation">${group.problem}</div>` : nothing
    }<div class="group-options" role="presentation"></div></div>`;
}

/** Return the state of one server, of several how many answer. @param {BackendInfo} group */
function stateOf({ state, state_text, servers }) {
  if (!servers) return state_text;
  const up = t('servers_up', { up: number(servers.up), count: number(servers.count) });
  return state === 'up' ? up : `${state_text} · ${up}`;
}
