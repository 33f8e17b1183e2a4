/**
 * WebAssembly, as far as it is needed here: one function that works on vectors of four 32-bit words in a memory of its
 * own. Instructions are lists of bytes. Source: WebAssembly core specification 2.0, chapter 5 (binary format).
 *
 * @typedef {number[]} Code
 */

const I32 = 0x7f;
const V128 = 0x7b;
/** Bytes of a page of memory. */
const PAGE = 65_536;

/**
 * LEB128
 *
 * @param {number} value  unsigned, less than 2^31
 * @returns {Code}
 */
function unsigned(value) {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(value >> 7)];
}

/**
 * @param {number} value  at least 0, less than 2^31
 * @returns {Code}
 */
function signed(value) {
  return value < 64 ? [value] : [(value % 128) + 128, ...signed(value >> 7)];
}

/**
 * @param {number} operation
 * @param {Code} [rest]
 * @returns {Code}
 */
const vector = (operation, rest = []) => [0xfd, ...unsigned(operation), ...rest];

/** @param {number} local */
export const get = (local) => [0x20, ...unsigned(local)];
/** @param {number} local */
export const set = (local) => [0x21, ...unsigned(local)];
/** @param {number} value  at least 0 */
export const number = (value) => [0x41, ...signed(value)];
export const addNumbers = [0x6a];

/** @param {number} offset  bytes from the address on the stack, a multiple of what is read or written */
export const load = (offset) => vector(0x00, [0, ...unsigned(offset)]);
/** @param {number} offset */
export const loadInAll = (offset) => vector(0x09, [0, ...unsigned(offset)]);
/** @param {number} offset */
export const store = (offset) => vector(0x0b, [0, ...unsigned(offset)]);

export const not = vector(0x4d);
export const and = vector(0x4e);
/** The second operand is the one that is turned. */
export const andNot = vector(0x4f);
export const or = vector(0x50);
export const xor = vector(0x51);
export const left = vector(0xab);
export const right = vector(0xad);
export const add = vector(0xae);

/** @param {number[]} words  four: 0 to 3 of the first operand, 4 to 7 of the second */
export const pick = (words) =>
  vector(
    0x0d,
    words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)),
  );

/**
 * Runs the code as often as the local says, at least once, and counts it down.
 *
 * @param {number} local
 * @param {Code} code
 * @returns {Code}
 */
export const repeat = (local, code) => [
  ...[0x03, 0x40],
  ...code,
  ...[...get(local), ...number(1), 0x6b, 0x22, ...unsigned(local)],
  ...[0x0d, 0x00, 0x0b],
];

/**
 * The module's bytes. It exports its `memory` and the function, `run`.
 *
 * @param {object} parts
 * @param {number} parts.numbers  parameters of the function, 32 bits each: its first locals
 * @param {number} parts.vectors  locals that come after them
 * @param {number} parts.memory  bytes
 * @param {Code} parts.code
 */
export function assemble({ numbers, vectors, memory, code }) {
  const body = [1, ...unsigned(vectors), V128, ...code, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [0x60, ...list(Array.from({ length: numbers }, () => [I32])), 0]),
    ...section(3, [0]),
    ...section(5, [0, ...unsigned(Math.ceil(memory / PAGE))]),
    ...section(7, [...text('memory'), 2, 0], [...text('run'), 0, 0]),
    ...section(10, [...unsigned(body.length), ...body]),
  ]);
}

/**
 * @param {number} id
 * @param {Code[]} members
 * @returns {Code}
 */
function section(id, ...members) {
  const content = list(members);
  return [id, ...unsigned(content.length), ...content];
}

/**
 * @param {Code[]} members
 * @returns {Code}
 */
function list(members) {
  return [...unsigned(members.length), ...members.flat()];
}

/** @param {string} name  ASCII */
function text(name) {
  return list(Array.from(name, (character) => [character.charCodeAt(0)]));
}
