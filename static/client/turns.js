/** One call at a time for each name; the others wait for theirs, in order. */

import { abortable } from './surroundings.js';

export class Turns {
  /** @type {Map<string, Promise<void>>} name to the end of its last call */
  #last = new Map();

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} call
   * @param {AbortSignal} signal  ends the waiting
   * @returns {Promise<T>} what the call comes to
   */
  take(name, call, signal) {
    const before = this.#last.get(name) ?? Promise.resolve();
    const outcome = abortable(before, signal).then(call);
    // who left its place does not hand it to the next one early
    const end = Promise.allSettled([before, outcome]).then(() => {
      if (this.#last.get(name) === end) this.#last.delete(name);
    });
    this.#last.set(name, end);
    return outcome;
  }
}
