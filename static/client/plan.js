/** The plan of an upload: which bytes of the file each part is. The server makes it; nothing here decides it. */

/** @import { RecordedPart, Upload } from './types.js' */

/**
 * @typedef {object} Plan
 * @property {number | null} size  null: a stream, not known yet
 * @property {number} partSize
 * @property {number | null} partCount  at least 1: an empty file is one part of size 0. Null as `size`
 */

/**
 * @param {Upload} upload
 * @param {number} size  of the file at hand
 * @returns {Plan}
 */
export function planOf(upload, size) {
  return { size, partSize: upload.part_size, partCount: upload.part_count ?? 1 };
}

/**
 * @param {Plan} plan
 * @param {number} number
 * @returns {{ offset: number, size: number }}
 */
export function partRange(plan, number) {
  const offset = (number - 1) * plan.partSize;
  return { offset, size: Math.min(plan.partSize, (plan.size ?? Infinity) - offset) };
}

/**
 * Whether a part that the coordinator knows of is the one planned. One of another size is sent again.
 *
 * @param {Plan} plan
 * @param {RecordedPart} part
 */
export function isPlanned(plan, { part_number, size }) {
  return part_number >= 1 && part_number <= (plan.partCount ?? 0) && size === partRange(plan, part_number).size;
}
