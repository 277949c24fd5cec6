// The days of a conversation: which message is the first of its day, and what that day is called.
import { relativeDay } from '../lib/texts.mjs';

/** @param {Date} date */
const keyOf = (date) => date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();

/**
 * Give each message that is the first of another day the name of its day; a session begins on a day of its own unless
 * that is today.
 *
 * @param {ShownMessage[]} messages
 * @param {boolean} hasEarlier true where messages before these are not on the page
 * @returns {Map<string, string>} names by the ids of messages
 */
export function daysOf(messages, hasEarlier) {
  const now = new Date();
  const days = new Map();
  let before = keyOf(hasEarlier && messages.length ? new Date(messages[0].created_at) : now);
  for (const { message_id, created_at } of messages) {
    const date = new Date(created_at);
    const key = keyOf(date);
    if (key !== before) days.set(message_id, relativeDay(date, now));
    before = key;
  }
  return days;
}
