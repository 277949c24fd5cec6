// What was said last in a session of the list, beside the row that the pointer rests on or the keyboard reaches.
import { api } from '../lib/api.mjs';
import { el } from '../lib/dom.mjs';
import { t, when } from '../lib/texts.mjs';
import { shelf } from './shelf.mjs';

const REST_MS = 450;
const MOST_CHARS = 400;
const GAP_PX = 8;
const EDGE_PX = 8;

/** @param {HTMLElement} list */
export function mountPreview(list) {
  const box = el('div', { id: 'preview', role: 'tooltip', popover: 'manual' });
  let rest = 0;
  let at = /** @type {HTMLElement | null} */ (null);
  document.body.append(box);

  const hide = () => {
    clearTimeout(rest);
    at?.removeAttribute('aria-describedby');
    at = null;
    if (box.matches(':popover-open')) box.hidePopover();
  };
  /** @param {HTMLElement} button */
  const show = async (button) => {
    const session = shelf.find(button.dataset.sessionId ?? '');
    const said = session && await lastOf(session.session_id);
    if (!said || at !== button || !button.isConnected) return;
    box.replaceChildren(el('p', { class: 'preview-name', dir: 'auto' }, session.session_name || t('untitled')),
      el('p', { class: 'preview-when' }, when(session.updated_at)), ...said.map(lines));
    box.showPopover();
    place(box, button);
    button.setAttribute('aria-describedby', 'preview');
  };
  /** @param {Event} event */
  const wait = ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest?.('.session');
    if (button === at) return;
    hide();
    if (!button) return;
    at = /** @type {HTMLElement} */ (button);
    rest = setTimeout(show, REST_MS, button);
  };
  list.addEventListener('pointerover', (event) => { if (event.pointerType === 'mouse') wait(event); });
  list.addEventListener('focusin', (event) => { if (/** @type {HTMLElement} */ (event.target).matches('.session:focus-visible')) wait(event); });
  for (const end of ['pointerleave', 'focusout', 'pointerdown', 'contextmenu']) list.addEventListener(end, hide);
  list.closest('#recent')?.addEventListener('scroll', hide, { passive: true });
  addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); }, true);
}

/** The last messages of a session, oldest first; null when the server does not tell. @param {string} session_id @returns {Promise<MessageBody[] | null>} */
async function lastOf(session_id) {
  try {
    return (await api('GET', `api/sessions/${session_id}/messages`, { query: { limit: 2 } })).history;
  } catch { return null; }
}

/** @param {MessageBody} message */
const lines = ({ role, content }) => el('p', { class: `preview-text ${role === 'user' ? 'preview-question' : ''}`, dir: 'auto' },
  content.slice(0, MOST_CHARS).replace(/\s+/g, ' ').trim() || '…');

/** Beside the row, within the window. @type {(box: HTMLElement, button: HTMLElement) => void} */
function place(box, button) {
  const { top, right } = button.getBoundingClientRect();
  const most = innerHeight - box.offsetHeight - EDGE_PX;
  Object.assign(box.style, { left: `${right + GAP_PX}px`, top: `${Math.max(EDGE_PX, Math.min(top, most))}px` });
}
