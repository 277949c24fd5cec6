// Modules that are fetched when they are needed first.
import { alert } from './alerts.mjs';
import { t } from './texts.mjs';

/**
 * Fetch a module and do something with it. When the server is away that is said, null comes back, and the next press tries again.
 *
 * @template M, T
 * @param {() => Promise<M>} load
 * @param {(module: M) => T} act
 * @returns {Promise<Awaited<T> | null>}
 */
export async function fetched(load, act) {
  let module;
  try { module = await load(); } catch { alert(t('server_away')); return null; }
  return await act(module);
}
