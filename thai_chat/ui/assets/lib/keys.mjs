// Every shortcut of the page, once: which keys it has, and when they mean it.
const TYPING = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]';
/** Over these the page behind is out of reach. */
const LAYERS = 'dialog[open], [popover]:popover-open';

/** @typedef {KeyboardEvent & { target: HTMLElement }} Press */
/** `keys` are shown to people; one without `isMeant` belongs to the field it is pressed in. @typedef {{ name: string, keys: string[], isMeant?: (event: Press) => boolean }} Shortcut */

/** @param {Press} event */
const isCommand = (event) => (event.ctrlKey || event.metaKey) && !event.altKey && !document.querySelector('dialog[open]');
/** @param {Press} event */
const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
/** @param {Press} event */
const isOutside = (event) => isPlain(event) && !event.target.closest?.(TYPING) && !document.querySelector(LAYERS);

/** The key of `/` and `?`, which has letters in the Thai layout. @param {Press} event */
const isThaiSlash = (event) => event.code === 'Slash' && /^[ก-๛]$/.test(event.key);

/** @type {Shortcut[]} */
export const SHORTCUTS = [
  { name: 'send', keys: ['Enter'] },
  { name: 'line', keys: ['Shift', 'Enter'] },
  { name: 'edit', keys: ['↑'], isMeant: (event) => event.key === 'ArrowUp' && isPlain(event) && !event.shiftKey && event.target.matches?.('#box textarea') && !(/** @type {HTMLTextAreaElement} */ (/** @type {unknown} */ (event.target)).value) },
  { name: 'stop', keys: ['Esc'], isMeant: (event) => event.key === 'Escape' && !event.isComposing },
  { name: 'composer', keys: ['/'], isMeant: (event) => isOutside(event) && (event.key === '/' || (isThaiSlash(event) && !event.shiftKey)) },
  { name: 'new', keys: ['Ctrl', 'Shift', 'O'], isMeant: (event) => isCommand(event) && event.shiftKey && event.code === 'KeyO' },
  { name: 'temporary', keys: ['Ctrl', 'Shift', ';'], isMeant: (event) => isCommand(event) && event.shiftKey && event.code === 'Semicolon' },
  { name: 'search', keys: ['Ctrl', 'K'], isMeant: (event) => isCommand(event) && !event.shiftKey && event.code === 'KeyK' },
  { name: 'undo', keys: ['Ctrl', 'Z'] },
  { name: 'help', keys: ['?'], isMeant: (event) => isOutside(event) && (event.key === '?' || (isThaiSlash(event) && event.shiftKey)) },
];

/** The name of the shortcut that is pressed, if it is one of the page's. @param {any} event */
export const shortcutOf = (event) => SHORTCUTS.find(({ isMeant }) => isMeant?.(event))?.name ?? null;

const isMac = () => /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);

/** As they are written on the keyboard in use. @param {string[]} keys */
export const keysShown = (keys) => (isMac() ? keys.map((key) => ({ Ctrl: '⌘', Shift: '⇧' })[key] ?? key) : keys);

/** The keys of a shortcut in one line. @param {string} name */
export const keysOf = (name) => keysShown(SHORTCUTS.find((one) => one.name === name)?.keys ?? []).join(isMac() ? '' : ' ');
