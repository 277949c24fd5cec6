// Before anything is painted: language, colours, and a door to the module, which loads meanwhile.
(() => {
  const root = document.documentElement;
  root.lang = Object.keys(window.thaiChatTexts)[0];

  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => { try { return localStorage.getItem('thai-chat:theme'); } catch { return null; } };
  const isDark = () => (chosen() ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const paint = () => {
    root.dataset.theme = isDark() ? 'dark' : 'light';
    if (document.body && document.body.classList.contains('dark') !== isDark()) document.body.classList.toggle('dark', isDark());
  };
  paint();
  system.addEventListener('change', paint);
  // Gradio sets the class by the system's colours alone, and later than this.
  addEventListener('DOMContentLoaded', () => {
    paint();
    new MutationObserver(paint).observe(document.body, { attributeFilter: ['class'] });
  });

  const viewport = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name=viewport]'));
  if (viewport) viewport.content = 'width=device-width, initial-scale=1, interactive-widget=resizes-content';

  /** @param {Record<string, string>} attributes */
  const style = (attributes) => {
    const link = document.createElement('link');
    for (const [name, value] of Object.entries({ rel: 'stylesheet', ...attributes })) link.setAttribute(name, value);
    document.head.append(link);
  };
  style({ href: '{fonts}' }); // nothing waits for them
  // Gradio asks for its theme unless a link to it is there; the page's one style has it.
  style({ href: `${location.origin}{theme}`, disabled: '' });

  // The clock of Gradio's loading sign goes on when the sign has gone, at every frame and for ever, by the function that
  // stands here while its script is read.
  const askForFrame = window.requestAnimationFrame;
  let isLoading = true;
  window.requestAnimationFrame = (act) => (isLoading ? askForFrame.call(window, act) : 0);

  const loaded = import(new URL('{base}/page.mjs', document.baseURI).href);
  /** @type {typeof import('./page.mjs') | null} */
  let module = null;
  loaded.then((found) => { module = found; });
  window.thaiChat = {
    mount: (...part) => loaded.then((found) => found.mount(...part)),
    // The address of the page names session and message. Without one, a new session with an unsent question is gone on with.
    addressed: () => {
      const named = new URLSearchParams(location.search);
      let isWritten = false;
      try {
        const own = `thai-chat:draft:new:${sessionStorage.getItem('thai-chat:tab')}`;
        isWritten = Object.keys(localStorage).some((key) => key === own || (key.startsWith('thai-chat:draft:new:') && JSON.parse(localStorage[key]).text));
      } catch { /* nothing is kept there */ }
      return { session_id: named.get('s') ?? '', message_id: named.get('m') ?? '', is_new: isWritten && !named.has('s') };
    },
    endLoading: () => {
      isLoading = false;
      window.requestAnimationFrame = askForFrame;
    },
    send: () => module?.send(),
    stop: () => module?.stop(),
    toggleTheme: () => {
      try { localStorage.setItem('thai-chat:theme', isDark() ? 'light' : 'dark'); } catch { /* private window: this page only */ }
      paint();
    },
  };
})();
