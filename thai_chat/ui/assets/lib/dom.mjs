// Builds elements. Whatever comes from models, people or servers is set as text: no HTML strings here.

const SVG = 'http://www.w3.org/2000/svg';

/** @type {Record<string, string>} */
const ICONS = {
  plus: 'M12 5v14M5 12h14',
  menu: 'M4 7h16M4 12h16M4 17h10',
  panel: 'M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5ZM9.5 4.5v15',
  calendar: 'M5.5 5.5h13A1.5 1.5 0 0 1 20 7v11.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5V7a1.5 1.5 0 0 1 1.5-1.5ZM4 10h16M8.5 3.5v4M15.5 3.5v4',
  gear: 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM10.2 3.5h3.6l.5 2.6 1.9 1.1 2.5-.9 1.8 3.1-2 1.7v2.2l2 1.7-1.8 3.1-2.5-.9-1.9 1.1-.5 2.6h-3.6l-.5-2.6-1.9-1.1-2.5.9-1.8-3.1 2-1.7v-2.2l-2-1.7 1.8-3.1 2.5.9 1.9-1.1Z',
  chevron: 'm7 10 5 5 5-5',
  copy: 'M9 9h9.5A1.5 1.5 0 0 1 20 10.5V19a1.5 1.5 0 0 1-1.5 1.5H10A1.5 1.5 0 0 1 8.5 19V9.5M15.5 8.5V5A1.5 1.5 0 0 0 14 3.5H5.5A1.5 1.5 0 0 0 4 5v8.5A1.5 1.5 0 0 0 5.5 15H8',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  pencil: 'M4 20l.9-4L15.7 5.2a1.8 1.8 0 0 1 2.5 0l.6.6a1.8 1.8 0 0 1 0 2.5L8 19.1 4 20Z',
  close: 'M6 6l12 12M18 6 6 18',
  again: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.3M20 4.5v4.8h-4.8',
  go_on: 'M5 5.5v13l8.5-6.5ZM18 5.5v13',
  temporary: 'M12 7.5V12l3 2M4.6 8.5A8.2 8.2 0 0 1 7.3 5M10 3.9a8.3 8.3 0 0 1 4 0M16.7 5a8.2 8.2 0 0 1 2.7 3.5M20.2 12a8.2 8.2 0 0 1-1.3 4.4M16 19.2a8.2 8.2 0 0 1-8 0M5.1 16.4A8.2 8.2 0 0 1 3.8 12',
  columns: 'M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5ZM12 4.5v15',
  left: 'm14 7-5 5 5 5',
  right: 'm10 7 5 5-5 5',
  down: 'M12 5v14M6 13l6 6 6-6',
  alert: 'M12 8.5v4.5M12 16.3v.1M10.3 4.3 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0Z',
  info: 'M12 11v5.5M12 7.7v.1M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z',
  chart: 'M4 20h16M7 16v-4M12 16V6M17 16V9.5',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  sessions: 'M5 5.5h14A1.5 1.5 0 0 1 20.5 7v8.5A1.5 1.5 0 0 1 19 17h-7l-4.5 3.5V17H5a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 5 5.5Z',
  archive: 'M4 5h16v4H4zM5.5 9v9.5h13V9M10 12.5h4',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.3 10.5v5.5M13.7 10.5v5.5',
  pin: 'M9 3.5h6M10 3.5v6l-3 4h10l-3-4v-6M12 13.5v7',
  folder: 'M3.5 6.5A1.5 1.5 0 0 1 5 5h4.2l2 2.3H19a1.5 1.5 0 0 1 1.5 1.5v8.7A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5Z',
  tag: 'M4 4.5h7.3l8.4 8.4a1.6 1.6 0 0 1 0 2.3l-4.5 4.5a1.6 1.6 0 0 1-2.3 0L4 11.3ZM8 8.5h.01',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 19.5h14',
  back: 'M9 5.5 4.5 10 9 14.5M5 10h8.5a5.5 5.5 0 0 1 0 11H11',
  search: 'M10.8 4a6.8 6.8 0 1 1 0 13.6 6.8 6.8 0 0 1 0-13.6ZM15.8 15.8 20.5 20.5',
  filter: 'M4 6.5h16M7 12h10M10 17.5h4',
  checks: 'm3.5 7 2 2L9 5.5M3.5 16l2 2L9 14.5M12.5 7.5h8M12.5 16.5h8',
  sliders: 'M4 7h9M18.5 7H20M15.7 4.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4ZM4 17h1.5M11 17h9M8.3 14.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4Z',
  printer: 'M7 8.5V4h10v4.5M7 17H5a1.5 1.5 0 0 1-1.5-1.5V10A1.5 1.5 0 0 1 5 8.5h14a1.5 1.5 0 0 1 1.5 1.5v5.5A1.5 1.5 0 0 1 19 17h-2M7 14h10v6H7Z',
  share: 'M12 15V4.5M8 8l4-4 4 4M5 12.5V19h14v-6.5',
  star: 'm12 4 2.4 5 5.4.7-4 3.8 1 5.4L12 16.3 7.2 18.9l1-5.4-4-3.8 5.4-.7Z',
  wrap: 'M4 6.5h16M4 12h12.5a3 3 0 0 1 0 6H12M14.5 15.5 12 18l2.5 2.5M4 18h3.5',
  clock: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5v5l3.2 1.9',
  eye: 'M2.8 12S6 5.8 12 5.8 21.2 12 21.2 12 18 18.2 12 18.2 2.8 12 2.8 12ZM12 9.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4Z',
  eye_off: 'M4 4l16 16M9.9 6.1A9 9 0 0 1 12 5.8c6 0 9.2 6.2 9.2 6.2a17 17 0 0 1-2.7 3.5M14 14a2.7 2.7 0 0 1-3.9-3.8M6.6 7.5A16 16 0 0 0 2.8 12S6 18.2 12 18.2a9 9 0 0 0 4.6-1.3',
  swap: 'M4 8.5h14l-3.5-3.5M20 15.5H6l3.5 3.5',
  thumb_up: 'M7.5 10.5v9M4.5 10.5h3l4-7a2 2 0 0 1 2 2.3l-.6 3.7H18a1.8 1.8 0 0 1 1.8 2.1l-1.1 6.4a1.8 1.8 0 0 1-1.8 1.5H4.5Z',
  thumb_down: 'M16.5 13.5v-9M19.5 13.5h-3l-4 7a2 2 0 0 1-2-2.3l.6-3.7H6a1.8 1.8 0 0 1-1.8-2.1l1.1-6.4a1.8 1.8 0 0 1 1.8-1.5h12.4Z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  leave: 'M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4M14.5 8l4 4-4 4M18 12H9.5',
  key: 'M15.5 4a4.5 4.5 0 1 1-3.9 6.8L4.5 18v2.5H8v-2h2v-2h2l1.7-1.6A4.5 4.5 0 0 1 15.5 4ZM16.5 7.5h.01',
  bulb: 'M9.5 17.5h5M10 20.5h4M12 3.5a6 6 0 0 1 3.5 10.9c-.7.5-1 1.1-1 1.9h-5c0-.8-.3-1.4-1-1.9A6 6 0 0 1 12 3.5Z',
};

/** Return the path that an icon is drawn by. @param {string} name */
export const pathOf = (name) => ICONS[name];

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' })) svg.setAttribute(key, value);
  svg.append(path);
  return svg;
}

/** `el('button', { class: 'x', onclick: f, 'aria-label': '…' }, child, 'text', null)`: null and false are left out. @type {Build} */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  const all = /** @type {(Node | string)[]} */ (/** @type {any[]} */ (children).flat(Infinity));
  element.append(...all.filter((child) => child !== null && child !== undefined && /** @type {unknown} */ (child) !== false));
  return element;
}

/** @type {(name: string, label: string, onclick: (event: any) => void, props?: Props) => HTMLButtonElement} */
export const iconButton = (name, label, onclick, props = {}) =>
  el('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...props }, icon(name));

/** Return the first element that a selector names: one that is known to be there. @type {Find} */
export const $ = (/** @type {string} */ selector, /** @type {ParentNode} */ within = document) => /** @type {any} */ (within.querySelector(selector));

/** Return every element that a selector names, in their order. @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)].map((found) => /** @type {HTMLElement} */ (found));

/** Return what has the focus, the page's body when nothing has. */
export const focused = () => /** @type {HTMLElement} */ (document.activeElement ?? document.body);

/** Put what `build` makes in the place of what `place` holds. What had the focus keeps it, or gives it to what looks the same. @param {HTMLElement} place @param {() => Node[]} build */
export function refill(place, build) {
  const had = focused();
  const isInside = had !== place && place.contains(had);
  place.replaceChildren(...build());
  if (!isInside) return;
  const heir = had.isConnected ? had : $$('button, a, [tabindex]', place).find(({ className }) => className === had.className);
  heir?.focus({ preventScroll: true });
}

export const isPhone = () => matchMedia('(max-width: 760px)').matches;

/** With fingers and a keyboard on the screen; a narrow window on a desk is none. */
export const isTouchPhone = () => isPhone() && matchMedia('(hover: none)').matches;

/** Works on plain http of a local network too, where crypto.randomUUID and the clipboard API are missing. */
export const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} text */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = el('textarea', { class: 'offscreen' });
  area.value = text;
  ([...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body).append(area); // beside a dialog nothing can be selected
  area.select();
  document.execCommand('copy');
  area.remove();
}
