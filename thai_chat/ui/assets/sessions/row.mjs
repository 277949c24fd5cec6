// One session in the list: its name, its labels, its marks, the button of its menu, or the box in which its name is written.
import { guard, html, iconOf, nothing } from '../lib/painting.mjs';
import { t } from '../lib/texts.mjs';

/**
 * @typedef {object} RowState
 * @property {boolean} isShown
 * @property {boolean} isRunning
 * @property {boolean} isUnread
 * @property {boolean | null} isPicked null while nothing is to be picked
 * @property {boolean} isEdited
 */

/** Return the template of a session's row. The list hears what is pressed and written in it. @type {(session: Session, state: RowState) => unknown} */
export function row(session, state) {
  const name = session.session_name || t('untitled');
  const labels = [session.folder, ...session.tags.map((tag) => `#${tag}`)].filter(Boolean).join('  ');
  const { isShown, isRunning, isUnread, isPicked, isEdited } = state;
  return guard([session.session_id, name, labels, isShown, isRunning, isUnread, isPicked, isEdited], () => whole(session, name, labels, state));
}

/** @type {(session: Session, name: string, labels: string, state: RowState) => unknown} */
function whole({ session_id, session_name }, name, labels, { isShown, isRunning, isUnread, isPicked, isEdited }) {
  const isChoosing = isPicked !== null;
  const classes = [isShown && 'shown', isChoosing && 'choosing', isPicked && 'picked', isEdited && 'edited', isUnread && 'unread'].filter(Boolean).join(' ');
  const options = t('options_of', { name });
  // tabindex is the list's: it is set there for the one row that Tab reaches.
  return html`<li data-id=${session_id} class=${classes}
    ><button type="button" class="session" tabindex="-1" data-session-id=${session_id} data-key="session ${session_id}"
      aria-current=${isShown ? 'page' : nothing} role=${isChoosing ? 'checkbox' : nothing} aria-checked=${isChoosing ? String(isPicked) : nothing}
      ><span class="tick" ?hidden=${!isChoosing}>${iconOf('check')}</span
      ><span class="named"><span class="name" dir="auto">${name}</span><small class="labels" dir="auto" ?hidden=${!labels}>${labels}</small></span
      ><span class="running" role="img" aria-label=${t('running')} title=${t('running')} ?hidden=${!isRunning}></span
      ><span class="news" role="img" aria-label=${t('unread')} title=${t('unread')} ?hidden=${!isUnread}></span></button
    ><button type="button" class="icon-button more" tabindex="-1" data-key="more ${session_id}" data-heir="session" aria-haspopup="menu" aria-expanded="false"
      title=${options} aria-label=${options} ?hidden=${isChoosing}>${iconOf('more')}</button
    >${isEdited ? html`<input class="rename" aria-label=${t('session_name')} maxlength="255" value=${session_name} dir="auto">` : nothing}</li>`;
}
