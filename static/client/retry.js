/**
 * What to do about a failure, decided by its class and by nothing else; and how long to wait.
 * Waits grow exponentially with full jitter (any value between nothing and the ceiling), so that many
 * clients do not come back in step. A server's Retry-After is the least that is waited.
 */

/** @import { CoordinatorError, TransferError } from './errors.js' */
/** @import { Surroundings } from './surroundings.js' */

import { sleep, untilOnline } from './surroundings.js';

const BASE_MS = 500;
const CEILING_MS = 30_000;
const MOST_RETRY_AFTER_MS = 300_000;

/** Tries before an upload gives up; with full jitter about four minutes. Time without a network is not counted. */
export const PATIENT_TRIES = 20;
/** Tries where a person waits for the answer. */
export const BRIEF_TRIES = 4;
/** Fresh signatures the store may refuse for one part, and odd answers it may give. */
export const FEW = 3;

/**
 * @param {number} failures  how many there were, at least 1
 * @param {() => number} random
 * @param {number | null} [retryAfter]  milliseconds
 * @returns {number} milliseconds
 */
export function backoff(failures, random, retryAfter = null) {
  const wait = random() * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(failures - 1, 16));
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
 * @param {CoordinatorError} error
 * @returns {'wait' | 'renew' | 'stop'} renew: ask for another credential
 */
export function stepAfterCall({ status, code }) {
  if (status === 401) return 'renew';
  if (code === 'storage_misconfigured') return 'stop';
  if (code === 'idempotency_in_progress') return 'wait';
  return isPassing(status) ? 'wait' : 'stop';
}

/**
 * For one part at the store.
 *
 * sign    a fresh signature, at once. Any 403: the text differs by store and lies now and then
 * reach   no answer was readable. Perhaps a refusal without CORS headers: one fresh signature, then patience
 * wait    the same signature, later
 * ask     the store knows no such upload: what does the coordinator say?
 * stored  the object is there already: a PUT whose answer was lost. Completion looks for itself
 * few     nothing known to help: a fresh signature, a few times
 *
 * @param {TransferError} failure
 * @returns {'sign' | 'reach' | 'wait' | 'ask' | 'stored' | 'few'}
 */
export function stepAfterPart({ kind, status }) {
  if (kind === 'stalled') return 'wait';
  if (kind === 'network' || status === 0) return 'reach';
  if (status === 403) return 'sign';
  if (status === 404) return 'ask';
  if (status === 412) return 'stored';
  return isPassing(status) ? 'wait' : 'few';
}

/** @param {number} status */
function isPassing(status) {
  return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
}
