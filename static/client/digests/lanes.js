/**
 * MD5 of up to four blobs at once: each is read into a lane of its own, and all lanes that have bytes go on together
 * (md5_code.js). They may begin, end, fail and be stopped at different times.
 */

import { constants, CONSTANTS, FREE, LANES, md5Code, STATE } from './md5_code.js';
import { Reading } from './reading.js';

const BLOCK = 64;
/** Bytes of a lane read at once: less means more waking up, more gains nothing. */
const STEP = 2 ** 20;
/** The last step is followed by at most two blocks of padding. */
const STRIDE = STEP + 2 * BLOCK;
const MEMORY = FREE + LANES * STRIDE;
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/**
 * @typedef {(blocks: number, ...addresses: number[]) => void} Run
 *
 * @typedef {object} Work  what a lane is at
 * @property {Blob} blob
 * @property {Reading} reading
 * @property {boolean} begun
 * @property {(sum: Uint8Array<ArrayBuffer>) => void} resolve
 * @property {(reason: unknown) => void} reject
 */

export class Lanes {
  #run;
  #memory;
  #lanes;
  #turning = false;

  /**
   * @param {Run} run
   * @param {WebAssembly.Memory} memory
   */
  constructor(run, memory) {
    this.#run = run;
    this.#memory = memory.buffer;
    this.#lanes = Array.from({ length: LANES }, (_, index) => new Lane(memory.buffer, index));
    new Uint32Array(this.#memory, CONSTANTS, 64).set(constants());
  }

  /**
   * @returns {Promise<Lanes>}
   * @throws {unknown} where WebAssembly or its vectors are missing, or a Content-Security-Policy forbids them
   */
  static async open() {
    const { instance } = await WebAssembly.instantiate(md5Code(MEMORY));
    const { run, memory } = instance.exports;
    return new Lanes(/** @type {Run} */ (run), /** @type {WebAssembly.Memory} */ (memory));
  }

  /**
   * @param {Blob} blob
   * @param {AbortSignal} signal
   * @returns {Promise<Uint8Array<ArrayBuffer>>} 16 bytes
   * @throws {RangeError} where all lanes are taken; what Reading throws
   */
  hash(blob, signal) {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const lane = this.#lanes.find(({ work }) => !work);
      if (!lane) throw new RangeError(`${LANES} blobs at once and no more`);
      lane.work = { blob, reading: new Reading(blob, signal), begun: false, resolve, reject };
      this.#turn();
    });
  }

  async #turn() {
    if (this.#turning) return;
    this.#turning = true;
    for (let busy; (busy = this.#lanes.filter(({ work }) => work)).length > 0;) {
      await Promise.all(busy.map((lane) => lane.fill()));
      this.#step();
    }
    this.#turning = false;
  }

  /** Takes as many blocks from each lane as the one with the fewest has; what the others compute meanwhile is void. */
  #step() {
    const full = this.#lanes.filter(({ blocks }) => blocks > 0);
    const [first] = full;
    if (!first) return;
    const blocks = Math.min(...full.map((lane) => lane.blocks));
    this.#run(blocks, ...this.#lanes.map((lane) => (lane.blocks > 0 ? lane : first).address));
    for (const lane of full) lane.took(blocks);
  }
}

class Lane {
  #memory;
  #state;
  #index;
  #start;
  /** @type {ArrayBuffer | null} what is read goes through it: the memory itself takes part in no transfer */
  #buffer = null;
  /** @type {Work | null} */
  work = null;
  /** Of the next block. */
  address = 0;
  /** Read and not taken yet. */
  blocks = 0;

  /**
   * @param {ArrayBuffer} memory
   * @param {number} index
   */
  constructor(memory, index) {
    this.#memory = memory;
    this.#state = new Uint32Array(memory, STATE, 4 * LANES);
    this.#index = index;
    this.#start = FREE + index * STRIDE;
  }

  /** Reads on where nothing is left to take. A blob that cannot be read leaves its lane. */
  async fill() {
    const { work } = this;
    if (!work || this.blocks > 0) return;
    try {
      const buffer = this.#buffer ?? new ArrayBuffer(STEP);
      this.#buffer = null;
      this.#put(work, await work.reading.next(buffer));
    } catch (error) {
      this.work = null;
      work.reject(error);
    }
  }

  /** @param {number} blocks */
  took(blocks) {
    this.address += blocks * BLOCK;
    this.blocks -= blocks;
    const { work } = this;
    if (!work || this.blocks > 0 || work.reading.left > 0) return;
    this.work = null;
    work.resolve(this.#sum());
  }

  /**
   * @param {Work} work
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  #put(work, bytes) {
    new Uint8Array(this.#memory, this.#start).set(bytes);
    // a browser's own buffer may be smaller
    if (bytes.buffer.byteLength === STEP) this.#buffer = bytes.buffer;
    if (!work.begun) INITIAL.forEach((word, index) => (this.#state[index * LANES + this.#index] = word));
    work.begun = true;
    const padding = work.reading.left > 0 ? 0 : this.#pad(bytes.length, work.blob.size);
    this.address = this.#start;
    this.blocks = (bytes.length + padding) / BLOCK;
  }

  /**
   * @param {number} length  of the last step
   * @param {number} size  of the whole
   * @returns {number} bytes
   */
  #pad(length, size) {
    const zeros = (2 * BLOCK - 9 - (length % BLOCK)) % BLOCK;
    const ending = new DataView(this.#memory, this.#start + length, 1 + zeros + 8);
    for (let at = 0; at < ending.byteLength; at += 1) ending.setUint8(at, at === 0 ? 0x80 : 0);
    ending.setUint32(1 + zeros, (8 * size) % 2 ** 32, true);
    ending.setUint32(1 + zeros + 4, Math.floor((8 * size) / 2 ** 32), true);
    return ending.byteLength;
  }

  #sum() {
    const sum = new DataView(new ArrayBuffer(16));
    for (let word = 0; word < 4; word += 1)
      sum.setUint32(4 * word, Number(this.#state[word * LANES + this.#index]), true);
    return new Uint8Array(sum.buffer);
  }
}
