// Before anything is painted: language, what a person has chosen for reading, and a door to the module, which loads meanwhile.
(() => {
  const root = document.documentElement;
  root.lang = Object.keys(window.thaiChatTexts)[0];
  // Gradio's own texts are in the browser's language; a person may have chosen the other one.
  if (!navigator.language.startsWith(root.lang)) {
    Object.defineProperty(navigator, 'language', { value: root.lang, configurable: true });
    Object.defineProperty(navigator, 'languages', { value: [root.lang], configurable: true });
  }

  /** What can be chosen for reading; the first of each is what is there unless somebody chooses. @type {Record<string, string[]>} */
  const CHOICES = {
    theme: ['system', 'light', 'dark'],
    contrast: ['system', 'more'],
    face: ['looped', 'loopless'],
    size: ['normal', 'small', 'large', 'larger'],
    column: ['normal', 'narrow', 'wide'],
  };
  /** @type {Record<string, string>} */
  const looks = {};
  /** @param {string} name @param {string | null} value */
  const take = (name, value) => { looks[name] = CHOICES[name].find((choice) => choice === value) ?? CHOICES[name][0]; };
  for (const name of Object.keys(CHOICES)) {
    try { take(name, localStorage.getItem(`thai-chat:${name}`)); } catch { take(name, null); }
  }
  const isDark = matchMedia('(prefers-color-scheme: dark)');
  const isSharp = matchMedia('(prefers-contrast: more)');
  /** @type {Record<string, string>} */
  const FACES = { looped: '{looped}', loopless: '{loopless}' };
  /** @type {Set<string>} */
  const loadedFaces = new Set();

  const paint = () => {
    const { theme, contrast, face, size, column } = looks;
    const dark = theme === 'system' ? isDark.matches : theme === 'dark';
    Object.assign(root.dataset, { theme: dark ? 'dark' : 'light', contrast: contrast === 'more' || isSharp.matches ? 'more' : 'normal', face, size, column });
    if (document.body && document.body.classList.contains('dark') !== dark) document.body.classList.toggle('dark', dark);
    if (!loadedFaces.has(face)) style({ href: FACES[face] }).onload = () => beReady(face); // nothing waits for it
    loadedFaces.add(face);
  };
  /** A face that is not ready when it is needed first has the page laid out twice, with another face at first. @param {string} face */
  const beReady = (face) => { for (const weight of [400, 600]) document.fonts.load(`${weight} 16px ${face}`, 'กa').catch(() => {}); };
  /** @param {Record<string, string>} attributes */
  const style = (attributes) => {
    const link = document.createElement('link');
    for (const [name, value] of Object.entries({ rel: 'stylesheet', ...attributes })) link.setAttribute(name, value);
    document.head.append(link);
    return link;
  };
  paint();
  for (const media of [isDark, isSharp]) media.addEventListener('change', paint);
  // Gradio sets the class by the system's colours alone, and later than this.
  addEventListener('DOMContentLoaded', () => {
    paint();
    new MutationObserver(paint).observe(document.body, { attributeFilter: ['class'] });
  });
  // Gradio asks for its theme unless a link to it is there; the page's one style has it.
  style({ href: `${location.origin}{theme}`, disabled: '' });

  const viewport = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name=viewport]'));
  if (viewport) viewport.content = 'width=device-width, initial-scale=1, interactive-widget=resizes-content';

  // Gradio's loading sign goes on when it has gone, and has the browser make every frame anew: its clock for ever, by the
  // function that stands here while its script is read, and what moves in it for five seconds, by a loop of Svelte's that a
  // timer wakes instead.
  const askForFrame = window.requestAnimationFrame;
  const MOVES_EVERY_MS = 100;
  /** @type {FrameRequestCallback | null} */
  let loop = null;
  let isLoading = true;
  /** @param {FrameRequestCallback} act */
  const answer = (act) => {
    if (!loop && isLoading && String(act).includes('.tasks.forEach(')) loop = act;
    return act === loop ? setTimeout(act, MOVES_EVERY_MS) : askForFrame.call(window, act);
  };
  window.requestAnimationFrame = (act) => (isLoading ? answer(act) : 0);

  /** Who has opened the page, where people sign in: what the browser keeps is theirs. */
  const named = () => /(?:^|; )thai_chat_person=([^;]*)/.exec(document.cookie)?.[1] ?? '';
  const person = decodeURIComponent(named());
  const own = `thai-chat:${person && person !== 'local' ? `@${person}:` : ''}`;
  const isAnother = () => decodeURIComponent(named()) !== person;

  const loaded = import(new URL('{base}/page.mjs', document.baseURI).href);
  /** @type {typeof import('./page.mjs') | null} */
  let module = null;
  loaded.then((found) => { module = found; });
  window.thaiChat = {
    version: '{version}',
    texts: '{texts}',
    person,
    own,
    isAnother,
    models: (said) => { loaded.then((found) => found.tellModels(said)); },
    // The address of the page names session and message, or asks for a new session. Without either, a new session with an
    // unsent question is gone on with.
    addressed: () => {
      const asked = new URLSearchParams(location.search);
      let isWritten = false;
      try {
        const drafts = `${own}draft:new:`;
        const mine = drafts + sessionStorage.getItem('thai-chat:tab');
        isWritten = Object.keys(localStorage).some((key) => key === mine || (key.startsWith(drafts) && JSON.parse(localStorage[key]).text));
      } catch { /* nothing is kept there */ }
      return { session_id: asked.get('s') ?? '', message_id: asked.get('m') ?? '', is_new: !asked.has('s') && (asked.has('new') || isWritten) };
    },
    endLoading: () => {
      isLoading = false;
      window.requestAnimationFrame = loop ? answer : askForFrame;
    },
    send: () => module?.send(),
    stop: () => module?.stop(),
    choices: CHOICES,
    looks,
    look: (name, value) => {
      if (!CHOICES[name]) return;
      take(name, value);
      paint();
    },
  };
})();
