// Growing Markdown as DOM: finished blocks stay, only the last one is painted again; everything is sanitised.
import { Marked } from './vendor/marked.esm.js';
import DOMPurify from './vendor/purify.es.mjs';

// HTML in a reply is shown as it was written; only a line break, which tables need, is one.
const LINE_BREAK = /^<br\s*\/?>$/i;
const escape = (text) => text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]);

const markdown = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => (LINE_BREAK.test(text.trim()) ? '<br>' : escape(text)),
    // No picture is fetched from wherever a model says: that would tell the place who reads, and what.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
  },
});

const purify = DOMPurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});
const CLEAN = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'a', 'blockquote', 'hr', 'input',
    'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

const paintTokens = (tokens) => purify.sanitize(markdown.parser(tokens), CLEAN);

export class Painter {
  constructor(element, onPaint) {
    this.element = element;
    this.onPaint = onPaint;
    this.tail = '';
    this.fixedNodes = 0;
    this.frame = 0;
  }

  add(text) {
    this.tail += text;
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  clear() {
    cancelAnimationFrame(this.frame);
    this.element.replaceChildren();
    Object.assign(this, { tail: '', fixedNodes: 0, frame: 0 });
  }

  /** What a hidden tab has not painted yet is painted now. */
  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    while (this.element.childNodes.length > this.fixedNodes) this.element.lastChild.remove();
    const tokens = markdown.lexer(this.tail);
    let last = tokens.length - 1;
    while (last > 0 && tokens[last].type === 'space') last -= 1;
    if (last > 0) this.fix(tokens.slice(0, last), tokens.links);
    const rest = tokens.slice(Math.max(last, 0));
    rest.links = tokens.links;
    this.element.append(paintTokens(rest));
    this.onPaint?.();
  }

  /** Blocks that are whole: their source is forgotten, so that the work of an update does not grow with the reply. */
  fix(tokens, links) {
    tokens.links = links;
    this.element.append(paintTokens(tokens));
    this.fixedNodes = this.element.childNodes.length;
    this.tail = this.tail.slice(tokens.reduce((length, token) => length + token.raw.length, 0));
  }
}
