// Replies to one question beside each other: in the row of the one that the session shows, each in a column of its own.
import { alert, clearAlerts } from '../lib/alerts.mjs';
import { api, Refused } from '../lib/api.mjs';
import { el, icon, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { emit, on, store } from '../lib/store.mjs';
import { backendName, nameOf, t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';
import { chooseModel } from '../models/choose.mjs';
import { rowElement } from './history.mjs';
import { addBeside, isGrowing, leaveBeside, stopOne, those } from './live.mjs';
import { refresh } from './loading.mjs';
import { MOST_REASON } from './pieces.mjs';
import { Row } from './rows.mjs';
import { keepPlace } from './scrolling.mjs';
import { shownOf } from './shown.mjs';
import { Turn } from './turn.mjs';
import { refuse, sendOnce } from './versions.mjs';

/** By the reply whose row the others are in. @type {Map<string, Comparison>} */
const comparisons = new Map();

on('view', () => {
  for (const one of comparisons.values()) if (rowElement(one.id) !== one.element) one.leave();
  repaint();
});
on('busy', () => {
  repaint();
  // The versions of the reply that is shown are known when all have ended.
  if (!store.isBusy && comparisons.size) refresh().catch(() => {});
});

function repaint() {
  for (const one of comparisons.values()) one.paint();
  document.body.dataset.comparing = comparisons.size ? 'yes' : 'no';
}

/** @param {string} message_id */
const path = (message_id) => `api/sessions/${store.view.session_id}/messages/${message_id}`;

/** Show replies that grow beside others, each in the row of the one it is compared with. @param {View['also_live']} live */
export function showAlso(live) {
  for (const one of live) {
    const comparison = comparisonAt(one.beside);
    if (!comparison || comparison.has(one.message_id)) continue;
    const turn = new TurnBeside(comparison, one);
    comparison.add(one, turn.row);
    addBeside(turn);
    turn.follow(one);
  }
  repaint();
  keepPlace();
}

/** The comparison in the row of a reply; a new one where there is none, null where the reply is not on the page. @param {string} id */
function comparisonAt(id) {
  const element = rowElement(id);
  if (!element) return null;
  const known = comparisons.get(id);
  if (known?.element === element) return known;
  known?.leave();
  const comparison = new Comparison(id, element);
  comparisons.set(id, comparison);
  return comparison;
}

/** The same question for a second model. @param {ShownMessage} message @param {HTMLElement} button */
export async function compareWith(message, button) {
  const choice = await chooseModel(button, { label: t('compare_with') });
  if (!choice || store.isBusy) return;
  clearAlerts();
  const { session_id } = store.view;
  const outcome = await sendOnce(`/messages/${message.message_id}/replies`, { ...choice, beside: true });
  if (!outcome.ok) await refuse(session_id, outcome);
  else if (store.view.session_id === session_id) emit('changed', { follow: false });
}

/** Versions that are stored; of several a person chooses one. @param {ShownMessage} message @param {HTMLElement} button */
export async function compareVersions(message, button) {
  const { message_id } = message;
  let versions = /** @type {MessageBody[]} */ ([]);
  try {
    ({ versions } = await api('GET', `${path(message_id)}/versions`));
  } catch (error) {
    tell(error);
    return;
  }
  const others = versions.filter((version) => version.message_id !== message_id);
  const own = versions.find((version) => version.message_id === message_id);
  const show = (/** @type {MessageBody} */ other) => {
    const comparison = comparisonAt(message_id);
    if (!comparison || comparison.has(other.message_id)) return;
    const row = new Row('assistant');
    comparison.add({ backend: other.backend ?? '', model: other.model ?? '', message_id: other.message_id }, row);
    row.show(shownOf([other], {}, null)[0]);
    for (const version of [own, other]) if (version) comparison.note(version);
    repaint();
    keepPlace();
  };
  if (others.length === 1) show(others[0]);
  else openMenu(button, others.map((other) => ({ text: nameOf({ backend: other.backend ?? '', model: other.model ?? '' }), note: other.content.slice(0, 60), act: () => show(other) })), { label: t('compare_versions') });
}

/** @param {unknown} error */
function tell(error) {
  if (!(error instanceof Refused)) throw error;
  alert(error.isSilent ? t('server_away_action') : error.message);
}

/** A reply that grows in another one's row; the history has nothing of it. */
class TurnBeside extends Turn {
  /** @param {Comparison} comparison @param {Live} live */
  constructor(comparison, live) {
    super({ ...those, refresh: () => comparison.read(this) }, { choice: live, waited_ms: live.waited_ms });
    this.comparison = comparison;
  }

  /** @param {string} message_id @override */
  name(message_id) { this.row.name(message_id); }

  /** @override */
  drop() { /* the comparison has its row */ }

  /** @param {ChatBody} given @override */
  takeIn({ response, ...reply }) {
    this.comparison.settle(this, { ...reply, role: 'assistant', content: response });
    return true;
  }
}

/** @typedef {{ choice: Choice & { message_id: string }, element: HTMLElement, row: Row | null, stop: HTMLElement, better: HTMLElement }} Column */

class Comparison {
  /** @type {Column[]} */
  columns = [];
  /** The reply that was chosen, if one was. */
  chosen = /** @type {string | null} */ (null);

  /** @param {string} id @param {HTMLElement} element the row of the reply that is shown */
  constructor(id, element) {
    this.id = id;
    this.element = element;
    const shown = store.view.messages.find(({ message_id }) => message_id === id) ?? store.view.live ?? store.choice;
    this.reason = el('input', { type: 'text', class: 'reason', dataset: { unkept: '' }, maxlength: MOST_REASON, placeholder: t('compare_reason'), 'aria-label': t('compare_reason'), dir: 'auto' });
    this.verdict = el('div', { class: 'verdict' }, this.reason, iconButton('close', t('compare_close'), () => { this.leave(); repaint(); keepPlace(); }, { class: 'icon-button close' }));
    this.own = this.#column({ backend: shown?.backend ?? '', model: shown?.model ?? '', message_id: id }, element, null);
    element.classList.add('compared');
    element.append(this.verdict);
  }

  /** @param {Column['choice']} choice @param {HTMLElement} element @param {Row | null} row */
  #column(choice, element, row) {
    const stop = iconButton('close', t('compare_stop_one', { model: nameOf(choice) }), () => stopOne(choice.message_id), { class: 'icon-button stop-one' });
    stop.replaceChildren(el('span', { class: 'square' }));
    const head = el('div', { class: 'column-head' }, el('strong', {}, el('bdi', {}, choice.model || backendName(choice.backend))), el('small', {}, backendName(choice.backend)), stop);
    const better = el('button', { type: 'button', class: 'better', onclick: () => this.choose(choice) }, icon('check'), el('span', {}, t('compare_better')));
    const foot = el('div', { class: 'column-foot' }, better);
    element.prepend(head);
    element.append(foot);
    this.columns.push({ choice, element, row, stop, better });
    return { head, foot };
  }

  /** @param {string} message_id */
  has(message_id) { return this.columns.some(({ choice }) => choice.message_id === message_id); }

  /** @param {Column['choice']} choice @param {Row} row */
  add(choice, row) {
    this.#column(choice, row.element, row);
    row.element.classList.add('beside');
    this.verdict.before(row.element);
    this.element.style.setProperty('--columns', String(this.columns.length));
  }

  paint() {
    for (const { choice, stop, better } of this.columns) {
      stop.hidden = !isGrowing(choice.message_id);
      better.hidden = store.isBusy;
      const isChosen = this.chosen === choice.message_id;
      better.setAttribute('aria-pressed', String(isChosen));
      better.lastElementChild?.replaceChildren(t(isChosen ? 'compare_chosen' : 'compare_better'));
    }
    this.verdict.hidden = store.isBusy;
  }

  /** What has been chosen of these before. @param {MessageBody} message */
  note({ message_id, metadata: { vote } }) {
    if (!Array.isArray(vote?.over) || !vote.over.some((/** @type {string} */ id) => this.has(id))) return;
    this.chosen = message_id;
    if (typeof vote.reason === 'string') this.reason.defaultValue = vote.reason;
  }

  /** A reply has ended, and this is all of it. @param {Turn} turn @param {MessageBody} message */
  settle(turn, message) {
    turn.leave();
    leaveBeside(turn);
    turn.row.show(shownOf([message], {}, null)[0]);
    repaint();
    keepPlace();
  }

  /** The end of a reply was not heard: what is stored of it is read. @param {Turn} turn */
  async read(turn) {
    const { versions } = await api('GET', `${path(this.id)}/versions`);
    const stored = versions.find((/** @type {MessageBody} */ one) => one.message_id === turn.messageId);
    if (stored && stored.status !== 'streaming') this.settle(turn, stored);
  }

  /** The session goes on from it. @param {Column['choice']} choice */
  async choose({ message_id, backend, model }) {
    if (store.isBusy) return;
    const over = this.columns.map(({ choice }) => choice.message_id).filter((id) => id !== message_id);
    const { session_id } = store.view;
    try {
      await api('PUT', `${path(message_id)}/preference`, { body: { over, reason: this.reason.value } });
    } catch (error) {
      tell(error);
      return;
    }
    toast(t('compare_kept', { model: nameOf({ backend, model }) }));
    if (store.view.session_id !== session_id) return;
    this.leave();
    repaint();
    store.choice = { backend, model };
    emit('choice');
    emit('changed', { follow: false, shown_message_id: message_id });
  }

  /** Leave the row as that of the one reply. */
  leave() {
    if (comparisons.get(this.id) === this) comparisons.delete(this.id);
    for (const { row } of this.columns) row?.element.remove();
    for (const part of [this.own.head, this.own.foot, this.verdict]) part.remove();
    this.element.classList.remove('compared');
    this.element.style.removeProperty('--columns');
  }
}
