/**
 * The fingerprint by which an unfinished upload finds its file again. Exactly:
 *
 *     SHA-256( size as 8 bytes, big-endian, unsigned
 *              || the whole file                                              if size <= 196,608
 *              || bytes [0, 65,536)
 *              || bytes [floor((size - 65,536) / 2), + 65,536)
 *              || bytes [size - 65,536, size)                                 otherwise )
 *
 * written as 64 lower-case hexadecimal digits. The Python client computes the same;
 * tests/js/fingerprint_vectors.json holds both to it. At most 192 KiB are read, whatever the size.
 * It recognises a file, it does not prove its content.
 */

import { UploadError } from './errors.js';

const SAMPLE = 65_536;

/**
 * @param {Blob} file
 * @returns {Promise<string | null>} null where the page has no Web Crypto, that is without https
 * @throws {UploadError} `file_unreadable`
 */
export async function fingerprint(file) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  const head = new DataView(new ArrayBuffer(8));
  head.setBigUint64(0, BigInt(file.size));
  const sampled = new Blob([head.buffer, ...samples(file)]);
  return hex(
    new Uint8Array(await subtle.digest('SHA-256', await read(sampled, Math.min(file.size, 3 * SAMPLE) + 8))),
  );
}

/**
 * @param {Blob} file
 * @returns {Blob[]}
 */
function samples(file) {
  const { size } = file;
  if (size <= 3 * SAMPLE) return [file];
  const middle = Math.floor((size - SAMPLE) / 2);
  return [0, middle, size - SAMPLE].map((offset) => file.slice(offset, offset + SAMPLE));
}

/**
 * @param {Blob} sampled
 * @param {number} size  that it must have
 */
async function read(sampled, size) {
  const bytes = await sampled.arrayBuffer().catch((error) => {
    throw new UploadError('file_unreadable', {}, error);
  });
  if (bytes.byteLength !== size) throw new UploadError('file_unreadable');
  return bytes;
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
