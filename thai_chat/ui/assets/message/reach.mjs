// What is wider than its place scrolls by itself: keys reach it then, and people who hear the page are told what it is.

/** @type {WeakMap<Element, HTMLElement>} */
const scrollers = new WeakMap();

const observer = new ResizeObserver((entries) => {
  for (const scroller of new Set(entries.map(({ target }) => scrollers.get(target)))) if (scroller) update(scroller);
});

/** @param {HTMLElement} scroller */
function update(scroller) {
  const isWide = scroller.scrollWidth > scroller.clientWidth;
  if (isWide === scroller.hasAttribute('tabindex')) return;
  scroller.classList.toggle('wide', isWide);
  if (!isWide) {
    for (const name of ['tabindex', 'role', 'aria-label']) scroller.removeAttribute(name);
    return;
  }
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'group'); // as a region each of them would be a landmark
  scroller.setAttribute('aria-label', scroller.dataset.label ?? '');
}

/** Watch whether `content` is wider than `scroller`. @param {HTMLElement} scroller @param {HTMLElement} content @param {string} label */
export function makeReachable(scroller, content, label) {
  scroller.dataset.label = label;
  for (const element of [scroller, content]) {
    scrollers.set(element, scroller);
    observer.observe(element);
  }
}
