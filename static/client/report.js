/**
 * Tells the coordinator which parts were sent, in batches: at most one a second, or a hundred parts.
 * A claim is a hint (completion looks at the store itself), so a batch that fails in the background only
 * goes back into the queue; `flush` before completing meets the error.
 */

/** @import { PartClaim } from './types.js' */
/** @import { Surroundings } from './surroundings.js' */

const EVERY_MS = 1_000;
const MOST = 100;

export class Reporter {
  #deliver;
  #surroundings;
  /** @type {PartClaim[]} */
  #queue = [];
  /** @type {Promise<unknown> | null} */
  #sending = null;
  /** @type {(() => void) | null} */
  #timer = null;

  /**
   * @param {(claims: PartClaim[]) => Promise<unknown>} send
   * @param {Surroundings} surroundings
   */
  constructor(send, surroundings) {
    this.#deliver = send;
    this.#surroundings = surroundings;
  }

  /** @param {PartClaim} claim */
  add(claim) {
    this.#queue.push(claim);
    this.#soon();
  }

  /** Everything added so far has reached the coordinator when this resolves. */
  async flush() {
    while (this.#sending || this.#queue.length > 0) await (this.#sending ?? this.#send());
  }

  /** The upload is over: what is queued interests nobody. */
  drop() {
    this.#queue = [];
    this.#stopTimer();
  }

  #soon() {
    if (this.#sending || this.#queue.length === 0) return;
    const send = () => {
      if (!this.#sending)
        this.#send().then(
          () => this.#soon(),
          () => {},
        );
    };
    if (this.#queue.length >= MOST) send();
    else this.#timer ??= this.#surroundings.after(EVERY_MS, send);
  }

  async #send() {
    this.#stopTimer();
    const batch = this.#queue.splice(0, MOST);
    try {
      await (this.#sending = this.#deliver(batch));
    } catch (error) {
      this.#queue.unshift(...batch);
      throw error;
    } finally {
      this.#sending = null;
    }
  }

  #stopTimer() {
    this.#timer?.();
    this.#timer = null;
  }
}
