/**
 * What digests of the family of MD5 have in common, as WebAssembly: a state of a few words, and blocks of 64 bytes that
 * are mixed into it in 64 steps. Each of the four 32-bit lanes of a vector belongs to another message, so four cost about
 * what one does.
 *
 * `run(blocks, first, second, third, fourth)` takes as many blocks, at least 1, from each address.
 */

/** @import { Code } from './assembler.js' */

import * as wasm from './assembler.js';

/** @typedef {[number, number, number, number]} Four */

/**
 * @typedef {object} Digest
 * @property {(memory: number) => Uint8Array<ArrayBuffer>} code  the module's bytes; `memory` in bytes
 * @property {() => Uint32Array} constants  64
 * @property {number[]} initial  the state before the first block
 * @property {boolean} littleEndian  how words are written as bytes
 */

export const LANES = 4;
/** Where the words of the state are, up to eight, each of them for all lanes. */
export const STATE = 0;
/** Where the 64 constants have to be. */
export const CONSTANTS = 128;
/** From here on the memory is free. */
export const FREE = 512;

const COUNT = 0;
/** @param {number} lane */
const address = (lane) => 1 + lane;
/** The locals of the 16 words of a block. */
export const WORDS = 1 + LANES;
/** The locals of the state. */
export const STATES = WORDS + 16;

/**
 * @param {number} state  words of it
 * @returns {number} a local that steps may use
 */
export const spare = (state) => STATES + 2 * state;

/**
 * @param {object} parts
 * @param {number} parts.state  words of it
 * @param {boolean} parts.littleEndian
 * @param {Code} parts.steps  from WORDS and STATES to STATES
 * @param {number} parts.memory  bytes
 */
export function frame({ state, littleEndian, steps, memory }) {
  const each = (/** @type {(word: number) => Code} */ code) =>
    Array.from({ length: state }, (_, word) => code(word));
  const before = STATES + state;
  const code = [
    ...each((word) => [...wasm.number(STATE + 16 * word), ...wasm.load(0), ...wasm.set(STATES + word)]),
    ...wasm.repeat(COUNT, [
      ...each((word) => [...wasm.get(STATES + word), ...wasm.set(before + word)]),
      ...[0, 1, 2, 3].flatMap((group) => turned(group, littleEndian)),
      steps,
      ...each((word) => [
        ...[...wasm.get(STATES + word), ...wasm.get(before + word)],
        ...[...wasm.add, ...wasm.set(STATES + word)],
      ]),
      ...[0, 1, 2, 3].flatMap((lane) => [
        ...[...wasm.get(address(lane)), ...wasm.number(64)],
        ...[...wasm.addNumbers, ...wasm.set(address(lane))],
      ]),
    ]),
    ...each((word) => [...wasm.number(STATE + 16 * word), ...wasm.get(STATES + word), ...wasm.store(0)]),
  ];
  return wasm.assemble({ numbers: 1 + LANES, vectors: spare(state) + 1 - WORDS, memory, code });
}

/**
 * Four words of each lane's block, turned: vectors of one word of all lanes.
 *
 * @param {number} group  0 to 3
 * @param {boolean} littleEndian
 * @returns {Code}
 */
function turned(group, littleEndian) {
  const from = WORDS + 4 * group;
  /** @type {Four} */
  const [a, b, c, d] = [from, from + 1, from + 2, from + 3];
  const word = (/** @type {number} */ local) =>
    littleEndian ? [] : [...wasm.keep(local), ...wasm.get(local), ...wasm.swap];
  return [
    ...[a, b, c, d].flatMap((local, lane) => [
      ...[...wasm.get(address(lane)), ...wasm.load(16 * group), ...word(local), ...wasm.set(local)],
    ]),
    ...paired(a, b, [0, 4, 1, 5], [2, 6, 3, 7]),
    ...paired(c, d, [0, 4, 1, 5], [2, 6, 3, 7]),
    // now a and c hold words 0 and 1 of two lanes each, b and d words 2 and 3
    ...paired(a, c, [0, 1, 4, 5], [2, 3, 6, 7]),
    ...paired(b, d, [0, 1, 4, 5], [2, 3, 6, 7]),
    // words 1 and 2 have changed places
    ...[...wasm.get(b), ...wasm.get(c), ...wasm.set(b), ...wasm.set(c)],
  ];
}

/**
 * @param {number} one
 * @param {number} other
 * @param {number[]} low  what the first becomes
 * @param {number[]} high
 * @returns {Code}
 */
function paired(one, other, low, high) {
  return [
    ...[...wasm.get(one), ...wasm.get(other), ...wasm.pick(low)],
    ...[...wasm.get(one), ...wasm.get(other), ...wasm.pick(high)],
    ...[...wasm.set(other), ...wasm.set(one)],
  ];
}
