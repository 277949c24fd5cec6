// Which models a search means: every word of it stands in the model's text, also typed in the other keyboard layout.

/** Kedmanee (TIS 820-2538) and English (US), key by key; the server's search has the same (`chat/search/keyboard.py`). */
const LATIN = '`1234567890-=qwertyuiop[]\\asdfghjkl;\'zxcvbnm,./~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?';
const THAI = '_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ%+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ';
const TO_THAI = new Map([...LATIN].map((key, at) => [key, THAI[at]]));
const TO_LATIN = new Map([...THAI].map((key, at) => [key, LATIN[at]]));

/** Return what the same keys give in the other layout. @param {string} text */
function inOtherLayout(text) {
  const other = /[ก-๛]/.test(text) ? TO_LATIN : TO_THAI;
  return [...text].map((sign) => other.get(sign) ?? sign).join('');
}

/** Written together, so that "qwen25" finds "Qwen2.5". @param {string} text */
const squeezed = (text) => text.replace(/[\s._:/-]+/g, '');

/** Return the text that is searched for a model, of all that is said of it. @param {string} said */
export function searchable(said) {
  const text = said.toLowerCase();
  return `${text}\n${squeezed(text)}`;
}

/**
 * Return those of `offers` that the query means, in their order; all of them for an empty one. The other keyboard layout
 * counts when nothing is found as it was typed.
 *
 * @template T
 * @param {T[]} offers
 * @param {string} query
 * @param {(offer: T) => string} textOf
 * @returns {T[]}
 */
export function matching(offers, query, textOf) {
  const found = having(offers, query, textOf);
  return found.length || !query.trim() ? found : having(offers, inOtherLayout(query), textOf);
}

/** @template T @param {T[]} offers @param {string} query @param {(offer: T) => string} textOf @returns {T[]} */
function having(offers, query, textOf) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? offers.filter((offer) => { const text = textOf(offer); return words.every((word) => text.includes(word)); }) : offers;
}
