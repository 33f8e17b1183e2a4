/**
 * A fixed number of places, shared fairly. A free place goes to the waiting owner that holds the fewest;
 * between equals, to the one that has waited longest. One huge file cannot starve a small one.
 *
 * @typedef {() => void} Release  gives the place back; calling it again changes nothing
 *
 * @typedef {object} Waiter
 * @property {object} owner
 * @property {(release: Release) => void} grant
 */

import { onAbort } from './surroundings.js';

export class Pool {
  #free;
  /** @type {Waiter[]} in order of arrival */
  #waiting = [];
  /** @type {Map<object, number>} */
  #held = new Map();

  /** @param {number} places  at least 1 */
  constructor(places) {
    this.#free = places;
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
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
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
      this.#waiting.push(waiter);
      this.#share();
    });
  }

  #share() {
    while (this.#free > 0 && this.#waiting.length > 0) {
      const next = this.#waiting.reduce((best, other) => (this.#of(other) < this.#of(best) ? other : best));
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.grant(this.#take(next.owner));
    }
  }

  /** @param {Waiter} waiter */
  #of(waiter) {
    return this.#held.get(waiter.owner) ?? 0;
  }

  /**
   * @param {object} owner
   * @returns {Release}
   */
  #take(owner) {
    this.#free -= 1;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += 1;
      const left = (this.#held.get(owner) ?? 1) - 1;
      if (left > 0) this.#held.set(owner, left);
      else this.#held.delete(owner);
      this.#share();
    };
  }
}
