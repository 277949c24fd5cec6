// The dropdown of recent sessions: filters as one types, among all sessions; Load opens the one that is picked.
import { hint } from '../lib/alerts.mjs';
import { api } from '../lib/api.mjs';
import { el, icon } from '../lib/dom.mjs';
import { html, paint } from '../lib/painting.mjs';
import { day, t } from '../lib/texts.mjs';

const TYPING_PAUSE_MS = 120;
const OFFERED = 50;
const ANSWER_MS = 8_000;

/** @param {Part} given @param {{ open: (session_id: string) => void }} how */
export function mountFinder({ element }, { open }) {
  let found = /** @type {Session[]} */ ([]);
  let picked = /** @type {Session | null} */ (null);
  let active = -1;
  let pause = 0;
  let asked = 0;

  const input = el('input', { type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-label': t('find_session'), placeholder: t('find_session'), 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list' });
  const list = el('ul', { id: 'found', role: 'listbox', 'aria-label': t('find_session'), hidden: true });
  const load = el('button', { type: 'button', id: 'load', onclick: () => openPicked() }, t('load'));
  element.append(icon('clock'), input, load, list);

  /** @param {Session | null} session */
  const setPicked = (session) => {
    picked = session;
    load.classList.toggle('ready', session !== null);
  };
  /** @param {boolean} isShown */
  const show = (isShown) => {
    list.hidden = !isShown;
    input.setAttribute('aria-expanded', String(isShown));
    if (!isShown) setActive(-1);
  };
  /** @param {number} index */
  const setActive = (index) => {
    active = index;
    [...list.children].forEach((item, at) => item.classList.toggle('active', at === index));
    list.children[index]?.scrollIntoView({ block: 'nearest' });
    if (index >= 0) input.setAttribute('aria-activedescendant', `found-${index}`);
    else input.removeAttribute('aria-activedescendant');
  };
  /** @param {Session} session */
  const pick = (session) => {
    stopLooking();
    setPicked(session);
    input.value = session.session_name;
    show(false);
  };
  /** What was typed and not picked leads nowhere. */
  const forget = () => { stopLooking(); setPicked(null); input.value = ''; };
  const openPicked = () => {
    if (!picked && input.value.trim() && found.length === 1) setPicked(found[0]); // the only one of that name
    if (!picked) { hint(t('pick_session')); input.focus(); return; }
    const { session_id } = picked;
    forget();
    show(false);
    open(session_id);
  };
  const repaint = () => {
    /** @param {Event} event @param {Session} session */
    const press = (event, session) => { event.preventDefault(); pick(session); };
    const options = found.map((session, at) => html`<li id="found-${at}" role="option" aria-selected=${String(picked?.session_id === session.session_id)}
      @pointerdown=${(/** @type {Event} */ event) => press(event, session)}><span class="name" dir="auto">${session.session_name}</span><small>${day(session.updated_at)}</small></li>`);
    const none = html`<li class="none" role="option" aria-disabled="true" aria-selected="false">${input.value.trim() ? t('no_match') : t('none_current')}</li>`;
    paint(list, found.length ? options : none);
    setActive(-1);
  };
  /** What was asked for opens no list any more. */
  const stopLooking = () => {
    clearTimeout(pause);
    asked += 1;
  };
  const look = async () => {
    asked += 1;
    const number = asked;
    const sessions = await sessionsNamed(picked ? '' : input.value.trim());
    if (number !== asked || document.activeElement !== input) return; // a later answer, or nobody waits for it
    found = sessions;
    repaint();
    show(true);
  };

  /** @param {KeyboardEvent} event @param {number} by */
  const step = (event, by) => {
    if (list.hidden) { look(); return; }
    if (!found.length) return;
    event.preventDefault();
    setActive((active + by + found.length) % found.length);
  };
  /** @param {KeyboardEvent} event */
  const enter = (event) => {
    event.preventDefault();
    const only = found.length === 1 ? found[0] : null;
    const sought = found[active] ?? only;
    if (list.hidden) openPicked();
    else if (sought) pick(sought);
  };
  /** @param {KeyboardEvent} event */
  const escape_ = (event) => {
    event.stopPropagation();
    if (!picked || list.hidden) forget();
    show(false);
  };

  input.addEventListener('focus', () => { input.select(); look(); });
  input.addEventListener('click', () => { if (list.hidden) look(); });
  input.addEventListener('blur', ({ relatedTarget }) => { show(false); if (!picked && relatedTarget !== load) forget(); });
  input.addEventListener('input', () => {
    setPicked(null);
    clearTimeout(pause);
    pause = setTimeout(look, TYPING_PAUSE_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    /** @type {Record<string, () => void>} */
    const acts = { ArrowDown: () => step(event, 1), ArrowUp: () => step(event, -1), Enter: () => enter(event), Escape: () => escape_(event) };
    acts[event.key]?.();
  });
}

/** @param {string} part */
async function sessionsNamed(part) {
  try {
    return (await api('GET', 'api/sessions', { query: { limit: OFFERED, name_contains: part }, patience_ms: ANSWER_MS })).sessions;
  } catch {
    return [];
  }
}
