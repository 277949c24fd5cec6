// A chat button for a page of another site: <script src="https://CHAT/embed.js" async></script>. Served with its texts in
// place of `null`. The chat itself is a frame of its own origin: this page can't read it.
(() => {
  /** @type {Record<string, { open: string, close: string, chat: string }>} */
  const texts = /** @type {any} */ (null);
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const side = script.dataset.side === 'left' ? 'left' : 'right';
  const said = texts[document.documentElement.lang.startsWith('th') ? 'th' : 'en'];
  const chat = new URL('/', script.src).href;

  const host = document.createElement('div');
  const shadow = host.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; }
    button, iframe { position: fixed; z-index: 2147483000; ${side}: 20px; border: 0; }
    button { bottom: 20px; width: 56px; height: 56px; padding: 0; display: grid; place-items: center; border-radius: 50%; background: #0f766e; color: #fff; cursor: pointer; box-shadow: 0 4px 18px #0005; }
    button:focus-visible { outline: 3px solid #0f766e; outline-offset: 3px; }
    svg { width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    iframe { bottom: 88px; width: min(420px, calc(100vw - 40px)); height: min(680px, calc(100dvh - 112px)); border-radius: 18px; background: #fff; box-shadow: 0 10px 50px #0006; }
    iframe[hidden] { display: none; }
    @media (max-width: 500px) {
      iframe { inset: 0 0 76px; width: 100vw; height: calc(100dvh - 76px); border-radius: 0; }
      button { bottom: 10px; }
    }`);
  shadow.adoptedStyleSheets = [style]; // allowed, however strict the page's policy is

  const button = document.createElement('button');
  const frame = document.createElement('iframe');
  const drawn = {
    open: 'M4 5h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 17h-7l-5 4v-4H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 5Z',
    close: 'M6 6l12 12M18 6 6 18',
  };
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  icon.append(path);
  button.type = 'button';
  button.append(icon);
  frame.title = said.chat;
  frame.allow = 'clipboard-write';
  frame.hidden = true;

  /** @param {boolean} isOpen */
  const show = (isOpen) => {
    if (isOpen && !frame.src) frame.src = chat; // nothing is asked of the chat before somebody wants it
    frame.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
    button.setAttribute('aria-label', isOpen ? said.close : said.open);
    path.setAttribute('d', isOpen ? drawn.close : drawn.open);
  };
  button.addEventListener('click', () => show(frame.hidden));
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && !frame.hidden) { show(false); button.focus(); } });
  show(false);
  shadow.append(frame, button);
  const add = () => document.body.append(host);
  if (document.body) add(); else addEventListener('DOMContentLoaded', add);
})();
