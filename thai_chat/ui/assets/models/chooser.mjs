// The list of models with its search: a combobox over a listbox, in a popover of the browser; a sheet on phones. Only the
// rows in view are in the page, so that thousands of models cost what a few do.
import { $, $$, el, focused, isPhone, isTouchPhone } from '../lib/dom.mjs';
import { html, iconOf, nothing, paint } from '../lib/painting.mjs';
import { on } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { footOf, groupOf, rowOf } from './choices.mjs';
import { keyOf, noteUse, toggleFavourite, toggleHidden } from './marks.mjs';
import { offered } from './offers.mjs';

/** @typedef {import('./offers.mjs').Offer} Offer */
/** @typedef {import('./offers.mjs').OfferGroup} OfferGroup */

const GAP_PX = 6;
const EDGE_PX = 8;
/** Rows beyond the edges of the view that are painted too. */
const BEYOND = 6;

let shown = /** @type {Chooser | null} */ (null);

on('backends', () => shown?.take());
on('marks', () => shown?.take());

/** `choose.mjs` tells what it does. @param {HTMLElement} anchor @param {{ label: string, chosen?: Choice | null }} how @returns {Promise<Choice | null>} */
export function openChooser(anchor, { label, chosen = null }) {
  shown?.close(null);
  return new Promise((resolve) => {
    shown = new Chooser(anchor, { label, chosen }, (choice) => { shown = null; resolve(choice); });
  });
}

class Chooser {
  query = '';
  isHiddenShown = false;
  /** @type {OfferGroup[]} */
  groups = [];
  /** Every offer of the groups, in the order of the list. @type {Offer[]} */
  offers = [];
  hidden = 0;
  /** The offer that the keys have reached. */
  active = 0;
  rowPx = 1;
  /** Where the rows of each group begin, in the list. @type {number[]} */
  tops = [];
  frame = 0;
  choice = /** @type {Choice | null} */ (null);

  /** @param {HTMLElement} anchor @param {{ label: string, chosen: Choice | null }} how @param {(choice: Choice | null) => void} ended */
  constructor(anchor, { label, chosen }, ended) {
    this.anchor = anchor;
    this.label = label;
    this.chosen = chosen;
    this.ended = ended;
    this.box = el('div', { class: 'choices', id: 'choices', role: 'dialog', 'aria-label': label });
    this.layer = el('div', { class: 'menu-layer', popover: 'auto', dataset: { layer: 'choices' } }, this.box);
    this.leave = new AbortController();
    this.open();
  }

  open() {
    const { anchor, layer, leave: { signal } } = this;
    layer.addEventListener('keydown', (event) => this.onKey(event));
    layer.addEventListener('pointerdown', (event) => { if (event.target === layer) { event.preventDefault(); this.close(null); } });
    layer.addEventListener('toggle', () => { if (!layer.matches(':popover-open')) this.end(); });
    for (const target of [window, window.visualViewport]) target?.addEventListener('resize', () => this.place(), { signal });
    anchor.setAttribute('aria-expanded', 'true');
    anchor.focus({ preventScroll: true }); // the browser gives the focus back to it
    (anchor.closest('dialog, #picker, main') ?? document.body).append(layer); // what is beside a dialog can't be reached
    layer.showPopover();
    this.find();
    this.active = Math.max(0, this.offers.findIndex((offer) => this.isChosen(offer)));
    this.paintFrame();
    this.list.addEventListener('scroll', () => this.onScroll(), { passive: true });
    this.list.addEventListener('click', (event) => this.onPress(event));
    this.place();
    this.measure();
    this.show(this.active, { isAmid: true });
    (isTouchPhone() ? this.list : this.input).focus({ preventScroll: true });
  }

  get list() { return /** @type {HTMLElement} */ ($('.choices-list', this.box)); }
  get input() { return /** @type {HTMLInputElement} */ ($('.choices-find input', this.box)); }

  /** @param {Choice | null} choice */
  close(choice) {
    this.choice = choice;
    this.layer.hidePopover();
    this.end();
  }

  end() {
    if (this.leave.signal.aborted) return;
    this.leave.abort();
    cancelAnimationFrame(this.frame);
    this.layer.remove();
    this.anchor.setAttribute('aria-expanded', 'false');
    this.ended(this.choice);
  }

  /** @param {Offer | undefined} offer */
  pick(offer) {
    if (!offer) return;
    this.close(offer.choice);
    noteUse(offer.key);
  }

  /** @param {Offer} offer */
  isChosen({ key }) { return this.chosen !== null && key === keyOf(this.chosen); }

  /** Take in what has changed: backends, marks. The active model stays the active one. */
  take() {
    const before = this.offers[this.active]?.key;
    this.find();
    const at = this.offers.findIndex(({ key }) => key === before);
    this.active = at >= 0 ? at : Math.max(0, Math.min(this.active, this.offers.length - 1));
    this.paint();
  }

  find() {
    const { groups, hidden } = offered({ query: this.query, chosen: this.chosen, isHiddenShown: this.isHiddenShown });
    this.groups = groups;
    this.offers = groups.flatMap(({ offers }) => offers);
    this.hidden = hidden;
  }

  /** @param {string} query */
  search(query) {
    this.query = query.trim();
    this.find();
    this.active = this.query ? 0 : Math.max(0, this.offers.findIndex((offer) => this.isChosen(offer)));
    this.paint();
    this.show(this.active, { isAmid: !this.query });
  }

  /** Paint everything that has to be measured, then the rows in view. */
  paint() {
    this.paintFrame();
    this.measure();
    this.paintRows();
  }

  measure() {
    this.rowPx = $('.offer-measure', this.list).getBoundingClientRect().height || 1;
    for (const [at, place] of this.places.entries()) place.style.height = `${this.groups[at].offers.length * this.rowPx}px`;
    this.tops = this.places.map((place) => place.offsetTop);
  }

  get places() { return $$('.group-options', this.list); }

  paintFrame() {
    const onInput = (/** @type {Event} */ event) => this.search(/** @type {HTMLInputElement} */ (event.target).value);
    paint(this.box, html`<div class="choices-find">${iconOf('search')}<input type="text" role="combobox" aria-label=${t('models_find')} placeholder=${t('models_find')} aria-expanded="true"
        aria-controls="choices-list" aria-autocomplete="list" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="done" @input=${onInput}></div
      ><div class="choices-list" id="choices-list" role="listbox" aria-label=${this.label} tabindex="-1"><div class="offer offer-measure" aria-hidden="true"></div>${this.groups.map(groupOf)}</div
      ><p class="choices-none" role="status">${this.offers.length ? nothing : t(this.query ? 'models_not_found' : 'models_nowhere')}</p
      >${this.hidden ? html`<button type="button" class="choices-hidden" aria-expanded=${String(this.isHiddenShown)} @click=${() => this.toggleHidden()}>${t('models_hidden_count', { count: number(this.hidden) })}${iconOf('chevron')}</button>` : nothing
      }<div class="choices-foot"></div>`);
  }

  toggleHidden() {
    this.isHiddenShown = !this.isHiddenShown;
    this.take();
    if (this.isHiddenShown) this.show(this.offers.length - this.hidden);
  }

  onScroll() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paintRows());
  }

  paintRows() {
    const { scrollTop, clientHeight } = this.list;
    let begin = 0;
    for (const [at, place] of this.places.entries()) {
      const { offers, group } = this.groups[at];
      const first = Math.max(0, Math.floor((scrollTop - this.tops[at]) / this.rowPx) - BEYOND);
      const last = Math.min(offers.length, Math.ceil((scrollTop + clientHeight - this.tops[at]) / this.rowPx) + BEYOND);
      const from = begin;
      paint(place, first < last ? html`<div class="group-view" role="presentation" .style=${`transform: translateY(${first * this.rowPx}px)`}>${
        offers.slice(first, last).map((offer, nth) => rowOf(offer, from + first + nth, { hasBackend: !group, isActive: this.active === from + first + nth, isChosen: this.isChosen(offer), count: this.offers.length }))}</div>` : nothing);
      begin += offers.length;
    }
    this.paintActive();
  }

  /** The active row is told to whoever hears the page; below the list stands what is known of it. */
  paintActive() {
    const offer = this.offers[this.active];
    const row = $(`#offer-${this.active}`, this.list);
    for (const element of [this.input, this.list]) {
      if (row) element.setAttribute('aria-activedescendant', row.id);
      else element.removeAttribute('aria-activedescendant');
    }
    paint($('.choices-foot', this.box), offer ? footOf(offer) : nothing);
  }

  /** Make an offer the active one and have it in view. @param {number} at @param {{ isAmid?: boolean }} [how] */
  show(at, { isAmid = false } = {}) {
    this.active = at;
    const { list, rowPx } = this;
    let [top, begin] = [0, 0];
    for (const [nth, { offers }] of this.groups.entries()) {
      if (at < begin + offers.length) { top = this.tops[nth] + (at - begin) * rowPx; break; }
      begin += offers.length;
    }
    const { clientHeight, scrollTop } = list;
    if (at === 0) list.scrollTop = 0;
    else if (isAmid) list.scrollTop = top - (clientHeight - rowPx) / 2;
    else if (top < scrollTop) list.scrollTop = top - GAP_PX;
    else if (top + rowPx > scrollTop + clientHeight) list.scrollTop = top + rowPx - clientHeight + GAP_PX;
    this.paintRows();
  }

  /** @param {MouseEvent} event */
  onPress(event) {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest('.offer[data-at]'));
    const offer = row && this.offers[Number(row.dataset.at)];
    if (!offer) return;
    if (target.closest('.star')) toggleFavourite(offer.key);
    else if (target.closest('.hide')) toggleHidden(offer.key);
    else this.pick(offer);
  }

  /** Esc is the browser's. @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const isInList = focused() === this.input || focused() === this.list;
    if (event.key === 'Tab') { this.leaveAtTheEnds(event); return; }
    if (!isInList) return;
    if (event.key === 'Enter') { event.preventDefault(); this.pick(this.offers[this.active]); return; }
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.rowPx) - 1);
    const { length } = this.offers;
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: Math.min(length - 1, this.active + page), PageUp: Math.max(0, this.active - page), Home: 0, End: length - 1 }[event.key];
    if (to !== undefined && length && !event.shiftKey && !event.ctrlKey && !event.metaKey) { event.preventDefault(); this.show((to + length) % length); return; }
    const isTyped = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isTyped && focused() === this.list) this.input.focus(); // the letter goes there
  }

  /** @param {KeyboardEvent} event */
  leaveAtTheEnds(event) {
    const stops = $$('input, button', this.box);
    const end = event.shiftKey ? [stops[0], this.list] : [stops.at(-1)];
    if (!end.includes(focused())) return;
    event.preventDefault();
    this.close(null);
  }

  /** Below the anchor when there is room, else above; on phones the sheet stands on the keyboard, or on the edge of the window. */
  place() {
    const { box, anchor } = this;
    if (isPhone()) {
      const { height = innerHeight, offsetTop = 0 } = window.visualViewport ?? {};
      Object.assign(box.style, { left: '', top: '', bottom: `${Math.max(0, innerHeight - height - offsetTop)}px`, maxHeight: `${Math.round(height - 2 * EDGE_PX)}px` });
      return;
    }
    const at = anchor.getBoundingClientRect();
    const { width } = box.getBoundingClientRect();
    const below = innerHeight - EDGE_PX - at.bottom - GAP_PX;
    const above = at.top - GAP_PX - EDGE_PX;
    const isBelow = below >= above;
    Object.assign(box.style, {
      left: `${Math.max(EDGE_PX, Math.min(at.left, innerWidth - EDGE_PX - width))}px`,
      top: isBelow ? `${at.bottom + GAP_PX}px` : '',
      bottom: isBelow ? '' : `${innerHeight - at.top + GAP_PX}px`,
      maxHeight: `${Math.min(620, isBelow ? below : above)}px`,
    });
  }
}
