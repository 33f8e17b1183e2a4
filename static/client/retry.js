/**
 * What to do about a failed call to the coordinator, decided by its class and by nothing else; and how long to wait.
 * Waits grow exponentially with full jitter (any value between nothing and the ceiling), so that many
 * clients do not come back in step. A server's Retry-After is the least that is waited.
 */

/** @import { Surroundings } from './surroundings.js' */

import { CoordinatorError } from './errors.js';
import { sleep, untilOnline } from './surroundings.js';

const BASE_MS = 500;
const CEILING_MS = 30_000;
const MOST_RETRY_AFTER_MS = 300_000;

/** Tries before an upload gives up; with full jitter about four minutes. Time without a network is not counted. */
export const PATIENT_TRIES = 20;
/** Tries where a person waits for the answer. */
export const BRIEF_TRIES = 4;

/**
 * @param {number} failures  how many there were, at least 1
 * @param {() => number} random
 * @param {number | null} [retryAfter]  milliseconds
 * @returns {number} milliseconds
 */
export function backoff(failures, random, retryAfter = null) {
  const wait = random() * Math.min(CEILING_MS, BASE_MS * 2 ** (failures - 1));
  return Math.min(retryAfter ?? 0, MOST_RETRY_AFTER_MS) + wait;
}

/**
 * Waits before the next try; without a network until there is one.
 *
 * @param {Surroundings} surroundings
 * @param {number} failures  how many there were with a network
 * @param {number | null} retryAfter  milliseconds
 * @param {AbortSignal} [signal]
 */
export async function pause(surroundings, failures, retryAfter, signal) {
  await untilOnline(surroundings, signal);
  await sleep(surroundings, backoff(failures || 1, surroundings.random, retryAfter), signal);
}

/**
 * Makes the attempt again, with waits between, for as long as its failures may pass.
 *
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {number} tries  at most; those without a network are not counted
 * @param {Surroundings} surroundings
 * @param {AbortSignal} [signal]  ends the waiting
 * @returns {Promise<T>}
 */
export async function patiently(attempt, tries, surroundings, signal) {
  for (let failures = 0; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (surroundings.online()) failures += 1;
      if (failures >= tries || stepAfterCall(error) === 'stop') throw error;
      await pause(surroundings, failures, /** @type {any} */ (error)?.retryAfter, signal);
    }
  }
}

/**
 * @param {string | null} header  seconds, or an HTTP date
 * @param {number} now  milliseconds since 1970
 * @returns {number | null} milliseconds
 */
export function parseRetryAfter(header, now) {
  if (!header) return null;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

/**
 * For a call to the coordinator.
 *
 * @param {unknown} error  what is no CoordinatorError comes from whoever yields the token: their network passes too
 * @returns {'wait' | 'stop'}
 */
export function stepAfterCall(error) {
  if (!(error instanceof CoordinatorError) || error.code === 'idempotency_in_progress') return 'wait';
  return isPassing(error.status) && error.code !== 'storage_misconfigured' ? 'wait' : 'stop';
}

/** @param {number} status  of an answer after which the same may be tried again */
export function isPassing(status) {
  return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
}
