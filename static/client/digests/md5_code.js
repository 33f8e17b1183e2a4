/**
 * MD5's compression (RFC 1321, section 3.4) of four messages at once, as WebAssembly: each of the four 32-bit lanes of
 * a vector belongs to another message, so four cost about what one does.
 *
 * `run(blocks, first, second, third, fourth)` takes as many blocks of 64 bytes, at least 1, from each address.
 */

/** @import { Code } from './assembler.js' */

import * as wasm from './assembler.js';

/** @typedef {[number, number, number, number]} Four */

export const LANES = 4;
/** Where the four words of the state are, each of them for all lanes. */
export const STATE = 0;
/** Where the 64 constants have to be. */
export const CONSTANTS = 64;
/** From here on the memory is free. */
export const FREE = 512;

/** @type {[Four, Four, Four, Four]} */
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

const COUNT = 0;
/** @param {number} lane */
const address = (lane) => 1 + lane;
const [STATES, BEFORE, WORDS] = [1 + LANES, 5 + LANES, 9 + LANES];
const VECTORS = 4 + 4 + 16;

/** The constants of the 64 steps. */
export function constants() {
  return Uint32Array.from({ length: 64 }, (_, index) => 2 ** 32 * Math.abs(Math.sin(index + 1)));
}

/**
 * The module's bytes.
 *
 * @param {number} memory  bytes
 */
export function md5Code(memory) {
  const four = [0, 1, 2, 3];
  const code = [
    ...four.flatMap((word) => [...wasm.number(STATE + 16 * word), ...wasm.load(0), ...wasm.set(STATES + word)]),
    ...wasm.repeat(COUNT, [
      ...four.flatMap((word) => [...wasm.get(STATES + word), ...wasm.set(BEFORE + word)]),
      ...four.flatMap(turned),
      ...Array.from({ length: 64 }, (_, index) => step(index)).flat(),
      ...four.flatMap((word) => [
        ...[...wasm.get(STATES + word), ...wasm.get(BEFORE + word)],
        ...[...wasm.add, ...wasm.set(STATES + word)],
      ]),
      ...four.flatMap((lane) => [
        ...[...wasm.get(address(lane)), ...wasm.number(64)],
        ...[...wasm.addNumbers, ...wasm.set(address(lane))],
      ]),
    ]),
    ...four.flatMap((word) => [
      ...wasm.number(STATE + 16 * word),
      ...wasm.get(STATES + word),
      ...wasm.store(0),
    ]),
  ];
  return wasm.assemble({ numbers: 1 + LANES, vectors: VECTORS, memory, code });
}

/**
 * Four words of each lane's block, turned: vectors of one word of all lanes.
 *
 * @param {number} group  0 to 3
 * @returns {Code}
 */
function turned(group) {
  const from = WORDS + 4 * group;
  /** @type {Four} */
  const [a, b, c, d] = [from, from + 1, from + 2, from + 3];
  return [
    ...[a, b, c, d].flatMap((local, lane) => [
      ...[...wasm.get(address(lane)), ...wasm.load(16 * group), ...wasm.set(local)],
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

/**
 * a = b + rotated(a + mixed(b, c, d) + word + constant)
 *
 * @param {number} index  0 to 63
 * @returns {Code}
 */
function step(index) {
  const round = /** @type {0 | 1 | 2 | 3} */ (index >> 4);
  const [a, b, c, d] = /** @type {Four} */ ([0, 1, 2, 3].map((word) => STATES + ((word + 64 - index) % 4)));
  /** @type {Four} */
  const words = [index, 5 * index + 1, 3 * index + 5, 7 * index];
  const shift = SHIFTS[round][/** @type {0 | 1 | 2 | 3} */ (index % 4)];
  return [
    ...[...wasm.get(a), ...wasm.get(WORDS + (words[round] % 16)), ...wasm.add],
    ...[...wasm.number(CONSTANTS + 4 * index), ...wasm.loadInAll(0), ...wasm.add],
    ...mixed(round, b, c, d),
    ...wasm.set(a),
    ...[...wasm.get(a), ...wasm.number(shift), ...wasm.left],
    ...[...wasm.get(a), ...wasm.number(32 - shift), ...wasm.right],
    ...[...wasm.or, ...wasm.get(b), ...wasm.add, ...wasm.set(a)],
  ];
}

/**
 * Adds the round's function of the three to what is on the stack. What the last step made, b, comes in as late as
 * possible, so that the processor has less to wait for.
 *
 * @param {0 | 1 | 2 | 3} round
 * @param {number} b
 * @param {number} c
 * @param {number} d
 * @returns {Code}
 */
function mixed(round, b, c, d) {
  const [one, two, three] = [wasm.get(b), wasm.get(c), wasm.get(d)];
  switch (round) {
    case 0:
      return [...two, ...three, ...wasm.xor, ...one, ...wasm.and, ...three, ...wasm.xor, ...wasm.add];
    case 1:
      return [...two, ...three, ...wasm.andNot, ...wasm.add, ...one, ...three, ...wasm.and, ...wasm.add];
    case 2:
      return [...two, ...three, ...wasm.xor, ...one, ...wasm.xor, ...wasm.add];
    default:
      return [...three, ...wasm.not, ...one, ...wasm.or, ...two, ...wasm.xor, ...wasm.add];
  }
}
