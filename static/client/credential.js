/**
 * Yields a Bearer token, or null where none is needed. Asked again, with `refused: true`, after a 401.
 *
 * @typedef {(why: { refused: boolean }) => Promise<string | null> | string | null} TokenSource
 */

/** The token all calls share; however many calls are refused at once, its source is asked once. */
export class Credential {
  #source;
  /** @type {Promise<string | null> | null} */
  #held = null;

  /** @param {TokenSource | string | null} source */
  constructor(source) {
    this.#source = source;
  }

  /** @returns {Promise<string | null>} */
  current() {
    this.#held ??= this.#ask(false);
    return this.#held;
  }

  /**
   * @param {string | null} refused  the token that got the 401
   * @returns {Promise<boolean>} whether another one is at hand
   */
  async renew(refused) {
    const held = this.#held;
    if (held && (await held) === refused && this.#held === held) this.#held = this.#ask(true);
    return (await this.current()) !== refused;
  }

  /** @param {boolean} refused */
  async #ask(refused) {
    if (typeof this.#source !== 'function') return this.#source;
    // a source that throws at once is to be forgotten after it was remembered, not before
    await null;
    try {
      return await this.#source({ refused });
    } catch (error) {
      this.#held = null;
      throw error;
    }
  }
}
