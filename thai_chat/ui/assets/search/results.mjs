// What a search found: each with its place, its time and who said it, and the hits marked.
import { address } from '../lib/api.mjs';
import { $, $$, el, focused, icon, iconButton } from '../lib/dom.mjs';
import { store } from '../lib/store.mjs';
import { backendName, number, t, when } from '../lib/texts.mjs';

const AHEAD_PX = '600px';
/** Sessions with a fitting name that are shown before the messages, until more are asked for. */
const NAMES_FIRST = 3;
const BESIDE = matchMedia('(min-width: 1200px)');

export class Results {
  constructor(on) {
    this.on = on;
    this.status = el('p', { class: 'results-status', role: 'status' });
    this.hints = el('div', { class: 'results-hints' });
    this.list = el('ol', { class: 'results-list', role: 'list', 'aria-label': t('search_results') });
    this.tail = el('div', { class: 'tail' });
    this.names = el('ol', { class: 'results-list names', role: 'list', 'aria-label': t('found_by_name'), hidden: true });
    this.body = el('div', { class: 'results-body' }, this.hints, this.names, this.list, this.tail);
    this.element = el('aside', { id: 'results', 'aria-label': t('search_results') },
      el('header', {}, this.status, on.filters.button, iconButton('close', t('search_close'), on.close)),
      on.filters.element, this.body);
    this.painted = [];
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.end = new IntersectionObserver((seen) => { if (seen.at(-1)?.isIntersecting) on.more(); }, { root: this.body, rootMargin: AHEAD_PX });
  }

  /** True where the panel lies over the conversation, so that it has to go for a message to be seen. */
  get covers() { return !BESIDE.matches; }

  /** Nobody has scrolled or gone into the list, so that it may change. */
  get isUntouched() { return !this.body.scrollTop && !this.body.contains(document.activeElement); }

  scrollToTop() { this.body.scrollTop = 0; }

  /** Of all results that are seen, in their order. */
  get links() { return $$('.results-list li:not([hidden]) a', this.body); }

  focusFirst() {
    const [first] = this.links;
    first?.focus();
    return Boolean(first);
  }

  paint({ found, sessions, state, next, suggestion, notes, problem, query, filtered }) {
    this.element.setAttribute('aria-busy', String(state === 'asking' || state === 'reading'));
    tell(this.status, statusOf({ count: found.length + sessions.length, state, next, query }));
    this.paintHints([
      suggestion && [`suggestion ${suggestion}`, () => this.suggested(suggestion)],
      ...notes.map(({ name, text, button }) => [`note ${name}`, () => note(text, button), text]),
      !query && ['tips', tips],
      state === 'ready' && !found.length && !sessions.length && [`nothing ${filtered}`, () => nothing(filtered)],
      state === 'failed' && [`failed ${problem}`, () => this.failed(problem)],
    ].filter(Boolean));
    this.paintNames(sessions);
    this.paintList(found);
    this.end.unobserve(this.tail);
    this.tail.replaceChildren(...(next === null || state === 'failed' ? [] : [el('div', { class: 'loading' }, el('i'), el('i'), el('i'))]));
    if (next !== null && state === 'ready') this.end.observe(this.tail);
  }

  /** Keeps what is there already, because somebody may be in it; `text` is what alone changes in a hint. */
  paintHints(hints) {
    const names = new Set(hints.map(([name]) => name));
    for (const hint of $$('[data-hint]', this.hints)) if (!names.has(hint.dataset.hint)) hint.remove();
    const there = new Map($$('[data-hint]', this.hints).map((hint) => [hint.dataset.hint, hint]));
    let at = this.hints.firstElementChild;
    for (const [name, make, text] of hints) {
      const hint = there.get(name) ?? make();
      hint.dataset.hint = name;
      if (text) tell($('.said', hint), text);
      if (hint === at) at = hint.nextElementSibling;
      else this.hints.insertBefore(hint, at);
    }
  }

  suggested(suggestion) {
    return el('p', { class: 'suggestion' }, `${t('did_you_mean')} `, el('button', { type: 'button', onclick: () => this.on.suggest(suggestion) }, suggestion));
  }

  failed(problem) {
    const retry = el('button', { type: 'button', class: 'retry', onclick: this.on.retry }, t('try_once_more'));
    return el('p', { class: 'results-note failed', role: 'alert' }, icon('alert'), el('span', {}, problem, ' ', retry));
  }

  paintNames(sessions) {
    if (sessions.length === this.sessions?.length && sessions.every((session, at) => session === this.sessions[at])) return;
    this.sessions = sessions;
    const items = sessions.map((session) => this.item(session));
    const rest = items.slice(NAMES_FIRST);
    rest.forEach((item) => { item.hidden = true; });
    const showAll = () => {
      rest.forEach((item) => { item.hidden = false; });
      more?.remove();
      $('a', rest[0]).focus();
    };
    const more = rest.length ? el('li', {}, el('button', { type: 'button', class: 'retry more-names', onclick: showAll }, t('more_names', { count: number(rest.length) }))) : null;
    this.names.replaceChildren(...items, ...(more ? [more] : []));
    this.names.hidden = !items.length;
  }

  /** Pages are added behind; anything else is a new list. */
  paintList(found) {
    const goesOn = this.painted.length > 0 && this.painted.every((result, at) => result === found[at]);
    if (!goesOn) this.list.replaceChildren();
    this.list.append(...found.slice(goesOn ? this.painted.length : 0).map((result) => this.item(result)));
    this.painted = found;
    this.markShown();
  }

  item(result) {
    const { session_id, message_id, session_name, role, created_at, updated_at, model, backend, snippet, hits } = result;
    const pieces = marked(snippet ?? session_name, hits);
    const shown = pieces.map(({ text, isHit }) => (isHit ? el('mark', {}, text) : text));
    const words = message_id ? pieces.filter(({ isHit }) => isHit).map(({ text }) => text) : [];
    const at = message_id ? created_at : updated_at;
    const by = !message_id ? t('found_by_name') : role === 'user' ? t('you') : [model, backend && backendName(backend)].filter(Boolean).join(' · ');
    const open = (event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
      event.preventDefault();
      this.shown = message_id ?? session_id;
      this.markShown();
      this.on.open(result, words);
    };
    return el('li', {}, el('a', { href: address('', { s: session_id, m: message_id }).href, dataset: { id: message_id ?? session_id, session: session_id }, onclick: open },
      el('span', { class: 'result-head' }, el('b', { dir: 'auto' }, message_id ? session_name || t('untitled') : shown), el('time', { datetime: at }, when(at))),
      message_id ? el('span', { class: 'snippet', dir: 'auto' }, shown) : null,
      el('small', {}, by)));
  }

  markShown() {
    for (const link of $$('.results-list a', this.body)) {
      if (link.dataset.id === this.shown && link.dataset.session === store.view?.session_id) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

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

/** The same text set anew would be read out anew. */
function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const note = (text, button) => el('p', { class: 'results-note' }, icon('info'), el('span', {}, el('span', { class: 'said' }, text), button ? [' ', button] : []));

function statusOf({ count, state, next, query }) {
  if (!query) return t('search');
  if (state === 'asking' && !count) return t('searching');
  if (state === 'failed') return t('search');
  if (!count) return t('found_none');
  return t(next === null ? 'found_all' : 'found_first', { count: number(count) });
}

/** The snippet in pieces. Hits are counted in code points, as the server counts; none reaches beyond the text. */
export function marked(snippet, hits) {
  const characters = [...snippet];
  const pieces = [];
  let end = 0;
  const add = (from, to, isHit) => { if (to > from) pieces.push({ text: characters.slice(from, to).join(''), isHit }); };
  for (const [from, to] of hits) {
    add(end, from, false);
    add(Math.max(end, from), to, true);
    end = Math.max(end, to);
  }
  add(end, characters.length, false);
  return pieces;
}

const tips = () => el('div', { class: 'tips' }, el('p', {}, t('search_tips')), el('ul', {}, [1, 2, 3].map((n) => el('li', {}, t(`search_tip_${n}`)))));

const nothing = (filtered) => el('div', { class: 'tips' }, el('p', {}, t(filtered ? 'found_none_filtered' : 'found_none_more')));
