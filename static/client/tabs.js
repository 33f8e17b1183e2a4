/**
 * A tab whose upload another one sends (lock.js) shows how far that is, and goes on when it ends.
 */

/** @import { DeliveryContext } from './delivery.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Work } from './work.js' */

import { hold, lockName, locksOf } from './lock.js';
import { onAbort, sleep } from './surroundings.js';

const LOOK_MS = 5_000;

/**
 * @typedef {object} Turn
 * @property {(elsewhere: boolean) => Promise<void>} onElsewhere  true: another tab sends it; false: it is this one's turn
 *   when this resolves
 * @property {() => Promise<void>} learn  which parts there are
 */

/**
 * Waits until the other tab lets go.
 *
 * @param {Pick<DeliveryContext, 'coordinator' | 'surroundings'>} context
 * @param {Pick<Work, 'upload'>} work
 * @param {AbortSignal} signal
 * @param {Turn} turn
 * @returns {Promise<() => void>} gives the turn back
 */
export async function awaitTurn({ coordinator, surroundings }, work, signal, turn) {
  const { id } = work.upload;
  signal.throwIfAborted();
  await turn.onElsewhere(true);
  const look = async () => {
    const upload = await (await coordinator.ledger(signal)).get(id, signal);
    if (upload.state === 'open') await turn.learn();
    work.upload = upload;
  };
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal.reason));
  const following = follow(surroundings, look, stop.signal);
  try {
    const release = /** @type {() => void} */ (await hold(surroundings, id, { signal }));
    stop.abort();
    const takeOver = async () => {
      signal.throwIfAborted();
      await turn.onElsewhere(false);
      await following;
      await look();
    };
    await takeOver().catch((error) => {
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
  return new Set(ids.filter((id) => names.has(lockName(id))));
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
