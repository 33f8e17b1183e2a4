/**
 * The digest of a blob, wherever this runs: in a worker, or on the page where a worker cannot be had. MD5 reads
 * in steps, the next one while this one is hashed; Web Crypto takes its bytes at once and no other way.
 */

/** @typedef {'sha256' | 'md5'} Algorithm */

import { Md5 } from './md5.js';

/** Bytes a read. Smaller ones cost Chromium more time than the hashing; its streams that fill a buffer stop now and then. */
const STEP = 8 * 2 ** 20;

/** A blob has fewer bytes than it should: its file was cut short after it was chosen. */
export class ShortRead extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'ShortRead';
  }
}

/**
 * @param {Algorithm} algorithm
 * @param {Blob} blob
 * @param {AbortSignal} signal  heeded between steps
 * @returns {Promise<string>} base64
 * @throws {DOMException | ShortRead | TypeError} what the blob says that cannot be read; TypeError where Web Crypto
 *   is missing, that is without https
 */
export async function hash(algorithm, blob, signal) {
  const sum = algorithm === 'sha256' ? await sha256(blob) : await md5(blob, signal);
  return btoa(String.fromCharCode(...sum));
}

/** @param {Blob} blob */
async function sha256(blob) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', await read(blob, 0, blob.size)));
}

/**
 * @param {Blob} blob
 * @param {AbortSignal} signal
 */
async function md5(blob, signal) {
  const sum = new Md5();
  let ahead = read(blob, 0, STEP);
  for (let offset = 0; offset < blob.size; offset += STEP) {
    const bytes = await ahead;
    signal.throwIfAborted();
    ahead = read(blob, offset + STEP, STEP);
    // whoever stops here leaves it behind
    ahead.catch(() => {});
    sum.update(bytes);
  }
  return sum.digest();
}

/**
 * @param {Blob} blob
 * @param {number} offset
 * @param {number} most
 */
async function read(blob, offset, most) {
  const slice = blob.slice(offset, offset + most);
  const bytes = new Uint8Array(await slice.arrayBuffer());
  if (bytes.length !== slice.size) throw new ShortRead(`${bytes.length} of ${slice.size} bytes`);
  return bytes;
}
