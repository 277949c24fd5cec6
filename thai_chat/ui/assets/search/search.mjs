// Search over everything ever said: asks while one types, drops what is overtaken, reads on as one scrolls.
import { api, isAborted } from '../lib/api.mjs';
import { $, el, icon, iconButton, isPhone } from '../lib/dom.mjs';
import { keysOf } from '../lib/keys.mjs';
import { html } from '../lib/painting.mjs';
import { on, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { activeFilters, mountFilters, queryOf, setScope } from './filters.mjs';
import { Results } from './results.mjs';

const TYPING_PAUSE_MS = 150;
const PAGE = 20;

/** @typedef {{ open: (session_id: string, message_id: string, words: string[]) => void, showSidebar: () => void }} Page */

/** `open` opens a session at a message; `showSidebar` is the drawer's on phones. @param {Part} given @param {Page} page */
export function mountSearch({ element }, page) {
  const search = new Search(page);
  element.append(search.field);
  $('#top').append(search.withinButton);
  return search;
}

class Search {
  found = /** @type {Found[]} */ ([]);
  sessions = /** @type {Found[]} */ ([]);
  next = /** @type {string | null} */ (null);
  suggestion = /** @type {string | null} */ (null);
  /** So many messages were not in the index when this was found. */
  unindexed = 0;
  /** True when the index has become whole since. */
  hasMore = false;
  memory = false;
  /** @type {'idle' | 'asking' | 'reading' | 'ready' | 'failed'} */
  state = 'idle';
  problem = '';
  made = /** @type {{ filters: ReturnType<typeof mountFilters>, results: Results } | null} */ (null);
  asking = /** @type {AbortController | null} */ (null);
  pause = 0;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.input = el('input', {
      type: 'search', id: 'search-box', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search', maxlength: 1000, dir: 'auto',
      'aria-label': t('search'), placeholder: t('search_placeholder'),
    });
    this.clear = iconButton('close', t('search_clear'), () => this.close(), { class: 'icon-button clear', hidden: true });
    this.field = el('div', { class: 'field', role: 'search' }, icon('search'), this.input, el('kbd', { 'aria-hidden': 'true' }, keysOf('search')), this.clear);
    this.withinButton = iconButton('search', t('search_within'), () => this.within(), { id: 'search-within' });
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('focus', () => { this.input.select(); if (this.input.value) this.show(); else this.panel(); });
    this.input.addEventListener('keydown', (event) => this.onKey(event));
    on('ready', ({ database }) => this.follow(database.unindexed));
    on('view', () => { this.withinButton.hidden = !store.view.stored; this.made?.results.markShown(); });
  }

  /** What was found and its filters, which are made when somebody is about to search. */
  panel() {
    if (this.made) return this.made;
    const filters = mountFilters(() => this.ask());
    const results = new Results({
      filters,
      close: () => this.close(),
      suggest: (text) => { this.input.value = text; this.ask(); this.input.focus(); },
      retry: () => this.ask(),
      more: () => this.more(),
      open: (result, words) => this.open(result, words),
      leave: () => this.input.focus(),
    });
    $('#left').after(results.element);
    this.input.setAttribute('aria-controls', 'results');
    this.made = { filters, results };
    return this.made;
  }

  get results() { return this.panel().results; }

  forget() {
    Object.assign(this, { found: [], sessions: [], next: null, suggestion: null, unindexed: 0, hasMore: false, memory: false, state: 'idle', problem: '' });
  }

  focus() {
    this.page.showSidebar();
    this.input.focus();
    this.input.select();
  }

  /** Find inside the open session. */
  within() {
    setScope(store.view);
    this.focus();
    this.show();
    this.ask();
  }

  typed() {
    this.clear.hidden = !this.input.value;
    this.show();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.ask(), TYPING_PAUSE_MS);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter') { event.preventDefault(); this.ask(); }
    if (event.key === 'ArrowDown' && this.results.focusFirst()) event.preventDefault();
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); this.close(); }
  }

  show() {
    document.body.dataset.searching = 'yes';
    this.clear.hidden = false;
    this.paint();
  }

  close() {
    clearTimeout(this.pause);
    this.asking?.abort();
    delete document.body.dataset.searching;
    this.input.value = '';
    this.clear.hidden = true;
    setScope(null);
    this.forget();
    this.paint();
    if (isPhone()) this.input.blur(); else this.input.focus();
  }

  /** The first page of what is in the box; whatever was asked before no longer matters. */
  async ask() {
    clearTimeout(this.pause);
    this.asking?.abort();
    const q = this.input.value.trim();
    if (!q) { this.forget(); this.paint(); return; }
    this.state = 'asking';
    this.paint();
    await this.read({ q, ...queryOf() }, (page) => {
      this.forget();
      this.take(page);
      this.results.scrollToTop();
    });
  }

  async more() {
    if (this.state !== 'ready' || this.next === null) return;
    this.state = 'reading';
    await this.read({ q: this.input.value.trim(), ...queryOf(), cursor: this.next }, (page) => this.take(page));
  }

  /** @param {Record<string, unknown>} query @param {(page: FoundPage) => void} use */
  async read(query, use) {
    const mine = new AbortController();
    this.asking = mine;
    try {
      use(await api('GET', 'api/search', { query: { limit: PAGE, ...query }, signal: mine.signal }));
      this.state = 'ready';
    } catch (error) {
      if (isAborted(error) || this.asking !== mine) return;
      this.state = 'failed';
      this.problem = error.message;
    }
    this.paint();
  }

  /** @param {FoundPage} given */
  take({ results, sessions, next, suggestion, unindexed, memory }) {
    this.found = [...this.found, ...results];
    this.sessions = [...this.sessions, ...sessions];
    this.next = next;
    this.suggestion = suggestion ?? this.suggestion;
    Object.assign(this, { unindexed, memory, hasMore: false });
  }

  /** Ask again, when the index has become whole, for what was found before; not while somebody reads it. @param {number | undefined} left */
  follow(left) {
    if (!this.unindexed || this.state !== 'ready' || left === this.unindexed) return;
    if (!left && this.results.isUntouched) { this.ask(); return; }
    Object.assign(this, { unindexed: left, hasMore: !left });
    this.paint();
  }

  get notes() {
    const again = html`<button type="button" class="retry" @click=${() => this.ask()}>${t('search_again')}</button>`;
    return [
      ...(this.unindexed ? [{ text: t('search_incomplete', { count: number(this.unindexed) }) }] : []),
      ...(this.hasMore ? [{ text: t('search_complete_now'), button: again }] : []),
      ...(this.memory ? [{ text: t('search_memory') }] : []),
    ];
  }

  paint() {
    this.panel().filters.paint();
    this.results.paint({ ...this, notes: this.notes, query: this.input?.value.trim() ?? '', filtered: activeFilters() > 0 });
  }

  /** @param {Found} result @param {string[]} words */
  open(result, words) {
    if (this.results.covers) delete document.body.dataset.searching;
    this.page.open(result.session_id, result.message_id ?? '', words);
  }
}
