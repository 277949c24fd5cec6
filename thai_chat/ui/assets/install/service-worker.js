// Keeps the page's fonts, styles and pictures for the installed page. What the API and the page itself answer is never kept, nor
// even seen: the browser asks the server for it as if there were no worker.
const worker = /** @type {any} */ (self); // the checks know windows alone
const [, VERSION] = /ui-static\/([^/]+)\//.exec(location.pathname) ?? [];
const NAME = `files-${VERSION}`;
/** Those whose address changes with what is in them. */
const FILES = new RegExp(`^/(?:ui-static/${VERSION}/|assets/.+-[\\w-]{8,10}\\.\\w+$)`);
/** What they may be used as. The browser itself keeps scripts: nothing that was put into a cache is ever run. */
const KEPT_AS = new Set(['font', 'style', 'image']);

worker.addEventListener('install', (/** @type {any} */ event) => {
  // Chromium asks the network itself for all else, without waking the worker.
  event.addRoutes?.([
    { condition: { requestMode: 'navigate' }, source: 'network' },
    { condition: { urlPattern: '/api/*' }, source: 'network' },
    { condition: { urlPattern: '/gradio_api/*' }, source: 'network' },
    { condition: { urlPattern: '/readyz' }, source: 'network' },
  ]);
  event.waitUntil(worker.skipWaiting());
});

worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(forgetOthers().then(() => worker.clients.claim())));

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { method, url, headers, destination } = event.request;
  const { origin, pathname } = new URL(url);
  const isFile = method === 'GET' && KEPT_AS.has(destination) && origin === location.origin && FILES.test(pathname);
  if (isFile && !headers.has('range')) event.respondWith(answer(event.request));
});

/** The files of other versions of the page. */
async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('files-') && name !== NAME).map((name) => caches.delete(name)));
}

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && response.type === 'basic') cache.put(request, response.clone()).catch(() => {}); // full: the network has it
  return response;
}
