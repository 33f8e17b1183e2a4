/**
 * Signed URLs, kept just in time: a small window ahead of need, never all at the start. When half of the
 * window is used up, the next part of it is signed in the background. A URL that is about to expire is
 * signed again before use; one fresh from the coordinator is used whatever this machine's clock says.
 */

/** @import { SignedPart } from './types.js' */

const MARGIN_MS = 30_000;
const MOST_AHEAD = 32;

/**
 * How many parts to keep signed ahead.
 *
 * @param {number} concurrency
 */
export function windowSize(concurrency) {
  return Math.min(MOST_AHEAD, Math.max(2, 2 * concurrency));
}

export class SigningWindow {
  #sign;
  #upcoming;
  #size;
  #now;
  /** @type {Map<number, SignedPart>} */
  #held = new Map();
  /** @type {Map<number, Promise<void>>} the numbers being signed right now */
  #asked = new Map();

  /**
   * @param {object} options
   * @param {(numbers: number[], signal: AbortSignal) => Promise<SignedPart[]>} options.sign
   * @param {(most: number) => number[]} options.upcoming  the parts that will be needed next
   * @param {number} options.size  at most 1,000
   * @param {() => number} options.now  the coordinator's clock, in milliseconds
   */
  constructor({ sign, upcoming, size, now }) {
    this.#sign = sign;
    this.#upcoming = upcoming;
    this.#size = size;
    this.#now = now;
  }

  /** @param {SignedPart[]} parts */
  put(parts) {
    for (const part of parts) this.#held.set(part.part_number, part);
  }

  /**
   * The URL for one part; it leaves the window.
   *
   * @param {number} number
   * @param {AbortSignal} signal
   * @returns {Promise<SignedPart>}
   */
  async take(number, signal) {
    if (!this.#usable(number)) await (this.#asked.get(number) ?? this.#ask(number, signal));
    const part = this.#held.get(number);
    if (!part) throw new Error(`the coordinator did not sign part ${number}`);
    this.#held.delete(number);
    this.#refill(signal);
    return part;
  }

  /** @param {SignedPart} part */
  isFresh(part) {
    return Date.parse(part.expires_at) - this.#now() > MARGIN_MS;
  }

  /** @param {number} number */
  #usable(number) {
    const part = this.#held.get(number);
    return part !== undefined && this.isFresh(part);
  }

  /** @param {number[]} numbers */
  #unsigned(numbers) {
    return numbers.filter((number) => !this.#usable(number) && !this.#asked.has(number));
  }

  /** @param {AbortSignal} signal */
  #refill(signal) {
    const ahead = this.#upcoming(this.#size);
    const unsigned = this.#unsigned(ahead);
    const [first] = unsigned;
    if (first === undefined || ahead.length - unsigned.length > this.#size / 2) return;
    // whoever needs one of these parts asks again and meets the error there
    this.#ask(first, signal).catch(() => {});
  }

  /**
   * @param {number} first
   * @param {AbortSignal} signal
   */
  #ask(first, signal) {
    const ahead = this.#upcoming(this.#size).filter((number) => number !== first);
    const numbers = [first, ...this.#unsigned(ahead).slice(0, this.#size - 1)];
    const asking = this.#sign(numbers, signal)
      .then((parts) => this.put(parts))
      .finally(() => {
        for (const number of numbers) this.#asked.delete(number);
      });
    for (const number of numbers) this.#asked.set(number, asking);
    return asking;
  }
}
