/**
 * Holds parts back so that about so many bytes a second leave on average. A part that has begun goes as fast as the
 * line lets it: the browser offers no way to slow it down. So the line is busy for one part and then quiet until its
 * share of time has passed. The first part leaves at once: what has left by any moment is at most what the rate allows in
 * the time since the first byte, and one part more.
 */

/** @import { Surroundings } from './surroundings.js' */

import { sleep } from './surroundings.js';

/** @type {WeakMap<object, RateLimit>} */
const limits = new WeakMap();

/**
 * The one limit of an Uploader.
 *
 * @param {object} owner
 * @param {ConstructorParameters<typeof RateLimit>} made  the first time
 */
export function limitOf(owner, ...made) {
  const limit = limits.get(owner) ?? new RateLimit(...made);
  limits.set(owner, limit);
  return limit;
}

export class RateLimit {
  #bytesPerMs;
  #surroundings;
  /** When the bytes let through so far have had their time. */
  #paidUntil = 0;

  /**
   * @param {number} bytesPerSecond
   * @param {Surroundings} surroundings
   */
  constructor(bytesPerSecond, surroundings) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#surroundings = surroundings;
  }

  /**
   * Resolves when so many bytes may leave. Who asks first is let through first.
   *
   * @param {number} bytes
   * @param {AbortSignal} signal
   * @returns {Promise<(sent: number) => void>} gives back the time of what did not leave
   */
  async take(bytes, signal) {
    signal.throwIfAborted();
    const now = this.#surroundings.now();
    const begins = Math.max(now, this.#paidUntil);
    const share = bytes / this.#bytesPerMs;
    this.#paidUntil = begins + share;
    // who asks from now on moves up by what is not sent
    const giveBack = (/** @type {number} */ sent) => {
      this.#paidUntil -= share - sent / this.#bytesPerMs;
    };
    try {
      if (begins > now) await sleep(this.#surroundings, begins - now, signal);
    } catch (error) {
      giveBack(0);
      throw error;
    }
    return giveBack;
  }
}
