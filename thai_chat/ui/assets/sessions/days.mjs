// Which group of the list a moment belongs to: today, yesterday, the last days, else its month.
import { monthLabel, t } from '../lib/texts.mjs';

/** A function from milliseconds to the key of a group, as the calendar stands at `now`. */
export function grouping(now = new Date()) {
  /** @param {number} days */
  const dayBefore = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime();
  const starts = /** @type {[string, number][]} */ ([['today', dayBefore(0)], ['yesterday', dayBefore(1)], ['days_7', dayBefore(7)], ['days_30', dayBefore(30)]]);
  return (/** @type {number} */ at) => starts.find(([, start]) => at >= start)?.[0] ?? monthOf(new Date(at));
}

/** @param {Date} date */
const monthOf = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`;

/** @type {Record<string, () => string>} */
const NAMED = { pinned: () => t('group_pinned'), today: () => t('group_today'), yesterday: () => t('group_yesterday'), days_7: () => t('group_7_days'), days_30: () => t('group_30_days') };

/** @param {string} key */
export const groupLabel = (key) => NAMED[key]?.() ?? monthLabel(key);
