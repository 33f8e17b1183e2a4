/**
 * How far an upload is, from the bytes in flight and not only from finished parts.
 *
 * The speed is an exponentially weighted mean with a memory of about SMOOTH_MS, corrected for its short
 * past at the beginning. Bytes found at the store on resume move the bar and never the speed; bytes sent
 * twice count for the speed (they did travel) and not for the bar.
 */

/** @import { Plan } from './plan.js' */

const SMOOTH_MS = 5_000;
/** The weight of what was measured after a second. */
const SETTLED = 0.18;

/**
 * @typedef {object} Progress
 * @property {number} bytesSent  finished parts and bytes in flight
 * @property {number | null} bytesTotal  null while a stream's length is not known
 * @property {number} fraction  0 to 1; 1 only when every part is at the store; 0 while the length is not known
 * @property {number | null} bytesPerSecond  null until it is known
 * @property {number | null} secondsLeft  null until it is known
 * @property {number} partsDone
 * @property {number | null} partCount  null as `bytesTotal`
 */

export class Meter {
  #plan;
  #finished = 0;
  /** @type {Map<number, number>} @readonly part number to bytes sent so far */
  flying = new Map();
  /** @type {Set<number>} @readonly */
  done = new Set();
  #moved = 0;
  #weighted = 0;
  #weight = 0;
  /** @type {number | null} */
  #last = null;

  /** @param {Pick<Plan, 'size' | 'partCount'>} plan  a stream's gets its length later */
  constructor(plan) {
    this.#plan = plan;
  }

  /**
   * The part was at the store before.
   *
   * @param {number} number
   * @param {number} size
   */
  stored(number, size) {
    if (this.done.has(number)) return;
    this.done.add(number);
    this.#finished += size;
  }

  /**
   * The part is not at the store after all.
   *
   * @param {number} number
   * @param {number} size
   */
  missing(number, size) {
    if (this.done.delete(number)) this.#finished -= size;
  }

  /**
   * @param {number} number
   * @param {number} sent  bytes of this part so far
   * @returns {number} those that are new
   */
  sent(number, sent) {
    const moved = Math.max(0, sent - (this.flying.get(number) ?? 0));
    this.#moved += moved;
    this.flying.set(number, sent);
    return moved;
  }

  /**
   * @param {number} number
   * @param {number} size
   */
  arrived(number, size) {
    this.sent(number, size);
    this.dropped(number);
    this.stored(number, size);
  }

  /** @param {number} number */
  dropped(number) {
    this.flying.delete(number);
  }

  /**
   * Takes the speed; to be called a few times a second while parts are in flight.
   *
   * @param {number} now  milliseconds
   */
  tick(now) {
    const last = this.#last;
    if (last !== null && now <= last) return;
    this.#last = now;
    const moved = this.#moved;
    this.#moved = 0;
    if (last === null) return;
    const elapsed = now - last;
    const keep = Math.exp(-elapsed / SMOOTH_MS);
    this.#weighted = this.#weighted * keep + (moved / elapsed) * 1000 * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
  }

  /** Forgets the speed: nothing is being sent. */
  rest() {
    this.flying.clear();
    this.#last = null;
    this.#moved = 0;
    this.#weighted = 0;
    this.#weight = 0;
  }

  /** @returns {Progress} */
  read() {
    const inFlight = [...this.flying.values()].reduce((sum, bytes) => sum + bytes, 0);
    const { size: total, partCount } = this.#plan;
    const bytesSent = Math.min(total ?? Infinity, this.#finished + inFlight);
    const speed = this.#weight >= SETTLED ? this.#weighted / this.#weight : null;
    const complete = this.done.size === partCount;
    return {
      bytesSent,
      bytesTotal: total,
      fraction: complete ? 1 : Math.min(0.999, bytesSent / Math.max(1, total ?? Infinity)),
      bytesPerSecond: speed,
      secondsLeft: total !== null && speed !== null && speed >= 1 ? (total - bytesSent) / speed : null,
      partsDone: this.done.size,
      partCount,
    };
  }
}
