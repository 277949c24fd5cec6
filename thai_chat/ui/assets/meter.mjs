// How much of the session the model was sent for a reply, and how full its window was.
import { el } from './dom.mjs';
import { compact, number, t } from './texts.mjs';

const NEARLY_FULL = 0.85;

export function meter({ context }) {
  if (!context || (!context.window && !context.left_out)) return null;
  const share = context.window ? Math.min(1, context.tokens / context.window) : 1;
  const words = [
    context.window ? t('meter_window', { tokens: compact(context.tokens), window: compact(context.window) }) : null,
    context.left_out ? t('meter_left_out', { sent: number(context.sent), left_out: number(context.left_out) }) : t('meter_all'),
  ].filter(Boolean).join(' · ');
  const state = context.left_out ? 'cut' : share > NEARLY_FULL ? 'nearly' : 'roomy';
  return el('span', { class: `meter ${state}`, role: 'img', tabindex: 0, title: words, 'aria-label': words },
    el('span', { class: 'meter-track' }, el('i', { style: `width:${Math.max(6, Math.round(share * 100))}%` })),
    context.left_out ? el('span', { class: 'meter-count' }, `−${number(context.left_out)}`) : null);
}
