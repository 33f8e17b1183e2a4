/**
 * SHA-256's compression (FIPS 180-4, section 6.2.2) of four messages at once, as WebAssembly. Web Crypto takes a message
 * at once and copies it first: two parts in memory, where this needs a few MiB. It is as fast all in all, and takes less
 * CPU where the processor has instructions for SHA-256.
 */

/** @import { Code } from './assembler.js' */
/** @import { Digest } from './frame.js' */

import * as wasm from './assembler.js';
import { CONSTANTS, frame, spare, STATES, WORDS } from './frame.js';

/** Words of the state. */
const STATE = 8;
const SUM = spare(STATE);
/** @typedef {[number, number, number, number, number, number, number, number]} Eight */

/** @type {Digest} */
export const sha256 = {
  code: (memory) => frame({ state: STATE, littleEndian: false, steps: steps(), memory }),
  constants: () => fractions(64, Math.cbrt),
  initial: [...fractions(STATE, Math.sqrt)],
  littleEndian: false,
};

/**
 * The first 32 bits behind the point, of roots of the first primes.
 *
 * @param {number} count
 * @param {(prime: number) => number} root
 */
function fractions(count, root) {
  /** @type {number[]} */
  const primes = [];
  for (let number = 2; primes.length < count; number += 1)
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 2 ** 32);
}

function steps() {
  return Array.from({ length: 64 }, (_, index) => step(index));
}

/**
 * @param {number} index  0 to 63
 * @returns {Code}
 */
function step(index) {
  const [a, b, c, d, e, f, g, h] = /** @type {Eight} */ (
    Array.from({ length: STATE }, (_, word) => STATES + ((word + 64 - index) % STATE))
  );
  return [
    ...(index < 16 ? [] : scheduled(index)),
    ...[...wasm.get(h), ...wasm.get(word(index)), ...wasm.add],
    ...[...wasm.number(CONSTANTS + 4 * index), ...wasm.loadInAll(0), ...wasm.add],
    ...[...wasm.get(f), ...wasm.get(g), ...wasm.get(e), ...wasm.choose, ...wasm.add],
    ...[...turns(e, [6, 11, 25]), ...wasm.add, ...wasm.keep(SUM)],
    ...[...wasm.get(d), ...wasm.add, ...wasm.set(d)],
    // what most of a, b and c say
    ...[...wasm.get(SUM), ...wasm.get(c), ...wasm.get(b), ...wasm.get(a), ...wasm.get(b), ...wasm.xor],
    ...[...wasm.choose, ...wasm.add],
    ...[...turns(a, [2, 13, 22]), ...wasm.add, ...wasm.set(h)],
  ];
}

/** @param {number} index */
const word = (index) => WORDS + (index % 16);

/**
 * The word of a step behind the sixteenth, in the place of the one sixteen before.
 *
 * @param {number} index
 * @returns {Code}
 */
function scheduled(index) {
  return [
    ...[...wasm.get(word(index)), ...wasm.get(word(index - 7)), ...wasm.add],
    ...[...turns(word(index - 15), [7, 18], 3), ...wasm.add],
    ...[...turns(word(index - 2), [17, 19], 10), ...wasm.add, ...wasm.set(word(index))],
  ];
}

/**
 * A local turned to the right by each of these numbers of bits, and shifted by the last one, all joined by xor.
 *
 * @param {number} local
 * @param {number[]} by
 * @param {number} [shift]
 * @returns {Code}
 */
function turns(local, by, shift) {
  const right = (/** @type {number} */ bits) => [...wasm.get(local), ...wasm.number(bits), ...wasm.right];
  const left = (/** @type {number} */ bits) => [...wasm.get(local), ...wasm.number(32 - bits), ...wasm.left];
  const [first = [], ...rest] = [
    ...by.flatMap((bits) => [right(bits), left(bits)]),
    ...(shift ? [right(shift)] : []),
  ];
  return [...first, ...rest.flatMap((code) => [...code, ...wasm.xor])];
}
