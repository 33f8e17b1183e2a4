/** The parts of a file that are still to be sent. Slices are taken when they are needed and never kept. */

/** @import { Plan } from './plan.js' */

import { partRange } from './plan.js';

/**
 * @typedef {object} Source  of the bytes of an upload's parts
 * @property {(done: ReadonlySet<number>) => void} restart  nothing is under way: what is not done is to be sent
 * @property {(signal: AbortSignal) => Promise<number | null>} next  null: there are no more
 * @property {(most: number) => number[]} upcoming  the parts that will be needed next
 * @property {(number: number) => Blob} body  throws where it is not at hand
 * @property {(number: number) => boolean} [atHand]  whether its bytes can be had; left out: always
 * @property {(number: number) => number} sizeOf
 * @property {(number: number) => void} [arrived]
 */

/** @implements {Source} */
export class FileSource {
  #file;
  #plan;
  /** @type {number[]} in order */
  #pending = [];

  /**
   * @param {Blob} file
   * @param {Plan} plan
   */
  constructor(file, plan) {
    this.#file = file;
    this.#plan = plan;
  }

  /** @type {Source['restart']} */
  restart(done) {
    const numbers = Array.from({ length: this.#plan.partCount ?? 0 }, (_, index) => index + 1);
    this.#pending = numbers.filter((number) => !done.has(number));
  }

  async next() {
    return this.#pending.shift() ?? null;
  }

  /** @type {Source['upcoming']} */
  upcoming(most) {
    return this.#pending.slice(0, most);
  }

  /** @type {Source['body']} */
  body(number) {
    const { offset, size } = partRange(this.#plan, number);
    return this.#file.slice(offset, offset + size);
  }

  /** @type {Source['sizeOf']} */
  sizeOf(number) {
    return partRange(this.#plan, number).size;
  }
}
