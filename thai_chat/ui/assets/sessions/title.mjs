// The name of the shown session, in the window's title and at the top of the page, where it can be written anew.
import { $, el, refill } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { rename } from './actions.mjs';

/** The page's heading, also for people who hear it. */
const heading = el('h1', { id: 'heading', class: 'offscreen', dir: 'auto' });

/** Return the heading, which `nameIt` fills. */
export function mountTitle() {
  on('shelved', () => paint(store.view.name));
  return heading;
}

/** The browser keeps titles: that of a temporary session has none of its words. @param {Pick<View, 'name' | 'is_temporary'>} given */
export function nameIt({ name, is_temporary }) {
  const told = is_temporary ? t('temporary') : name;
  document.title = told ? `${told} · ${t('brand')}` : t('brand');
  paint(name);
}

/** What has the focus keeps it: the name is told anew whenever anything happens in the session. @param {string | null} name */
function paint(name) {
  if ($('.rename', heading)?.dataset.of === store.view?.session_id) return; // it is being written
  const shown = store.view?.stored ? name : null;
  heading.classList.toggle('offscreen', !shown);
  const told = shown ? nameButton(shown) : document.createTextNode(name || t('brand'));
  if (heading.firstChild?.isEqualNode(told)) return;
  refill(heading, () => [told]);
}

/** @param {string} name */
const nameButton = (name) => el('button', {
  type: 'button', title: `${name}\n${t('rename')}`, disabled: store.view.shelf === 'trash', onclick: () => edit(name),
}, el('span', {}, name));

/** @param {string} name */
function edit(name) {
  const { session_id } = store.view;
  const input = el('input', { class: 'rename', 'aria-label': t('session_name'), maxlength: 255, dir: 'auto', autocomplete: 'off', dataset: { of: session_id } });
  input.value = name;
  /** @param {boolean} isKept @param {boolean} goesBack */
  const end = (isKept, goesBack) => {
    if (!input.dataset.of) return;
    const written = input.value.trim();
    delete input.dataset.of;
    const isNew = isKept && written && written !== name;
    if (store.view.session_id === session_id) paint(isNew ? written : name);
    if (goesBack) $('button', heading)?.focus();
    if (isNew) keepName(session_id, written);
  };
  input.addEventListener('blur', () => end(true, false));
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (!['Enter', 'Escape'].includes(event.key)) return;
    if (event.key === 'Escape') event.stopPropagation();
    event.preventDefault(); // the button that gets the focus would be pressed by it
    end(event.key === 'Enter', true);
  });
  heading.replaceChildren(input);
  input.focus();
  input.select();
}

/** What was refused is not shown as kept. @param {string} session_id @param {string} written */
async function keepName(session_id, written) {
  await rename(/** @type {Session} */ ({ session_id }), written);
  if (store.view.session_id === session_id) paint(store.view.name);
}
