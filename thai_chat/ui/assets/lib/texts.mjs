// The page's texts, numbers and dates in the reader's language.

export const language = document.documentElement.lang.startsWith('th') ? 'th' : 'en';
/** Since they are fetched with what needs them, some come later. */
const texts = window.thaiChatTexts[language];

/** @param {Record<string, string>} more */
export const learnTexts = (more) => { Object.assign(texts, more); };
const locale = language === 'th' ? 'th-TH' : 'en-GB'; // th-TH counts Buddhist years

/** `{count}` is a param; `{count:message|messages}` is the word for one, or for any other number of them. @param {string} code @param {Record<string, unknown>} [params] */
export const t = (code, params = {}) => texts[code].replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) =>
  (one === undefined ? params[name] ?? '…' : String(params[name]) === '1' ? one : many));

/** Return what makes a value when it is asked for first: a format takes a millisecond, and the page begins with few of them. @template T @param {() => T} make */
export function once(make) {
  let made = /** @type {T | undefined} */ (undefined);
  return () => (made ??= make());
}
/** @param {Intl.NumberFormatOptions} [how] */
const numbers = (how, where = locale) => once(() => new Intl.NumberFormat(where, how));
/** @param {Intl.DateTimeFormatOptions} how */
const dates = (how) => once(() => new Intl.DateTimeFormat(locale, how));

const count = numbers();
/** @param {number | bigint} value */
export const number = (value) => count().format(value);

const short = numbers({ notation: 'compact', maximumFractionDigits: 1 }, language === 'th' ? locale : 'en-US');
/** @param {number} value */
export const compact = (value) => (value < 10_000 ? number(value) : short().format(value));

/** `value` in the unit that suits `whole`, so that both read alike: "1.2 GB of 4.7 GB". @param {number} value @param {number} whole */
export function bytes(value, whole) {
  const [size, unit] = whole >= 1e9 ? [1e9, 'gigabyte'] : whole >= 1e6 ? [1e6, 'megabyte'] : [1e3, 'kilobyte'];
  const digits = unit === 'gigabyte' ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value / size);
}

const share = numbers({ style: 'percent' });
/** @param {number} part */
export const percent = (part) => share().format(part);

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds >= 90) return t('minutes', { count: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(seconds / 60) });
  const digits = seconds < 1 ? 2 : seconds < 20 ? 1 : 0;
  return t('seconds', { count: new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(seconds) });
}

/** @param {string} currency @param {Intl.NumberFormatOptions} digits */
const moneyWith = (currency, digits) => numbers({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits });
const moneys = Object.fromEntries(['USD', 'THB'].map((currency) => [currency, [moneyWith(currency, {}), moneyWith(currency, { maximumSignificantDigits: 2 })]]));
/** Dollars and cents, or baht and satang; of less than ten of those two digits that say something. @param {number | string} value @param {'USD' | 'THB'} [currency] */
export function money(value, currency = 'USD') {
  const [whole, part] = moneys[currency];
  return (Number(value) > 0 && Number(value) < 0.1 ? part : whole)().format(Number(value));
}

const dayAndMonth = dates({ day: 'numeric', month: 'short', timeZone: 'UTC' });
const wholeDay = dates({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const shortMonth = dates({ month: 'short', timeZone: 'UTC' });
/** @param {string} isoDay */
export const shortMonthLabel = (isoDay) => shortMonth().format(new Date(`${isoDay}T00:00:00Z`));
/** @param {string} isoDay */
export const dayLabel = (isoDay) => dayAndMonth().format(new Date(`${isoDay}T00:00:00Z`));
/** @param {string} isoDay */
export const longDayLabel = (isoDay) => wholeDay().format(new Date(`${isoDay}T00:00:00Z`));

const calendarDay = dates({ day: 'numeric', month: 'short', year: 'numeric' });
/** @param {string} iso */
export const day = (iso) => calendarDay().format(new Date(iso));

const moment = dates({ dateStyle: 'medium', timeStyle: 'short' });
/** @param {string} iso */
export const when = (iso) => moment().format(new Date(iso));

const clockTime = dates({ timeStyle: 'short' });
/** @param {string} iso */
export const clock = (iso) => clockTime().format(new Date(iso));

const fullDay = dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
/** Today, yesterday, or the day by its name. @param {Date} date @param {Date} now */
export function relativeDay(date, now) {
  const days = Math.round((startOf(now) - startOf(date)) / 86_400_000);
  return days === 0 ? t('group_today') : days === 1 ? t('group_yesterday') : fullDay().format(date);
}
/** @param {Date} date */
const startOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Any language and any case of backend: how its makers write it. @param {string} name */
export const backendName = (name) => window.thaiChatBackends[name]?.label ?? name;

/** The name of a model with its backend, or of the backend alone where no model is known. @param {{ backend?: string, model?: string }} given */
export const nameOf = ({ backend, model }) => (model ? `${model}\u00a0· ${backendName(backend ?? '')}` : backendName(backend ?? ''));

const month = dates({ month: 'long', year: 'numeric', timeZone: 'UTC' });
/** @param {string} isoMonth */
export const monthLabel = (isoMonth) => month().format(new Date(`${isoMonth}-01T00:00:00Z`));
