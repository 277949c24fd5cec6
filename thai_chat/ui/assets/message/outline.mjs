// The outline of a message: its headings look as they are written, and are told without a gap between their levels.

/** Below the page's own. */
const FIRST_LEVEL = 2;
const LAST_LEVEL = 6;

/** @param {Node} node */
function headingsIn(node) {
  if (!(node instanceof HTMLElement)) return [];
  return node.classList.contains('heading') ? [node] : node.getElementsByClassName('heading');
}

/**
 * Give the headings in `nodes` their levels. `depths` holds the depths of those that they stand below, and is changed.
 * @param {Iterable<Node>} nodes
 * @param {number[]} depths
 */
export function setLevels(nodes, depths) {
  for (const node of nodes) {
    for (const heading of headingsIn(node)) {
      const depth = Number(/level-(\d)/.exec(heading.className)?.[1]);
      while (depths.length && depths[depths.length - 1] >= depth) depths.pop();
      const level = String(Math.min(LAST_LEVEL, FIRST_LEVEL + depths.length));
      depths.push(depth);
      if (heading.getAttribute('aria-level') !== level) heading.setAttribute('aria-level', level);
    }
  }
}
