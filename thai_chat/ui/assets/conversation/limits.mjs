// How near the person is to their limits: a line above the question box, before one stops them.
import { api } from '../lib/api.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { on, store } from '../lib/store.mjs';
import { money, number, t, when } from '../lib/texts.mjs';

/** The part of a limit from which on it is told. */
const NEAR = 0.8;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** From that which ends last: it is the one that counts when several are used up. */
const TOLD = ['usd_month', 'tokens_month', 'usd_day', 'tokens_day'];
let timer = 0;

/** Where there are accounts the picker's list brings the first figures along; they are asked for again after each reply. */
export function mountLimits() {
  const words = el('span');
  const line = el('div', { id: 'limits', role: 'status', hidden: true }, icon('alert'), words);
  $('#composer').before(line);
  const paint = () => {
    const told = toldOf(store.limits ?? []);
    line.hidden = !told;
    line.dataset.state = told && isOver(told) ? 'over' : 'near';
    words.textContent = told ? textOf(told) : '';
    clearTimeout(timer);
    if (told?.resets_at) timer = setTimeout(look, Math.min(LONGEST_TIMER_MS, Math.max(1000, Date.parse(told.resets_at) - Date.now())));
  };
  const look = async () => {
    if (!store.limits) return;
    try {
      store.limits = (await api('GET', 'api/me/limits')).limits;
      paint();
    } catch { /* the next question tells */ }
  };
  for (const change of /** @type {const} */ (['ended', 'limited'])) on(change, look);
  on('backends', paint);
  paint();
}

/** @param {Limit} limit */
const isOver = ({ used, limit }) => limit !== null && used >= limit;

/** @param {Limit[]} limits */
function toldOf(limits) {
  const found = TOLD.map((what) => limits.find((one) => one.what === what)).filter((one) => one !== undefined);
  return found.find(isOver) ?? found.find(({ used, limit }) => limit !== null && used >= NEAR * limit) ?? null;
}

/** @param {Limit} limit */
function textOf(limit) {
  const shown = limit.what.startsWith('usd') ? money : number;
  const params = { used: shown(limit.used), limit: shown(limit.limit ?? 0), time: when(limit.resets_at ?? '') };
  return t(`limit_${isOver(limit) ? 'over' : 'near'}_${limit.what}`, params);
}
