// Fetching a model that its server does not have: a button under the reply that failed for want of it, then a bar.
import { Refused, streamed } from '../lib/api.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { emit } from '../lib/store.mjs';
import { bytes, percent, t } from '../lib/texts.mjs';

/** By the reply that failed: a fetch goes on while the reply is painted anew, and while another session is shown. */
const fetches = new Map();

export function fetchBox({ message_id, missing }) {
  if (!fetches.has(message_id)) fetches.set(message_id, new Fetch(missing));
  return fetches.get(message_id).box;
}

class Fetch {
  state = 'offered';
  completed = 0;
  total = 0;
  problem = '';
  abort = new AbortController();

  /** @param {Choice} choice */
  constructor({ backend, model }) {
    this.backend = backend;
    this.model = model;
    this.box = el('div', { class: 'fetch' });
    this.bar = el('progress', { 'aria-label': t('fetch', { model }), max: 1 });
    this.line = el('span', { class: 'fetch-says' });
    this.paint();
  }

  async begin() {
    this.abort = new AbortController();
    this.change({ state: 'running', completed: 0, total: 0, problem: '' });
    try {
      const body = { backend: this.backend, model: this.model };
      for await (const event of streamed('api/models/pull', { body, signal: this.abort.signal })) this.hear(event);
      if (this.state === 'running') throw new Refused(t('fetch_cut'));
    } catch (error) {
      const isStopped = this.abort.signal.aborted;
      const isTold = error instanceof Refused && !error.isSilent;
      this.change({ state: 'offered', problem: isStopped ? '' : isTold ? error.message : t('fetch_cut') });
    }
  }

  hear({ name, body: { completed, total, message } }) {
    if (name === 'error') throw new Refused(message);
    if (name === 'completed') { this.change({ state: 'done' }); emit('fetched'); }
    if (name === 'progress') { Object.assign(this, { completed, total }); this.paintBar(); }
  }

  change(what) {
    Object.assign(this, what);
    this.paint();
  }

  paint() {
    this.paintBar();
    const hadFocus = this.box.contains(document.activeElement);
    this.box.replaceChildren(...this.content());
    if (hadFocus) $('button', this.box)?.focus();
  }

  content() {
    const { model, problem } = this;
    if (this.state === 'done') return [el('div', { class: 'fetch-done', role: 'status' }, icon('check'), el('span', {}, t('fetch_done', { model })))];
    if (this.state === 'running') {
      const stop = el('button', { type: 'button', class: 'fetch-stop', onclick: () => this.abort.abort() }, t('fetch_stop'));
      return [this.bar, el('div', { class: 'fetch-line' }, this.line, stop)];
    }
    const start = el('button', { type: 'button', class: 'fetch-start', onclick: () => this.begin() }, icon('download'), el('span', {}, t('fetch', { model })));
    return problem ? [start, el('div', { class: 'fetch-problem', role: 'alert' }, problem)] : [start];
  }

  paintBar() {
    if (this.total) this.bar.value = this.completed / this.total;
    else this.bar.removeAttribute('value');
    this.line.textContent = this.says();
  }

  says() {
    const { completed, total } = this;
    if (!total) return t('fetch_begins');
    if (completed >= total) return t('fetch_checks');
    return t('fetch_bytes', { done: bytes(completed, total), total: bytes(total, total), percent: percent(completed / total) });
  }
}
