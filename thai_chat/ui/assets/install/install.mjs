// What makes the page one that can be installed. None of it is needed to show the page, so it comes when that is done.
import { el } from '../lib/dom.mjs';

const address = (/** @type {string} */ name) => new URL(name, import.meta.url).href;

/** Offer the page to be installed, and have its files kept; where the connection is not safe browsers do neither. */
export async function beInstallable() {
  document.head.append(el('link', { rel: 'manifest', href: address('manifest.webmanifest') }));
  try { await navigator.serviceWorker?.register(address('service-worker.js'), { scope: '/' }); } catch { /* a private window */ }
}
