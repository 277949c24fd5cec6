// In the frame: draws the diagram that the page sends, and answers with its size or with what is wrong.
//
// A model wrote it. The frame is of no origin and its policy lets it ask for nothing (thai_chat/gate/headers.py); what is done here comes on top of that.
(() => {
  const MAX_CHARS = 20_000;
  const FONT = '"Noto Sans Thai Looped", "Noto Sans Thai", "Leelawadee UI", Thonburi, system-ui, sans-serif';
  const FIXED = ['secure', 'securityLevel', 'startOnLoad', 'maxTextSize', 'maxEdges', 'suppressErrorRendering', 'htmlLabels', 'fontFamily', 'themeCSS', 'dompurifyConfig', 'logLevel'];
  const LOADS = 'script, img, iframe, object, embed, video, audio, link';
  const OWN_ADDRESS = /^(?:#|data:image\/(?:png|gif|jpeg|webp);)/;
  let count = 0;

  // Mermaid asks for the pictures of nodes by it; here none comes, and so that is said at once.
  window.Image = /** @type {any} */ (class { constructor() { throw new Error('Pictures are not loaded in diagrams.'); } });

  /** @param {boolean} isDark */
  const setUp = (isDark) => window.mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    theme: isDark ? 'dark' : 'default',
    fontFamily: FONT,
    maxTextSize: MAX_CHARS,
    suppressErrorRendering: true,
    logLevel: 'fatal',
    secure: FIXED,
  });

  /** Take away what would lead or ask elsewhere. @param {Element} svg */
  function clean(svg) {
    for (const element of svg.querySelectorAll(LOADS)) element.remove();
    for (const element of svg.querySelectorAll('*')) {
      for (const name of element.getAttributeNames()) {
        const isAddress = /(?:^|:)(?:href|src|action)$/i.test(name) && !OWN_ADDRESS.test(element.getAttribute(name) ?? '');
        if (isAddress || /^on/i.test(name)) element.removeAttribute(name);
      }
    }
  }

  /** @param {{ source: string, isDark: boolean }} asked */
  async function draw({ source, isDark }) {
    setUp(isDark);
    count += 1;
    const { svg: text } = await window.mermaid.render(`diagram-${count}`, source);
    const svg = new DOMParser().parseFromString(text, 'text/html').querySelector('svg');
    if (!svg) throw new Error('The diagram is empty.');
    clean(svg);
    const [, , width, height] = (svg.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number);
    if (!(width > 0 && height > 0)) throw new Error('The diagram is empty.');
    document.querySelector('#drawn')?.replaceChildren(document.importNode(svg, true));
    return { width, height };
  }

  addEventListener('message', async ({ source: sender, data, ports: [port] }) => {
    if (sender !== parent || !port) return;
    try {
      port.postMessage(await draw(data));
    } catch (error) {
      port.postMessage({ reason: String(error?.message ?? error).split('\n')[0].replace(/:\s*$/, '').slice(0, 200) });
    }
  });
})();
