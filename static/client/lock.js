/**
 * Which tab sends an upload: the one that holds its lock. The browser gives it away when that tab is done, stopped,
 * closed or has crashed. Without the Web Locks API (it needs https, and a browser that blocks site data refuses it) all
 * tabs send, which costs bytes and does no harm: equal parts replace each other, the ledger has each once.
 */

/** @import { Surroundings } from './surroundings.js' */

/** @param {Surroundings} surroundings */
export function locksOf(surroundings) {
  return surroundings.locks ?? globalThis.navigator?.locks;
}

/** @param {string} id  of an upload */
export function lockName(id) {
  return `coordinator-upload ${id}`;
}

/**
 * @param {Surroundings} surroundings
 * @param {string} id  of an upload
 * @param {LockOptions} options
 * @returns {Promise<(() => void) | null>} gives the lock back. Null: another tab has it. Where the browser has no locks,
 *   or refuses them, as if it were ours
 */
export async function hold(surroundings, id, options) {
  const locks = locksOf(surroundings);
  if (!locks) return () => {};
  return new Promise((resolve, reject) => {
    const give = (/** @type {Lock | null} */ lock) => {
      if (!lock) return resolve(null);
      return /** @type {Promise<void>} */ (new Promise((release) => resolve(release)));
    };
    locks
      .request(lockName(id), options, give)
      .catch((error) => (options.signal?.aborted ? reject(error) : resolve(() => {})));
  });
}
