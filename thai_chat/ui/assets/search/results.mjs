// The results of a search: each with its place, its time and who said it, and the hits marked.
import { address } from '../lib/api.mjs';
import { $, $$, el, focused } from '../lib/dom.mjs';
import { html, iconButtonOf, iconOf, nothing, paint } from '../lib/painting.mjs';
import { store } from '../lib/store.mjs';
import { backendName, number, t, when } from '../lib/texts.mjs';

/** @typedef {{ text: string, isHit: boolean }} Piece */
/** @typedef {{ text: string, button?: unknown }} Note */

/**
 * The panel calls these when a person does something; the filters are parts of it.
 *
 * @typedef {object} On
 * @property {{ button: HTMLElement, element: HTMLElement }} filters
 * @property {() => void} close
 * @property {(text: string) => void} suggest
 * @property {() => void} retry
 * @property {() => void} more
 * @property {(result: Found, words: string[]) => void} open
 * @property {() => void} leave
 */

/**
 * The panel is painted from this: `state` is where the search stands, `next` the cursor of the next page, `notes` what is to be said of the
 * whole, each with a `name` and at will a `button`.
 *
 * @typedef {object} Shown
 * @property {Found[]} found
 * @property {Found[]} sessions
 * @property {string} state
 * @property {string | null} next
 * @property {string | null} suggestion
 * @property {Note[]} notes
 * @property {string} problem
 * @property {string} query
 * @property {boolean} filtered
 */

const AHEAD_PX = '600px';
/** Sessions with a fitting name that are shown before the messages, until more are asked for. */
const NAMES_FIRST = 3;
const BESIDE = matchMedia('(min-width: 1200px)');

export class Results {
  /** The message, or session, that was opened from here last. */
  shown = /** @type {string | null} */ (null);
  /** The sessions of which all are shown. */
  unfolded = /** @type {Found[] | null} */ (null);
  state = /** @type {Shown | null} */ (null);

  /** @param {On} on */
  constructor(on) {
    this.on = on;
    this.element = el('aside', { id: 'results', 'aria-label': t('search_results') });
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    paint(this.element, this.whole(NOTHING));
    this.body = $('.results-body', this.element);
    this.tail = $('.tail', this.element);
    this.end = new IntersectionObserver((seen) => { if (seen.at(-1)?.isIntersecting) on.more(); }, { root: this.body, rootMargin: AHEAD_PX });
  }

  /** True where the panel lies over the conversation, so that it has to go for a message to be seen. */
  get covers() { return !BESIDE.matches; }

  /** Nobody has scrolled or gone into the list, so that it may change. */
  get isUntouched() { return !this.body.scrollTop && !this.body.contains(document.activeElement); }

  scrollToTop() { this.body.scrollTop = 0; }

  /** All results that are seen, in their order. */
  get links() { return $$('.results-list a', this.body); }

  focusFirst() {
    const [first] = this.links;
    first?.focus();
    return Boolean(first);
  }

  /** @param {Shown} state */
  paint(state) {
    this.state = state;
    this.markShown();
    this.end.unobserve(this.tail);
    if (state.next !== null && state.state === 'ready') this.end.observe(this.tail);
  }

  /** Paint what is shown once more: which session that is has changed. */
  markShown() {
    if (this.state) paint(this.element, this.whole(this.state));
  }

  /** @param {Shown} state */
  whole(state) {
    const { filters, close } = this.on;
    const isBusy = state.state === 'asking' || state.state === 'reading';
    const hasMore = state.next !== null && state.state !== 'failed';
    this.element.setAttribute('aria-busy', String(isBusy));
    return html`<header><p class="results-status" role="status">${statusOf(state)}</p>${filters.button}${iconButtonOf('close', t('search_close'), close)}</header>
      ${filters.element}<div class="results-body"><div class="results-hints">${this.hints(state)}</div>${this.names(state.sessions)}
      <ol class="results-list" role="list" aria-label=${t('search_results')}>${state.found.map((result) => this.item(result))}</ol>
      <div class="tail">${hasMore ? html`<div class="loading"><i></i><i></i><i></i></div>` : nothing}</div></div>`;
  }

  /** @param {Shown} given */
  hints({ found, sessions, state, suggestion, notes, problem, query, filtered }) {
    const isNothing = state === 'ready' && !found.length && !sessions.length;
    return html`${suggestion ? this.suggested(suggestion) : nothing}${notes.map(note)}${query ? nothing : tips()}
      ${isNothing ? nothingFound(filtered) : nothing}${state === 'failed' ? this.failed(problem) : nothing}`;
  }

  /** @param {string} suggestion */
  suggested(suggestion) {
    return html`<p class="suggestion">${t('did_you_mean')} <button type="button" @click=${() => this.on.suggest(suggestion)}>${suggestion}</button></p>`;
  }

  /** @param {string} problem */
  failed(problem) {
    return html`<p class="results-note failed" role="alert">${iconOf('alert')}<span>${problem} <button type="button" class="retry" @click=${this.on.retry}>${t('try_once_more')}</button></span></p>`;
  }

  /** @param {Found[]} sessions */
  names(sessions) {
    const isFolded = sessions.length > NAMES_FIRST && !isSame(sessions, this.unfolded);
    const shown = isFolded ? sessions.slice(0, NAMES_FIRST) : sessions;
    const showAll = () => {
      this.unfolded = sessions;
      this.markShown();
      this.links[NAMES_FIRST].focus();
    };
    const more = html`<li><button type="button" class="retry more-names" @click=${showAll}>${t('more_names', { count: number(sessions.length - NAMES_FIRST) })}</button></li>`;
    return html`<ol class="results-list names" role="list" aria-label=${t('found_by_name')} ?hidden=${!sessions.length}>${shown.map((session) => this.item(session))}${isFolded ? more : nothing}</ol>`;
  }

  /** @param {Found} result */
  item(result) {
    const { session_id, message_id, session_name, role, created_at, updated_at, model, backend, snippet, hits } = result;
    const id = message_id ?? session_id;
    const pieces = marked(snippet ?? session_name, hits);
    const shown = pieces.map(({ text, isHit }) => (isHit ? html`<mark>${text}</mark>` : text));
    const at = message_id ? created_at : updated_at;
    const by = !message_id ? t('found_by_name') : role === 'user' ? t('you') : [model, backend && backendName(backend)].filter(Boolean).join(' · ');
    const isShown = id === this.shown && session_id === store.view?.session_id;
    return html`<li><a href=${address('', { s: session_id, m: message_id }).href} data-id=${id} data-session=${session_id} aria-current=${isShown ? 'true' : nothing} @click=${(/** @type {MouseEvent} */ event) => this.open(event, result, pieces)}
      ><span class="result-head"><b dir="auto">${message_id ? session_name || t('untitled') : shown}</b><time datetime=${at}>${when(at)}</time></span
      >${message_id ? html`<span class="snippet" dir="auto">${shown}</span>` : nothing}<small>${by}</small></a></li>`;
  }

  /** @param {MouseEvent} event @param {Found} result @param {Piece[]} pieces */
  open(event, result, pieces) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
    event.preventDefault();
    this.shown = result.message_id ?? result.session_id;
    this.markShown();
    this.on.open(result, result.message_id ? pieces.filter(({ isHit }) => isHit).map(({ text }) => text) : []);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { links } = this;
    const at = links.indexOf(focused());
    if (event.key === 'Escape') { event.stopPropagation(); this.on.leave(); return; }
    if (at < 0) return;
    if (event.key === 'ArrowDown') links[at + 1]?.focus();
    else if (event.key === 'ArrowUp') (links[at - 1] ?? { focus: this.on.leave }).focus();
    else return;
    event.preventDefault();
  }
}

/** @type {Shown} */
const NOTHING = { found: [], sessions: [], state: 'idle', next: null, suggestion: null, notes: [], problem: '', query: '', filtered: false };

/** @type {(one: Found[], other: Found[] | null) => boolean} */
const isSame = (one, other) => other?.length === one.length && one.every((session, at) => session === other[at]);

/** @param {Note} given */
const note = ({ text, button }) => html`<p class="results-note">${iconOf('info')}<span><span class="said">${text}</span>${button ? html` ${button}` : nothing}</span></p>`;

/** @param {Shown} given */
function statusOf({ found, sessions, state, next, query }) {
  const count = found.length + sessions.length;
  if (!query) return t('search');
  if (state === 'asking' && !count) return t('searching');
  if (state === 'failed') return t('search');
  if (!count) return t('found_none');
  return t(next === null ? 'found_all' : 'found_first', { count: number(count) });
}

/** The snippet in pieces. Hits are counted in code points, as the server counts; none reaches beyond the text. @param {string} snippet @param {[number, number][]} hits */
export function marked(snippet, hits) {
  const characters = [...snippet];
  const pieces = /** @type {Piece[]} */ ([]);
  let end = 0;
  /** @param {number} from @param {number} to @param {boolean} isHit */
  const add = (from, to, isHit) => { if (to > from) pieces.push({ text: characters.slice(from, to).join(''), isHit }); };
  for (const [from, to] of hits) {
    add(end, from, false);
    add(Math.max(end, from), to, true);
    end = Math.max(end, to);
  }
  add(end, characters.length, false);
  return pieces;
}

const tips = () => html`<div class="tips"><p>${t('search_tips')}</p><ul>${[1, 2, 3].map((n) => html`<li>${t(`search_tip_${n}`)}</li>`)}</ul></div>`;

/** @param {boolean} filtered */
const nothingFound = (filtered) => html`<div class="tips"><p>${t(filtered ? 'found_none_filtered' : 'found_none_more')}</p></div>`;
