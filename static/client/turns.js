/** One call at a time for each name; the others wait for theirs, in order. */
export class Turns {
  /** @type {Map<string, Promise<void>>} name to the end of its last call */
  #last = new Map();

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} call
   * @returns {Promise<T>} what the call comes to
   */
  take(name, call) {
    const outcome = (this.#last.get(name) ?? Promise.resolve()).then(call);
    const end = outcome
      .catch(() => {})
      .then(() => {
        if (this.#last.get(name) === end) this.#last.delete(name);
      });
    this.#last.set(name, end);
    return outcome;
  }
}
