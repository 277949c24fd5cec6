// The address of the page, which names the shown session, and a message of it that was asked for. A new one is `?new`.
import { nameIt } from './sessions/title.mjs';

/** What URLSearchParams writes for `new`. */
const EMPTY_NEW = /(?<=[?&])new=(?=&|$)/;

/** Name the shown session in the address and the title, as a step that *Back* undoes or in the place of what is there. @param {View} view @param {boolean} isInPlace */
export function showAddress(view, isInPlace) {
  nameIt(view);
  if (view.is_instead) return;
  const address = new URL(location.href);
  if (view.stored) address.searchParams.set('s', view.session_id);
  else address.searchParams.set('new', '');
  address.searchParams.delete(view.stored ? 'new' : 's');
  if (view.target) address.searchParams.set('m', view.target);
  else if (!view.has_later) address.searchParams.delete('m');
  address.search = address.search.replace(EMPTY_NEW, 'new');
  if (address.href === location.href) return;
  if (isInPlace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

/** The same for what is shown already. While a step back or forth is under way the address is that of the session to come. @param {View} view */
export function showAddressAgain(view) {
  if (window.thaiChat.addressed().session_id === view.session_id) showAddress(view, true);
  else nameIt(view);
}
