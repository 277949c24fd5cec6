// How much of the session the model was sent for a reply, and how full its window was.
import { el } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';

const NEARLY_FULL = 0.85;

/** The same in words; nothing where nothing is known. @param {ShownMessage} given */
export function meterWords({ context }) {
  if (!context || (!context.window && !context.left_out)) return '';
  const { sent, left_out, tokens, window, estimated } = context;
  return [
    left_out ? t('meter_left_out', { sent: number(sent), total: number(sent + left_out), left_out: number(left_out) }) : t('meter_all'),
    window ? t(estimated ? 'meter_window_about' : 'meter_window', { tokens: number(tokens), window: number(window) }) : null,
  ].filter(Boolean).join(' · ');
}

/**
 * A button with a small bar, and the same in words, which it shows. A window of unknown size can't be shown as more or less
 * full: then what was left out stands alone.
 *
 * @param {ShownMessage} message
 */
export function meter(message) {
  const words = meterWords(message);
  const { context } = message;
  if (!words || !context) return null;
  const share = context.window ? Math.min(1, context.tokens / context.window) : 0;
  const state = context.left_out ? 'cut' : share > NEARLY_FULL ? 'nearly' : 'roomy';
  const told = el('p', { class: 'meter-told', id: `meter-${message.message_id}`, hidden: true }, words);
  const button = el('button', { type: 'button', class: `meter ${state}`, title: words, 'aria-label': words, 'aria-expanded': 'false', 'aria-controls': told.id, onclick: () => {
    told.hidden = !told.hidden;
    button.setAttribute('aria-expanded', String(!told.hidden));
  } },
  context.window ? el('span', { class: 'meter-track' }, el('i', { style: `width:${Math.max(6, Math.round(share * 100))}%` })) : null,
  context.left_out ? el('span', { class: 'meter-count' }, `−${number(context.left_out)}`) : null);
  return { button, told };
}
