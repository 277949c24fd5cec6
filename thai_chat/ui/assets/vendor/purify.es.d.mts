// What we use of DOMPurify.
interface Purify {
  addHook(name: 'afterSanitizeAttributes', hook: (node: Element) => void): void;
  sanitize(html: string, how: { RETURN_DOM_FRAGMENT: boolean; [name: string]: unknown }): DocumentFragment;
}
export default function createDOMPurify(window: Window): Purify;
