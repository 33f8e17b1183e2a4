/**
 * Places, shared fairly. A free place goes to the waiting owner that holds the fewest; between equals, to the
 * one that has waited longest. One huge file cannot starve a small one. How many there are may change: who holds
 * one keeps it, however few there are by then.
 *
 * @typedef {() => void} Release  gives the place back; calling it again changes nothing
 *
 * @typedef {object} Waiter
 * @property {object} owner
 * @property {(release: Release) => void} grant
 */

import { onAbort } from './surroundings.js';

export class Pool {
  #places;
  #used = 0;
  /** @type {Set<Waiter>} in order of arrival; thousands may leave at once */
  #waiting = new Set();
  /** @type {WeakMap<object, number>} */
  #held = new WeakMap();

  /** @param {number} places  at least 1 */
  constructor(places) {
    this.#places = places;
  }

  get places() {
    return this.#places;
  }

  /** Whether more places would be used at once. */
  get wanted() {
    return this.#used >= this.#places && this.#waiting.size > 0;
  }

  /** @param {number} places  at least 1 */
  resize(places) {
    this.#places = places;
    this.#share();
  }

  /**
   * @param {object} owner
   * @param {AbortSignal} signal
   * @returns {Promise<Release>}
   */
  acquire(owner, signal) {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const forget = onAbort(signal, () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      });
      /** @type {Waiter} */
      const waiter = {
        owner,
        grant: (release) => {
          forget();
          resolve(release);
        },
      };
      this.#waiting.add(waiter);
      this.#share();
    });
  }

  #share() {
    while (this.#used < this.#places && this.#waiting.size > 0) {
      const next = this.#next();
      this.#waiting.delete(next);
      next.grant(this.#take(next.owner));
    }
  }

  /** Who is next in the queue; ten thousand files that hold nothing cost one look. */
  #next() {
    /** @type {Waiter | undefined} */
    let next;
    let fewest = Infinity;
    for (const waiter of this.#waiting) {
      const held = this.#heldBy(waiter.owner);
      if (held >= fewest) continue;
      next = waiter;
      fewest = held;
      if (held === 0) break;
    }
    return /** @type {Waiter} */ (next);
  }

  /**
   * @param {object} owner
   * @returns {Release}
   */
  #take(owner) {
    this.#count(owner, 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#count(owner, -1);
      this.#share();
    };
  }

  /**
   * @param {object} owner
   * @param {number} more
   */
  #count(owner, more) {
    this.#used += more;
    this.#held.set(owner, this.#heldBy(owner) + more);
  }

  /** @param {object} owner */
  #heldBy(owner) {
    return this.#held.get(owner) ?? 0;
  }
}
