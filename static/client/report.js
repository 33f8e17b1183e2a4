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
  #send;
  #surroundings;
  /** @type {PartClaim[]} */
  #queue = [];
  /** @type {Promise<void> | null} */
  #sending = null;
  /** @type {(() => void) | null} */
  #timer = null;

  /**
   * @param {(claims: PartClaim[]) => Promise<unknown>} send
   * @param {Surroundings} surroundings
   */
  constructor(send, surroundings) {
    this.#send = send;
    this.#surroundings = surroundings;
  }

  /** @param {PartClaim} claim */
  add(claim) {
    this.#queue.push(claim);
    if (this.#queue.length >= MOST) this.#sendSoon(0);
    else this.#sendSoon(EVERY_MS);
  }

  /** Everything added so far has reached the coordinator when this resolves. */
  async flush() {
    while (this.#sending || this.#queue.length > 0) await (this.#sending ?? this.#sendBatch());
  }

  /** The upload is over: what is queued interests nobody. */
  drop() {
    this.#queue = [];
    this.#stopTimer();
  }

  /** @param {number} ms */
  #sendSoon(ms) {
    if (ms === 0 && !this.#sending) this.#background();
    else this.#timer ??= this.#surroundings.after(ms || EVERY_MS, () => this.#background());
  }

  #background() {
    this.#stopTimer();
    if (this.#sending || this.#queue.length === 0) return;
    this.#sendBatch().then(
      () => this.#queue.length > 0 && this.#sendSoon(this.#queue.length >= MOST ? 0 : EVERY_MS),
      () => {},
    );
  }

  #sendBatch() {
    this.#stopTimer();
    const batch = this.#queue.splice(0, MOST);
    this.#sending = this.#send(batch)
      .then(
        () => {},
        (error) => {
          this.#queue.unshift(...batch);
          throw error;
        },
      )
      .finally(() => {
        this.#sending = null;
      });
    return this.#sending;
  }

  #stopTimer() {
    this.#timer?.();
    this.#timer = null;
  }
}
