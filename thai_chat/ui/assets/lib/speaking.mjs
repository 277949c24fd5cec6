// The language in which the server speaks to this browser.
import { keep } from './kept.mjs';

const YEAR_S = 31_536_000;
/** `thai_chat/texts` reads it. */
const LANGUAGE_COOKIE = 'thai_chat_language';
/** Each language in its own words. */
export const LANGUAGES = { th: 'ไทย', en: 'English' };

/** The page stands in a frame of another site, where a browser takes only such a cookie as is meant for frames. */
function isElsewhere() {
  try {
    return !window.top?.location.href;
  } catch {
    return true;
  }
}

/** Somebody has chosen a language in this browser. */
export const isSpoken = () => document.cookie.includes(`${LANGUAGE_COOKIE}=`);

/** The server speaks it from now on, to other tabs too, once the page is loaded anew. @param {string} value */
export function speak(value) {
  const isSecure = location.protocol === 'https:';
  const scope = isSecure && isElsewhere() ? 'SameSite=None; Secure; Partitioned' : `SameSite=Lax${isSecure ? '; Secure' : ''}`;
  // biome-ignore lint/suspicious/noDocumentCookie: plain http of a local network has no cookieStore
  document.cookie = `${LANGUAGE_COOKIE}=${value}; Path=/; Max-Age=${YEAR_S}; ${scope}`;
  keep('language', value);
}
