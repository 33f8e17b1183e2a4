/** How far all files together are. Each task counts with its last news, so that ten thousand of them cost no more than one. */

/** @import { UploadTask } from '../task.js' */

import { isFinal } from './problems.js';

/**
 * @typedef {object} Total
 * @property {number} files  cancelled ones apart
 * @property {number} completed
 * @property {number} failed
 * @property {number} active  on their way, or waiting for it
 * @property {number} atStake  of these, those that leaving the page would interrupt: no other tab sends them
 * @property {number} paused
 * @property {number} resumable  paused, or stopped by what may pass
 * @property {number} ended  completed or cancelled
 * @property {number} bytesSent
 * @property {number} bytesTotal  of files that may still arrive
 * @property {number} fraction  0 to 1; 1 only when all of them arrived
 * @property {number | null} bytesPerSecond
 * @property {number | null} secondsLeft  for what is on its way; what is paused or stopped is not waited for
 */

const SUMMED = /** @type {const} */ ([
  'files',
  'completed',
  'failed',
  'active',
  'atStake',
  'paused',
  'resumable',
  'ended',
  'bytesSent',
  'bytesTotal',
  'remaining',
  'speed',
]);

/** @typedef {Record<typeof SUMMED[number], number>} Share */

export class Tally {
  /** @type {Map<UploadTask, Share>} */
  #shares = new Map();
  #sum = nothing();

  /** @param {UploadTask} task  that is new, or has news */
  take(task) {
    const share = shareOf(task);
    this.#add(this.#shares.get(task), -1);
    this.#add(share, 1);
    this.#shares.set(task, share);
  }

  /** @param {UploadTask} task */
  drop(task) {
    this.#add(this.#shares.get(task), -1);
    this.#shares.delete(task);
  }

  /** @returns {Total} */
  read() {
    const { remaining, speed, ...sum } = this.#sum;
    const all = sum.files > 0 && sum.completed === sum.files;
    return {
      ...sum,
      fraction: all ? 1 : Math.min(0.999, sum.bytesSent / Math.max(1, sum.bytesTotal)),
      bytesPerSecond: speed >= 1 ? speed : null,
      secondsLeft: speed >= 1 ? remaining / speed : null,
    };
  }

  /**
   * @param {Share | undefined} share
   * @param {1 | -1} sign
   */
  #add(share, sign) {
    if (!share) return;
    for (const name of SUMMED) this.#sum[name] += sign * share[name];
  }
}

/**
 * @param {UploadTask} task
 * @returns {Share}
 */
function shareOf({ state, active, error, progress }) {
  const share = nothing();
  share.ended = Number(state === 'completed' || state === 'cancelled');
  if (state === 'cancelled' || state === 'cancelling') return share;
  share.files = 1;
  share.completed = Number(state === 'completed');
  share.failed = Number(state === 'failed');
  share.paused = Number(state === 'paused');
  share.active = 1 - share.completed - share.failed - share.paused;
  share.atStake = Number(active);
  if (state === 'failed' && isFinal(error)) return share;
  share.resumable = Number(state === 'paused' || state === 'failed');
  const { bytesSent, bytesTotal, bytesPerSecond } = progress;
  share.bytesSent = bytesSent;
  share.bytesTotal = bytesTotal ?? bytesSent;
  share.remaining = share.active ? share.bytesTotal - bytesSent : 0;
  share.speed = state === 'uploading' ? (bytesPerSecond ?? 0) : 0;
  return share;
}

/** @returns {Share} */
function nothing() {
  return /** @type {Share} */ (Object.fromEntries(SUMMED.map((name) => [name, 0])));
}
