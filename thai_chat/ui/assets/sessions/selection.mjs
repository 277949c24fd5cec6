// Many sessions at once: which are picked, and the bar of what can be done with them.
import { $$, el, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { emit, on } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { archive, exportItems, purge, restore, trash, unarchive } from './actions.mjs';
import { editTags, moveToFolder } from './labels.mjs';
import { shelf } from './shelf.mjs';

class Selection {
  constructor() {
    this.isOn = false;
    this.picked = /** @type {Set<string>} */ (new Set());
    /** Where a range begins. */
    this.last = /** @type {string | null} */ (null);
  }

  get sessions() { return [...this.picked].map((session_id) => shelf.find(session_id)).filter(Boolean); }

  has(session_id) { return this.picked.has(session_id); }

  start() { this.set(true); }

  end() { this.set(false); }

  set(isOn) {
    this.isOn = isOn;
    this.picked.clear();
    this.last = null;
    emit('selection');
  }

  /**
   * `order` is the list as it is seen; with `isRange` all from the last one on are picked.
   *
   * @param {string} session_id
   * @param {{ isRange?: boolean, order?: string[] }} [how]
   */
  toggle(session_id, { isRange = false, order = [] } = {}) {
    const [from, to] = [order.indexOf(this.last ?? ''), order.indexOf(session_id)].sort((one, other) => one - other);
    if (isRange && from >= 0) order.slice(from, to + 1).forEach((one) => this.picked.add(one));
    else if (!this.picked.delete(session_id)) this.picked.add(session_id);
    this.last = session_id;
    emit('selection');
  }

  toggleAll() {
    const all = [...shelf.known.keys()];
    const isAll = all.every((session_id) => this.picked.has(session_id));
    this.picked = new Set(isAll ? [] : all);
    emit('selection');
  }
}

export const selection = new Selection();

export function mountSelectionBar() {
  const count = el('span', { class: 'picked', role: 'status' });
  const all = el('button', { type: 'button', class: 'head-button', onclick: () => selection.toggleAll() }, t('select_all'));
  // What was given up in a box leaves the selection as it is.
  const act = (name, text, does) => iconButton(name, text, async () => { if (await does(selection.sessions) !== false) selection.end(); });
  const exporting = iconButton('download', t('export'), () => openMenu(exporting, exportItems(selection.sessions, () => selection.end()), { label: t('export') }), { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
  const acts = {
    current: [act('folder', t('move'), moveToFolder), act('tag', t('tags'), editTags), act('archive', t('archive'), archive), exporting, act('trash', t('delete'), trash)],
    archived: [act('folder', t('move'), moveToFolder), act('tag', t('tags'), editTags), act('archive', t('unarchive'), unarchive), exporting, act('trash', t('delete'), trash)],
    trash: [act('back', t('restore'), restore), act('trash', t('purge'), purge)],
  };
  const buttons = el('div', { class: 'acts' });
  const bar = el('div', { class: 'selection', role: 'toolbar', 'aria-label': t('select_many'), hidden: true, dataset: { layer: 'selection' } },
    el('div', { class: 'selection-head' }, count, all, iconButton('close', t('select_end'), () => selection.end())), buttons);
  const paint = () => {
    bar.hidden = !selection.isOn;
    if (bar.hidden) { bar.remove(); return; }
    document.querySelector('#recent')?.after(bar);
    const { size } = selection.picked;
    count.textContent = size ? t('chosen_count', { count: number(size) }) : t('choose_some');
    if (buttons.dataset.shelf !== shelf.place.shelf) {
      buttons.dataset.shelf = shelf.place.shelf;
      buttons.replaceChildren(...acts[shelf.place.shelf]);
    }
    for (const button of $$('button', buttons)) button.toggleAttribute('disabled', size === 0);
  };
  on('selection', paint);
  on('sessions', () => {
    for (const session_id of selection.picked) if (!shelf.find(session_id)) selection.picked.delete(session_id);
    paint();
  });
  on('place', () => selection.end());
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selection.isOn && !event.defaultPrevented && !document.querySelector('.menu, dialog[open]')) selection.end();
  });
}
