/**
 * The digest of a blob, wherever this runs: in a worker, or on the page where a worker cannot be had. Web Crypto takes
 * its bytes at once and no other way; MD5 is computed in steps.
 */

/** @typedef {'sha256' | 'md5'} Algorithm */

import { Reading } from './reading.js';

/** Bytes of a step of MD5 where there are no lanes for it. */
const STEP = 2 ** 21;

/**
 * @param {Algorithm} algorithm
 * @param {Blob} blob
 * @param {AbortSignal} signal  heeded between steps
 * @param {ArrayBuffer[]} [spare]  memory of the part before, at most one, to be used again
 * @returns {Promise<string>} base64
 * @throws {DOMException | import('./reading.js').ShortRead | TypeError} what the blob says that cannot be read;
 *   TypeError where Web Crypto is missing, that is without https
 */
export async function hash(algorithm, blob, signal, spare = []) {
  return base64(await (algorithm === 'sha256' ? sha256(blob, signal, spare) : md5(blob, signal)));
}

/** @param {Uint8Array} sum */
export function base64(sum) {
  return btoa(String.fromCharCode(...sum));
}

/** The end of the last reading of a whole part. Two at once are no faster, and each would hold a part in memory. */
let lastRead = Promise.resolve();

/**
 * @param {Blob} blob
 * @param {AbortSignal} signal
 * @param {ArrayBuffer[]} spare
 */
async function sha256(blob, signal, spare) {
  const hashing = lastRead.then(async () => {
    signal.throwIfAborted();
    // one that is too small goes: files that come by size would leave one each
    const kept = spare.pop();
    const buffer = kept && kept.byteLength >= blob.size ? kept : new ArrayBuffer(blob.size);
    const bytes = await new Reading(blob, signal).next(buffer);
    // copies the bytes before it returns, so that the next ones may be read into their place
    const sum = crypto.subtle.digest('SHA-256', bytes);
    spare.push(bytes.buffer);
    return { sum };
  });
  lastRead = hashing.then(
    () => {},
    () => {},
  );
  return new Uint8Array(await (await hashing).sum);
}

/**
 * @param {Blob} blob
 * @param {AbortSignal} signal
 */
async function md5(blob, signal) {
  const { Md5 } = await import('./md5.js');
  const sum = new Md5();
  const reading = new Reading(blob, signal);
  let buffer = new ArrayBuffer(Math.min(STEP, blob.size));
  while (reading.left > 0) {
    const bytes = await reading.next(buffer);
    sum.update(bytes);
    buffer = bytes.buffer;
  }
  return sum.digest();
}
