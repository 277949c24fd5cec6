// Days as people write them: with Thai or Arabic digits, in the Buddhist era or the common one.
const FIRST_BUDDHIST = 2400;
const APART = 543;
const LONGEST = 20;

/** Return `yyyy-mm-dd`, '' for an empty text, or null for one that names no day. A year of two digits is a Buddhist one. @param {string} text */
export function isoOf(text) {
  const written = text.trim().slice(0, LONGEST).replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0x0e50));
  if (!written) return '';
  const [, day, month, year] = /^(\d{1,2})[\s./-](\d{1,2})[\s./-](\d{2}|\d{4})$/.exec(written) ?? [];
  if (!year) return null;
  const full = Number(year) + (year.length === 2 ? 2500 : 0);
  const common = full >= FIRST_BUDDHIST ? full - APART : full;
  const date = new Date(Date.UTC(common, Number(month) - 1, Number(day)));
  date.setUTCFullYear(common);
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isReal ? date.toISOString().slice(0, 10) : null;
}

/** "26/11/2569" for "2026-11-26". @param {string} iso */
export function buddhistOf(iso) {
  const [year, month, day] = iso.split('-');
  return day ? `${day}/${month}/${Number(year) + APART}` : '';
}
