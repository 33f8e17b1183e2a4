/** The Web Locks of a browser, as far as tabs use them; shared by the Uploaders that play its tabs. */

/** @typedef {{ name: string, call: () => void }} Waiting */

export class FakeLocks {
  /** @type {Set<string>} */
  #held = new Set();
  /** @type {Waiting[]} */
  #waiting = [];

  /**
   * @param {string} name
   * @param {LockOptions} options
   * @param {(lock: Lock | null) => any} call
   */
  async request(name, { ifAvailable = false, signal }, call) {
    signal?.throwIfAborted();
    if (this.#held.has(name)) {
      if (ifAvailable) return call(null);
      await this.#turn(name, signal);
    }
    this.#held.add(name);
    try {
      return await call({ name, mode: 'exclusive' });
    } finally {
      this.#held.delete(name);
      const next = this.#waiting.findIndex((waiting) => waiting.name === name);
      if (next >= 0) this.#waiting.splice(next, 1)[0]?.call();
    }
  }

  async query() {
    return { held: [...this.#held].map((name) => ({ name })) };
  }

  /**
   * @param {string} name
   * @param {AbortSignal} [signal]
   */
  #turn(name, signal) {
    return new Promise((resolve, reject) => {
      const waiting = { name, call: () => resolve(undefined) };
      this.#waiting.push(waiting);
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      });
    });
  }
}
