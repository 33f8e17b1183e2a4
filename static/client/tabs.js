/**
 * One tab at a time sends an upload. Another one with the same file shows how far it is, and goes on when the first is
 * done, stopped, closed or has crashed: the browser then gives its lock away. Without the Web Locks API (it needs https,
 * and a browser that blocks site data refuses it) all of them send, which costs bytes and does no harm: equal parts
 * replace each other, the ledger has each once.
 */

/** @import { DeliveryContext } from './delivery.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Work } from './work.js' */

import { onAbort, sleep } from './surroundings.js';

const LOOK_MS = 5_000;

/**
 * @typedef {object} Turn
 * @property {(elsewhere: boolean) => void} onElsewhere  true: another tab sends it; false: now it is our turn
 * @property {() => Promise<void>} learn  which parts there are
 */

/**
 * @param {Pick<DeliveryContext, 'coordinator' | 'surroundings'>} context
 * @param {Pick<Work, 'upload'>} work
 * @param {AbortSignal} signal
 * @param {Turn} turn
 * @returns {Promise<() => void>} gives the turn back
 */
export async function takeTurn({ coordinator, surroundings }, work, signal, turn) {
  const { id } = work.upload;
  const locks = locksOf(surroundings);
  if (!locks) return () => {};
  const free = await held(locks, id, { ifAvailable: true });
  if (free) return free;
  signal.throwIfAborted();
  turn.onElsewhere(true);
  const look = async () => {
    const upload = await (await coordinator.ledger()).get(id, signal);
    if (upload.state === 'open') await turn.learn();
    work.upload = upload;
  };
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal.reason));
  const following = follow(surroundings, look, stop.signal);
  try {
    const release = /** @type {() => void} */ (await held(locks, id, { signal }));
    turn.onElsewhere(false);
    stop.abort();
    await following;
    await look().catch((error) => {
      release();
      throw error;
    });
    return release;
  } finally {
    stop.abort();
    forget();
  }
}

/**
 * Which of these uploads some tab of this browser, or this one, sends right now.
 *
 * @param {Surroundings} surroundings
 * @param {string[]} ids
 * @returns {Promise<Set<string>>}
 */
export async function beingSent(surroundings, ids) {
  const state = await locksOf(surroundings)
    ?.query()
    .catch(() => null);
  const names = new Set(state?.held?.map(({ name }) => name));
  return new Set(ids.filter((id) => names.has(nameOf(id))));
}

/** @param {Surroundings} surroundings */
function locksOf(surroundings) {
  return surroundings.locks ?? globalThis.navigator?.locks;
}

/** @param {string} id */
function nameOf(id) {
  return `coordinator-upload ${id}`;
}

/**
 * @param {LockManager} locks
 * @param {string} id
 * @param {LockOptions} options
 * @returns {Promise<(() => void) | null>} null: another one has it. Where the browser refuses its locks, as if it were ours
 */
function held(locks, id, options) {
  return new Promise((resolve, reject) => {
    const hold = (/** @type {Lock | null} */ lock) => {
      if (!lock) return resolve(null);
      return new Promise((release) => resolve(() => release(undefined)));
    };
    locks
      .request(nameOf(id), options, hold)
      .catch((error) => (options.signal?.aborted ? reject(error) : resolve(() => {})));
  });
}

/**
 * @param {Surroundings} surroundings
 * @param {() => Promise<void>} look
 * @param {AbortSignal} signal
 */
async function follow(surroundings, look, signal) {
  while (!signal.aborted) {
    // it is for show: who cannot look now looks later
    await look().catch(() => {});
    await sleep(surroundings, LOOK_MS, signal).catch(() => {});
  }
}
