/**
 * Signed URLs, kept just in time: a small window ahead of need, never all at the start. When half of the
 * window is used up, the next part of it is signed in the background; the window follows the number of parts
 * that are under way at once. A URL that is about to expire is signed again before use; one fresh from the
 * coordinator is used whatever this machine's clock says.
 */

/** @import { PartWish, SignedPart } from './types.js' */
/** @import { Source } from './file_source.js' */
/** @import { PartDigest } from './ports.js' */

const MARGIN_MS = 30_000;
const MOST_AHEAD = 32;

/**
 * @typedef {object} Wanted  what the URLs are to be bound to
 * @property {(number: number) => PartWish | null} ready  null while the digest it needs is not known
 * @property {(number: number, signal: AbortSignal) => Promise<PartWish>} of
 * @property {(numbers: number[], signal: AbortSignal, onReady: () => void) => void} ahead
 * @property {(number: number) => PartDigest | undefined} digest
 * @property {(number: number, signal: AbortSignal) => Promise<void>} check
 */

/**
 * Where nothing but the plan's sizes is wanted.
 *
 * @param {(number: number) => number | undefined} sizeOf  undefined where the plan says it
 * @returns {Wanted}
 */
export function onlySizes(sizeOf) {
  const wish = (/** @type {number} */ number) => ({ part_number: number, size: sizeOf(number) });
  return { ready: wish, of: async (number) => wish(number), ahead() {}, digest() {}, async check() {} };
}

/**
 * How many parts to keep signed ahead.
 *
 * @param {number} concurrency  at least 1
 */
export function windowSize(concurrency) {
  return Math.min(MOST_AHEAD, 2 * concurrency);
}

export class SigningWindow {
  #sign;
  #source;
  #wanted;
  #size;
  #now;
  /** @type {Map<number, SignedPart>} */
  #held = new Map();
  /** @type {Map<number, Promise<void>>} the numbers being signed right now */
  #asked = new Map();

  /**
   * @param {object} options
   * @param {(wishes: PartWish[], signal: AbortSignal) => Promise<SignedPart[]>} options.sign
   * @param {Pick<Source, 'upcoming' | 'sizeOf'>} options.source
   * @param {Wanted} options.wanted
   * @param {() => number} options.size  at most 1,000
   * @param {() => number} options.now  the coordinator's clock, in milliseconds
   */
  constructor({ sign, source, wanted, size, now }) {
    this.#sign = sign;
    this.#source = source;
    this.#wanted = wanted;
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
    if (!this.#usable(number)) await this.#waitFor(number, signal);
    const part = this.#held.get(number);
    if (part?.size !== this.#source.sizeOf(number)) throw new Error(`part ${number} is not as planned`);
    this.#held.delete(number);
    this.#refill(signal);
    return part;
  }

  /** @param {SignedPart} part */
  isFresh(part) {
    return Date.parse(part.expires_at) - this.#now() > MARGIN_MS;
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   */
  async #waitFor(number, signal) {
    const answered = await this.#asked.get(number)?.then(
      () => true,
      () => false,
    );
    // whoever asked was stopped, or a stream's last part turned out to be smaller than what was asked for
    if (!answered || !this.#fits(number)) await this.#ask(number, signal);
  }

  /** @param {number} number */
  #usable(number) {
    const part = this.#held.get(number);
    return part !== undefined && this.isFresh(part) && this.#fits(number);
  }

  /** @param {number} number */
  #fits(number) {
    return this.#held.get(number)?.size === this.#source.sizeOf(number);
  }

  /** @param {number[]} numbers */
  #unsigned(numbers) {
    return numbers.filter((number) => !this.#usable(number) && !this.#asked.has(number));
  }

  /** @param {AbortSignal} signal */
  #refill(signal) {
    if (signal.aborted) return;
    const ahead = this.#source.upcoming(this.#size());
    const unsigned = this.#unsigned(ahead);
    this.#wanted.ahead(unsigned, signal, () => this.#refill(signal));
    const first = unsigned.find((number) => this.#wanted.ready(number));
    if (first === undefined || ahead.length - unsigned.length > this.#size() / 2) return;
    // whoever needs one of these parts asks again and meets the error there
    this.#ask(first, signal).catch(() => {});
  }

  /**
   * @param {number} first
   * @param {AbortSignal} signal
   */
  #ask(first, signal) {
    const others = this.#unsigned(this.#source.upcoming(this.#size())).filter((number) => number !== first);
    const ready = others.filter((number) => this.#wanted.ready(number)).slice(0, this.#size() - 1);
    const numbers = [first, ...ready];
    const asking = this.#signed(numbers, signal).finally(() => {
      for (const number of numbers) this.#asked.delete(number);
    });
    for (const number of numbers) this.#asked.set(number, asking);
    this.#wanted.ahead(others, signal, () => this.#refill(signal));
    return asking;
  }

  /**
   * @param {number[]} numbers
   * @param {AbortSignal} signal
   */
  async #signed(numbers, signal) {
    const wishes = await Promise.all(numbers.map((number) => this.#wanted.of(number, signal)));
    this.#refill(signal);
    this.put(await this.#sign(wishes, signal));
  }
}
