// One session in the list: its name, its labels, its marks, its menu; and writing its name in place.
import { $, el, icon, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { t, when } from '../lib/texts.mjs';

export class Row {
  /** `press` is called when the row is pressed; `menu` gives the entries of its menu. */
  constructor(session_id, { press, menu }) {
    this.tick = el('span', { class: 'tick', hidden: true }, icon('check'));
    this.name = el('span', { class: 'name', dir: 'auto' });
    this.labels = el('small', { class: 'labels', dir: 'auto', hidden: true });
    this.running = el('span', { class: 'running', role: 'img', 'aria-label': t('running'), title: t('running'), hidden: true });
    this.button = el('button', { type: 'button', class: 'session', tabindex: -1, dataset: { sessionId: session_id }, onclick: press },
      this.tick, el('span', { class: 'words' }, this.name, this.labels), this.running);
    this.more = iconButton('more', '', () => this.openMenu(menu()), { class: 'icon-button more', 'aria-haspopup': 'menu', 'aria-expanded': 'false', tabindex: -1 });
    this.element = el('li', { dataset: { id: session_id } }, this.button, this.more);
    this.painted = '';
  }

  /** `isPicked` is null while nothing is to be picked. */
  paint(session, { isShown, isRunning, isPicked }) {
    const name = session.session_name || t('untitled');
    const labels = [session.folder, ...session.tags.map((tag) => `#${tag}`)].filter(Boolean).join('  ');
    const state = JSON.stringify([name, labels, isShown, isRunning, isPicked, session.updated_at]);
    if (state === this.painted) return;
    this.painted = state;
    this.name.textContent = name;
    this.labels.textContent = labels;
    this.labels.hidden = !labels;
    this.running.hidden = !isRunning;
    this.element.classList.toggle('shown', isShown);
    if (isShown) this.button.setAttribute('aria-current', 'page');
    else this.button.removeAttribute('aria-current');
    this.paintPicked(isPicked);
    this.button.title = [name, labels, when(session.updated_at)].filter(Boolean).join('\n');
    this.more.title = t('options_of', { name });
    this.more.setAttribute('aria-label', this.more.title);
  }

  paintPicked(isPicked) {
    this.tick.hidden = isPicked === null;
    this.more.hidden = isPicked !== null;
    this.element.classList.toggle('choosing', isPicked !== null);
    this.element.classList.toggle('picked', isPicked === true);
    if (isPicked === null) {
      this.button.removeAttribute('role');
      this.button.removeAttribute('aria-checked');
    } else {
      this.button.setAttribute('role', 'checkbox');
      this.button.setAttribute('aria-checked', String(isPicked));
    }
  }

  openMenu(items) {
    openMenu(this.more, items, { label: this.more.title, onClose: () => this.element.classList.remove('open') });
    this.element.classList.add('open');
  }

  setReachable(isReachable) {
    for (const button of [this.button, this.more]) button.tabIndex = isReachable ? 0 : -1;
  }

  /** Has the name written anew; `done` gets it, or null when it was given up. */
  edit(name, done) {
    const input = el('input', { class: 'rename', 'aria-label': t('session_name'), maxlength: 255, value: name, dir: 'auto' });
    let isOver = false;
    const end = (written, goesBack) => {
      if (isOver) return;
      isOver = true;
      this.element.classList.remove('edited');
      input.remove();
      if (goesBack) this.button.focus({ preventScroll: true });
      done(written);
    };
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') end(input.value.trim(), true);
      if (event.key === 'Escape') { event.stopPropagation(); end(null, true); }
    });
    input.addEventListener('blur', () => end(input.value.trim(), false));
    $('.rename', this.element)?.remove();
    this.element.classList.add('edited');
    this.element.append(input);
    input.select();
  }
}
