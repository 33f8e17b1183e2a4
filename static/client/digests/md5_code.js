/**
 * MD5's compression (RFC 1321, section 3.4) of four messages at once, as WebAssembly.
 */

/** @import { Code } from './assembler.js' */
/** @import { Digest, Four } from './frame.js' */

import * as wasm from './assembler.js';
import { CONSTANTS, frame, STATES, WORDS } from './frame.js';

/** @type {[Four, Four, Four, Four]} */
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

/** @type {Digest} */
export const md5 = {
  code: (memory) => frame({ state: 4, littleEndian: true, steps: steps(), memory }),
  constants: () => Uint32Array.from({ length: 64 }, (_, index) => 2 ** 32 * Math.abs(Math.sin(index + 1))),
  initial: [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476],
  littleEndian: true,
};

function steps() {
  return Array.from({ length: 64 }, (_, index) => step(index));
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
