// Diagrams: drawn when somebody asks for it, in a frame without a network. The source is a click away.
import { el } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';
import { Frame, LIMIT_MS } from './frame.mjs';

const MAX_CHARS = 20_000;
const MIN_SCALE = 0.6; // smaller letters can't be read: wider diagrams are scrolled
const MAX_PX = 10_000;

const isDark = () => document.documentElement.dataset.theme === 'dark';

/** @type {WeakMap<Element, Diagram>} */
const diagrams = new WeakMap();
/** @type {MutationObserver | null} */
let themes = null;

function followTheme() {
  themes ??= new MutationObserver(() => {
    for (const element of document.querySelectorAll('.diagram.shown')) void diagrams.get(element)?.draw();
  });
  themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
}

class Diagram {
  /** What is drawn. @type {{ source: string, isDark: boolean } | null} */
  drawn = null;

  /** @param {() => string} getSource */
  constructor(getSource) {
    this.getSource = getSource;
    this.button = el('button', { type: 'button', class: 'diagram-draw', onclick: () => this.press() }, t('diagram_draw'));
    this.view = el('div', { class: 'diagram-view' });
    this.reason = el('p', { class: 'diagram-reason', role: 'status' });
    this.element = el('div', { class: 'diagram' }, this.button, this.reason, this.view);
    this.frame = new Frame({ place: this.view, title: t('diagram'), onReload: () => this.reload() });
    diagrams.set(this.element, this);
  }

  get isShown() { return this.element.classList.contains('shown'); }

  async press() {
    if (this.isShown) this.show(false);
    else await this.draw();
  }

  async draw() {
    const asked = { source: this.getSource(), isDark: isDark() };
    if (this.drawn?.source === asked.source && this.drawn.isDark === asked.isDark) {
      this.show(true);
    } else if (asked.source.length > MAX_CHARS) {
      this.refuse(t('diagram_too_long', { count: number(asked.source.length), limit: number(MAX_CHARS) }));
    } else {
      await this.ask(asked);
    }
  }

  /** @param {{ source: string, isDark: boolean }} asked */
  async ask(asked) {
    this.reason.textContent = '';
    this.button.textContent = t('diagram_draws');
    this.button.setAttribute('aria-disabled', 'true');
    this.element.classList.add('drawing');
    const answer = await this.frame.draw(asked.source, asked.isDark);
    this.element.classList.remove('drawing');
    this.button.removeAttribute('aria-disabled');
    if ('isLate' in answer) this.refuse(t('diagram_slow', { count: LIMIT_MS / 1000 }));
    else if ('reason' in answer) this.refuse(t('diagram_bad', { reason: answer.reason }));
    else this.fit(asked, answer);
  }

  /** @param {{ source: string, isDark: boolean }} drawn @param {import('./frame.mjs').Size} size */
  fit(drawn, { width, height }) {
    this.drawn = drawn;
    const scale = Math.min(1, MAX_PX / Math.max(width, height));
    const [wide, high] = [width, height].map((length) => Math.max(1, Math.ceil(length * scale)));
    Object.assign(/** @type {HTMLIFrameElement} */ (this.frame.element).style, {
      width: `${wide}px`, maxWidth: `max(100%, ${Math.round(wide * MIN_SCALE)}px)`, aspectRatio: `${wide} / ${high}`,
    });
    this.show(true);
  }

  /** Say why there is no diagram; the source stays. @param {string} reason */
  refuse(reason) {
    this.drawn = null;
    this.show(false);
    this.button.textContent = t('diagram_draw');
    this.reason.textContent = reason;
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.element.classList.toggle('shown', isShown);
    this.element.parentElement?.classList.toggle('has-diagram', isShown);
    this.button.textContent = isShown ? t('diagram_source') : t('diagram_show');
    if (isShown) followTheme();
  }

  reload() {
    this.drawn = null;
    if (this.isShown) void this.draw();
  }
}

/**
 * Return the button that draws a diagram, and the place where it is drawn, for the element that holds the source in a `pre`: that is hidden while the diagram is shown.
 *
 * @param {() => string} getSource
 * @returns {HTMLElement}
 */
export const diagramControls = (getSource) => new Diagram(getSource).element;
