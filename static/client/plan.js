/** The plan of an upload: which bytes of the file each part is. The server makes it; nothing here decides it. */

/** @import { Upload } from './types.js' */

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
