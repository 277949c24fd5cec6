// Many sessions at once: which are picked, and the bar of what can be done with them.
import { el } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { html, iconButtonOf, nothing, paint } from '../lib/painting.mjs';
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

  /** @returns {Session[]} */
  get sessions() { return [...this.picked].map((session_id) => shelf.find(session_id)).filter((session) => session !== undefined); }

  /** @param {string} session_id */
  has(session_id) { return this.picked.has(session_id); }

  start() { this.set(true); }

  end() { this.set(false); }

  /** @param {boolean} isOn */
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

/** @typedef {(sessions: Session[]) => Promise<unknown>} Act */

/** @typedef {[icon: string, code: string, act: Act]} Entry */

/** @type {Record<'move' | 'tags' | 'trash', Entry>} */
const COMMON = { move: ['folder', 'move', moveToFolder], tags: ['tag', 'tags', editTags], trash: ['trash', 'delete', trash] };
/** The deeds that each shelf offers; the export stands between. @type {Record<ShelfName, { before: Entry[], isExported: boolean, after: Entry[] }>} */
const ACTS = {
  current: { before: [COMMON.move, COMMON.tags, ['archive', 'archive', archive]], isExported: true, after: [COMMON.trash] },
  archived: { before: [COMMON.move, COMMON.tags, ['archive', 'unarchive', unarchive]], isExported: true, after: [COMMON.trash] },
  trash: { before: [['back', 'restore', restore], ['trash', 'purge', purge]], isExported: false, after: [] },
};

export function mountSelectionBar() {
  const bar = el('div', { class: 'selection', role: 'toolbar', 'aria-label': t('select_many'), dataset: { layer: 'selection' } });
  // A box that was given up leaves the selection as it is.
  const does = async (/** @type {Act} */ act) => { if (await act(selection.sessions) !== false) selection.end(); };
  const button = (/** @type {Entry} */ [name, code, deed]) => iconButtonOf(name, t(code), () => does(deed), { isDisabled: !selection.picked.size });
  /** @param {any} given */
  const offerExport = ({ currentTarget }) => openMenu(currentTarget, exportItems(selection.sessions, () => selection.end()), { label: t('export') });
  const repaint = () => {
    if (!selection.isOn) { bar.remove(); return; }
    if (!bar.isConnected) document.querySelector('#recent')?.after(bar);
    const { size } = selection.picked;
    const { before, isExported, after } = ACTS[shelf.place.shelf];
    paint(bar, html`<div class="selection-head"><span class="picked" role="status">${size ? t('chosen_count', { count: number(size) }) : t('choose_some')}</span
      ><button type="button" class="head-button" @click=${() => selection.toggleAll()}>${t('select_all')}</button
      >${iconButtonOf('close', t('select_end'), () => selection.end())}</div><div class="acts">${before.map(button)}${
      isExported ? iconButtonOf('download', t('export'), offerExport, { isMenu: true, isDisabled: !size }) : nothing}${after.map(button)}</div>`);
  };
  on('selection', repaint);
  on('sessions', () => {
    for (const session_id of selection.picked) if (!shelf.find(session_id)) selection.picked.delete(session_id);
    repaint();
  });
  on('place', () => selection.end());
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selection.isOn && !event.defaultPrevented && !document.querySelector('.menu, dialog[open]')) selection.end();
  });
}
