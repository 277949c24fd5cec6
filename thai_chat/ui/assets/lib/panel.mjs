// A large panel of several parts, each read from the server when it is shown: loading, nothing, failure and outage look alike in all.
import { $$, el, iconButton } from './dom.mjs';
import { html, nothing, paint } from './painting.mjs';
import { money, number, t } from './texts.mjs';

/** `load` reads what a part shows, and `view` makes a template of it. @typedef {{ name: string, text: string, load: () => Promise<any>, view: (data: any, panel: Panel) => unknown }} Section */

export class Panel {
  /** @param {string} id @param {string} title @param {Section[]} sections */
  constructor(id, title, sections) {
    this.sections = sections;
    this.shown = sections[0];
    this.data = /** @type {any} */ (null);
    this.turn = 0;
    this.nav = el('nav', { class: 'segments', 'aria-label': title }, sections.map(({ name, text }) =>
      el('button', { type: 'button', dataset: { name }, onclick: () => this.show(name) }, text)));
    this.body = el('div', { class: 'panel-body' });
    this.told = el('p', { class: 'panel-told', role: 'status' });
    this.wrong = el('p', { class: 'panel-wrong', role: 'alert' });
    this.dialog = el('dialog', { id, class: 'panel', 'aria-label': title },
      el('header', {}, el('h2', {}, title), this.nav, iconButton('close', t('close'), () => this.dialog.close())), this.told, this.wrong, this.body);
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close(); });
    document.body.append(this.dialog);
  }

  /** @param {string} name */
  open(name) {
    if (!this.dialog.open) this.dialog.showModal();
    return this.show(name);
  }

  /** @param {string} name */
  show(name) {
    this.shown = this.sections.find((section) => section.name === name) ?? this.sections[0];
    for (const button of $$('button', this.nav)) {
      const isShown = button.dataset.name === this.shown.name;
      button.setAttribute('aria-pressed', String(isShown));
      if (isShown) button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    this.data = null;
    this.say('');
    paint(this.body, html`<p class="none" role="status">${t('panel_loading')}</p>`);
    this.dialog.scrollTop = 0;
    return this.load();
  }

  /** Read what is shown anew. */
  async load() {
    const turn = ++this.turn;
    const { shown } = this;
    try {
      const data = await shown.load();
      if (turn !== this.turn) return;
      this.data = data;
      this.repaint();
    } catch (error) {
      if (turn !== this.turn) return;
      if (this.data) this.complain(error.message);
      else paint(this.body, html`<div class="none" role="alert"><p>${error.message}</p><button type="button" class="plain" @click=${() => this.load()}>${t('panel_retry')}</button></div>`);
    }
  }

  repaint() { paint(this.body, this.shown.view(this.data, this)); }

  /** @param {string} words */
  say(words) {
    this.told.textContent = words;
    this.wrong.textContent = '';
  }

  /** @param {string} words */
  complain(words) {
    this.told.textContent = '';
    this.wrong.textContent = words;
    this.wrong.scrollIntoView({ block: 'nearest' });
  }

  /** Do something, say so, and read anew what is shown; what is refused is said as well. @param {() => Promise<unknown>} act @param {string} said */
  async tried(act, said) {
    try { await act(); } catch (error) { this.complain(error.message); return; }
    this.say(said);
    await this.load();
  }
}

/** @param {string} heading @param {unknown} content @param {unknown} [action] */
export const section = (heading, content, action = nothing) =>
  html`<section><div class="section-head"><h3>${heading}</h3>${action}</div>${content}</section>`;

/** @param {string} text @param {() => void} act @param {{ isDanger?: boolean, isMain?: boolean, key?: string }} [how] */
export const plain = (text, act, { isDanger = false, isMain = false, key } = {}) =>
  html`<button type="button" class="plain ${isDanger ? 'danger' : ''} ${isMain ? 'main' : ''}" data-key=${key ?? nothing} @click=${act}>${text}</button>`;

/** @param {string} text */
export const none = (text) => html`<p class="none">${text}</p>`;

/** How near something is to its limit. @param {number} used @param {number} limit @param {string} label @param {string} said */
export const meter = (used, limit, label, said) => html`<div class="bar ${used >= limit ? 'full' : used >= limit * 0.8 ? 'near' : ''}" role="meter" aria-label=${label}
  aria-valuemin="0" aria-valuemax=${String(limit)} aria-valuenow=${String(Math.min(used, limit))} aria-valuetext=${said}><i style=${`width: ${number(Math.min(100, limit ? (used / limit) * 100 : 100))}%`}></i></div>`;

/** A figure of a limit: dollars, or a count. @param {string} what @param {number} value */
export const amount = (what, value) => (what.startsWith('usd') ? money(value) : number(value));
