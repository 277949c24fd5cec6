// How much of the session the model was sent for a reply, and how full its window was.
import { el } from '../lib/dom.mjs';
import { compact, number, t } from '../lib/texts.mjs';

const NEARLY_FULL = 0.85;

/** The same in words; nothing where nothing is known. @param {ShownMessage} given */
export function meterWords({ context }) {
  if (!context || (!context.window && !context.left_out)) return '';
  return [
    context.window ? t('meter_window', { tokens: compact(context.tokens), window: compact(context.window) }) : null,
    context.left_out ? t('meter_left_out', { sent: number(context.sent), left_out: number(context.left_out) }) : t('meter_all'),
  ].filter(Boolean).join(' · ');
}

/** A window of unknown size can't be shown as more or less full: then what was left out stands alone. @param {ShownMessage} message */
export function meter(message) {
  const words = meterWords(message);
  const { context } = message;
  if (!words || !context) return null;
  const share = context.window ? Math.min(1, context.tokens / context.window) : 0;
  const state = context.left_out ? 'cut' : share > NEARLY_FULL ? 'nearly' : 'roomy';
  return el('span', { class: `meter ${state}`, role: 'img', tabindex: 0, title: words, 'aria-label': words },
    context.window ? el('span', { class: 'meter-track' }, el('i', { style: `width:${Math.max(6, Math.round(share * 100))}%` })) : null,
    context.left_out ? el('span', { class: 'meter-count' }, `−${number(context.left_out)}`) : null);
}
