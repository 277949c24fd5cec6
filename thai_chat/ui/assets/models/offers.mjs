// What the chooser offers: the models of all backends in groups, favourites first, as far as a search means them.
import { store } from '../lib/store.mjs';
import { backendName, money, number, t } from '../lib/texts.mjs';
import { keyOf, marksNow } from './marks.mjs';
import { matching, searchable } from './matching.mjs';

/** @typedef {{ key: string, choice: Choice, info: ModelInfo, group: BackendInfo, isFavourite: boolean, isHidden: boolean }} Offer */
/** @typedef {{ key: string, label: string, group: BackendInfo | null, offers: Offer[] }} OfferGroup */

/** With fewer models than this the ones that were used last are in sight anyway. */
const RECENT_FROM = 12;

/** Return the models of a backend, with the one that the settings name, whether the server lists it or not. @param {BackendInfo} group @returns {ModelInfo[]} */
export const modelsOf = ({ models, default_model: named }) =>
  (named && !models.some(({ model }) => model === named) ? [{ model: named, note: null }, ...models] : models);

/**
 * Return the groups with what they offer, and how many hidden models the search means.
 *
 * @param {{ query: string, chosen: Choice | null, isHiddenShown: boolean }} asked
 * @returns {{ groups: OfferGroup[], hidden: number }}
 */
export function offered({ query, chosen, isHiddenShown }) {
  const { favourites, hidden, recent } = marksNow();
  const all = store.backends.flatMap((group) => modelsOf(group).map((info) => offerOf(group, info, favourites, hidden)));
  const meant = matching(all, query, textOf);
  const chosenKey = chosen && keyOf(chosen);
  const isOut = (/** @type {Offer} */ offer) => offer.isHidden && !offer.isFavourite && offer.key !== chosenKey;
  const shown = meant.filter((offer) => !isOut(offer));
  const used = all.length >= RECENT_FROM && !query ? shown.filter(({ key, isFavourite }) => !isFavourite && recent.includes(key)) : [];
  used.sort((one, other) => recent.indexOf(one.key) - recent.indexOf(other.key));
  const first = shown.filter(({ isFavourite }) => isFavourite);
  const rest = shown.filter((offer) => !offer.isFavourite && !used.includes(offer));
  const out = meant.filter(isOut);
  const groups = [
    own('favourites', first), own('recent', used),
    ...store.backends.map((group) => ({ key: group.name, label: group.label, group, offers: rest.filter((offer) => offer.group === group) })),
    own('hidden', isHiddenShown ? out : []),
  ];
  // A backend without models says how it is; while one searches, only what is found is of interest.
  return { groups: groups.filter(({ group, offers }) => offers.length || (group && !query)), hidden: out.length };
}

/** @type {(key: 'favourites' | 'recent' | 'hidden', offers: Offer[]) => OfferGroup} */
const own = (key, offers) => ({ key, label: t(`models_${key}`), group: null, offers });

/** @type {(group: BackendInfo, info: ModelInfo, favourites: Set<string>, hidden: Set<string>) => Offer} */
function offerOf(group, info, favourites, hidden) {
  const choice = { backend: group.name, model: info.model };
  const key = keyOf(choice);
  return { key, choice, info, group, isFavourite: favourites.has(key), isHidden: hidden.has(key) };
}

/** @type {WeakMap<ModelInfo, string>} */
const texts = new WeakMap();

/** @param {Offer} given */
function textOf({ info, group }) {
  const known = texts.get(info);
  if (known) return known;
  const text = searchable([info.model, group.name, group.label, info.note, ...marksOf(info)].filter(Boolean).join(' '));
  texts.set(info, text);
  return text;
}

/** What the model can do besides, in words. @param {ModelInfo} info */
const marksOf = ({ vision, thinking }) => [vision ? t('model_vision') : null, thinking ? t('model_thinking') : null].filter((mark) => mark !== null);

/** The short facts of a model, for its row. @param {Offer} offer @param {{ hasBackend: boolean }} how @returns {string[]} */
export function shortFacts({ info, group }, { hasBackend }) {
  const { context_window: window, price } = info;
  return [
    hasBackend ? backendName(group.name) : null,
    info.note,
    window ? t('model_window', { count: sized(window) }) : null,
    price ? t('model_price', prices(price)) : null,
    ...marksOf(info),
  ].filter((fact) => fact !== null && fact !== undefined);
}

/** All that is known of a model, in whole words. @param {Offer} offer @returns {string[]} */
export function wholeFacts({ info, group }) {
  const { context_window: window, price } = info;
  return [
    backendName(group.name),
    window ? t('model_window_whole', { count: number(window) }) : null,
    price ? t('model_price_whole', prices(price)) : null,
    ...marksOf(info),
  ].filter((fact) => fact !== null);
}

/** As makers of models write it: 128K is 131,072. @param {number} tokens */
function sized(tokens) {
  const kilo = tokens % 1024 === 0 ? 1024 : 1000;
  if (tokens < kilo) return number(tokens);
  const thousands = Math.round(tokens / kilo);
  return thousands < 1000 ? `${number(thousands)}K` : `${number(Math.round(thousands / (kilo / 10)) / 10)}M`;
}

/** @param {NonNullable<ModelInfo['price']>} price */
const prices = ({ input, output }) => ({ input: money(input), output: money(output) });
