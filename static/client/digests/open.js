/** Digests of parts, computed off the main thread. */

/** @import { Digests } from '../ports.js' */
/** @import { Algorithm } from './hashing.js' */

import { UploadError } from '../errors.js';
import { browserSurroundings } from '../surroundings.js';
import { Crew } from './crew.js';
import { hash } from './hashing.js';

/** @typedef {Pick<Crew, 'hash'>} Hasher */

/**
 * The workers of one page; an Uploader needs one.
 *
 * @returns {Hasher}
 */
export function openHasher() {
  return new Crew({
    hire: () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
    alone: ({ algorithm, blob, signal }) => hash(algorithm, blob, signal),
    after: browserSurroundings.after,
  });
}

/**
 * @param {Algorithm} algorithm
 * @param {Hasher} [hasher]
 * @returns {Digests}
 */
export function openDigests(algorithm, hasher = openHasher()) {
  return {
    of: async (_number, blob, signal) => ({ [algorithm]: await digestOf(hasher, algorithm, blob, signal) }),
  };
}

/**
 * @param {Hasher} hasher
 * @param {Algorithm} algorithm
 * @param {Blob} blob
 * @param {AbortSignal} signal
 * @throws {UploadError} `file_changed`
 */
export async function digestOf(hasher, algorithm, blob, signal) {
  try {
    return await hasher.hash(algorithm, blob, signal);
  } catch (error) {
    // browsers refuse to read a file that was modified, moved or deleted after it was chosen
    throw isUnreadable(error) ? new UploadError('file_changed', {}, error) : error;
  }
}

/** @param {unknown} error */
function isUnreadable(error) {
  return error instanceof Error && ['NotReadableError', 'NotFoundError', 'ShortRead'].includes(error.name);
}
