// A block of code: its head with what it is and what can be done with it, and its lines, which get their colours later.
import { el, iconButton } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';
import { copyButton } from './buttons.mjs';
import { diagramControls } from './diagrams.mjs';
import { Highlighting } from './highlighting.mjs';
import { downloadName, readInfo } from './languages.mjs';
import { Lines } from './lines.mjs';
import { makeReachable } from './reach.mjs';

const NUMBERED_FROM = 20;
const FOLDED_BEYOND = 400;

/** @param {string} name @param {string} code */
function download(name, code) {
  // As text, browsers would add .txt to `Dockerfile`.
  const file = new Blob([code && !code.endsWith('\n') ? `${code}\n` : code], { type: 'application/octet-stream' });
  const href = URL.createObjectURL(file);
  el('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href));
}

class CodeBlock {
  code = '';
  isOpen = true;
  /** @type {HTMLButtonElement | null} */
  folder = null;

  /** @param {string} info */
  constructor(info) {
    this.info = readInfo(info);
    const { label, file, grammar } = this.info;
    const name = label || t('code');
    const place = el('code');
    this.body = el('pre', { dir: 'ltr' }, place);
    this.lines = new Lines(place);
    this.wrapper = iconButton('wrap', t('code_wrap'), () => this.wrap(), { 'aria-pressed': 'false' });
    this.tools = el('div', { class: 'code-tools' },
      this.wrapper,
      iconButton('download', t('code_download'), () => download(downloadName(this.info), this.code)),
      copyButton(t('code_copy'), () => this.code));
    this.element = el('figure', { class: 'code', 'aria-label': file ? `${name}: ${file}` : name },
      el('div', { class: 'code-head' },
        el('span', { class: 'code-language' }, name), file ? el('span', { class: 'code-file', title: file }, el('bdi', {}, file)) : null,
        this.tools),
      this.body);
    this.highlighting = grammar ? new Highlighting(grammar, (changes) => this.lines.colour(changes)) : null;
    if (label === 'Mermaid') this.element.append(diagramControls(() => this.code));
    makeReachable(this.body, place, this.element.getAttribute('aria-label') ?? '');
    place.addEventListener('beforematch', () => this.fold(false));
  }

  /** @param {{ code: string, isOpen: boolean }} now */
  update({ code, isOpen }) {
    if (code === this.code && isOpen === this.isOpen) return;
    this.code = code;
    this.isOpen = isOpen;
    const coloured = this.lines.set(code);
    this.paint();
    this.highlighting?.update({ code, isOpen, coloured });
  }

  /** What depends on the number of lines. */
  paint() {
    const { count } = this.lines;
    this.element.classList.toggle('numbered', count >= NUMBERED_FROM);
    if (count >= 1_000) this.body.style.setProperty('--digits', `${String(count).length}`);
    if (count > FOLDED_BEYOND) this.paintFold();
    else this.removeFold();
  }

  paintFold() {
    if (!this.folder) {
      this.folder = el('button', { type: 'button', class: 'code-fold', onclick: () => this.turn() });
      this.body.after(this.folder);
    }
    const text = this.lines.isFolded ? t('code_show_all', { count: number(this.lines.count) }) : t('code_show_less');
    if (this.folder.textContent !== text) this.folder.textContent = text;
    const isShown = String(!this.lines.isFolded);
    if (this.folder.getAttribute('aria-expanded') !== isShown) this.folder.setAttribute('aria-expanded', isShown);
  }

  removeFold() {
    this.folder?.remove();
    this.folder = null;
    this.element.classList.remove('folded');
    if (this.lines.isFolded) this.lines.fold(false);
  }

  /** @param {boolean} isFolded */
  fold(isFolded) {
    this.lines.fold(isFolded);
    this.element.classList.toggle('folded', isFolded);
    this.paintFold();
  }

  /** Whoever folds at the end of long code is left at its beginning. */
  turn() {
    this.fold(!this.lines.isFolded);
    if (this.lines.isFolded) this.element.scrollIntoView({ block: 'nearest' });
  }

  wrap() {
    const isWrapped = this.element.classList.toggle('wrapped');
    this.wrapper.setAttribute('aria-pressed', String(isWrapped));
  }
}

/**
 * Code that grows is given to `update` again and again: only what is new is added. Nothing folds while somebody sees it grow.
 * @param {{ code: string, info: string, isOpen: boolean }} given
 */
export function codeBlock({ code, info, isOpen }) {
  const block = new CodeBlock(info);
  block.update({ code, isOpen });
  if (!isOpen && block.lines.count > FOLDED_BEYOND) block.fold(true);
  return { element: block.element, update: (/** @type {{ code: string, isOpen: boolean }} */ now) => block.update(now) };
}
