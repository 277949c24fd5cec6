// Fetching a model that its server does not have: a button under the reply that failed for want of it, then a bar.
import { Refused, streamed } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { html, iconOf, nothing, paint } from '../lib/painting.mjs';
import { emit } from '../lib/store.mjs';
import { bytes, percent, t } from '../lib/texts.mjs';

/** By the reply that failed: a fetch goes on while the reply is painted anew, and while another session is shown. */
const fetches = /** @type {Map<string, Fetch>} */ (new Map());

/** Return the box of a failed reply's fetch. @type {(message_id: string, missing: Choice) => HTMLElement} */
export function fetchBox(message_id, missing) {
  const known = fetches.get(message_id) ?? new Fetch(missing);
  fetches.set(message_id, known);
  return known.box;
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

  /** @param {Told} given */
  hear({ name, body: { completed, total, message } }) {
    if (name === 'error') throw new Refused(message);
    if (name === 'completed') { this.change({ state: 'done' }); emit('fetched'); }
    if (name === 'progress') this.change({ completed, total });
  }

  /** @param {Partial<Fetch>} what */
  change(what) {
    Object.assign(this, what);
    this.paint();
  }

  /** The button that takes the place of the one that was pressed has its focus. */
  paint() {
    paint(this.box, this.content());
  }

  content() {
    const { model, problem, total } = this;
    if (this.state === 'done') return html`<div class="fetch-done" role="status">${iconOf('check')}<span>${t('fetch_done', { model })}</span></div>`;
    if (this.state === 'running') {
      return html`<progress aria-label=${t('fetch', { model })} max="1" value=${total ? this.completed / total : nothing}></progress
        ><div class="fetch-line"><span class="fetch-says">${this.says()}</span
        ><button type="button" class="fetch-stop" data-key="fetch" @click=${() => this.abort.abort()}>${t('fetch_stop')}</button></div>`;
    }
    return html`<button type="button" class="fetch-start" data-key="fetch" @click=${() => this.begin()}>${iconOf('download')}<span>${t('fetch', { model })}</span></button
      >${problem ? html`<div class="fetch-problem" role="alert">${problem}</div>` : nothing}`;
  }

  says() {
    const { completed, total } = this;
    if (!total) return t('fetch_begins');
    if (completed >= total) return t('fetch_checks');
    return t('fetch_bytes', { done: bytes(completed, total), total: bytes(total, total), percent: percent(completed / total) });
  }
}
