/** Digests of parts, computed in workers, wherever the client's modules came from; on the page where it can have none. */

/** @import { Digests } from '../ports.js' */
/** @import { Upload } from '../types.js' */
/** @import { Algorithm } from './hashing.js' */

import { UploadError } from '../errors.js';
import { browserSurroundings } from '../surroundings.js';
// named for hashing.js: all are asked for at once
import './reading.js';
import { Crew } from './crew.js';
import { hash } from './hashing.js';
import { hire } from './hiring.js';

/** @typedef {Pick<Crew, 'hash'>} Hasher */

/** Web Crypto takes a part's bytes at once: larger ones are read in steps, for MD5, where the store enforces it. */
const MOST_AT_ONCE = 64 * 2 ** 20;

/** @type {WeakMap<object, Hasher>} */
const hashers = new WeakMap();

/**
 * The workers of one Uploader.
 *
 * @param {{ digests?: 'on' | Algorithm | null }} owner
 * @returns {Hasher}
 */
export function hasherOf(owner) {
  const hasher = hashers.get(owner) ?? openHasher(owner.digests === 'md5' ? 'md5' : 'sha256');
  hashers.set(owner, hasher);
  return hasher;
}

/**
 * @param {Algorithm} [likely]  to be asked for first
 * @returns {Hasher}
 */
export function openHasher(likely = 'sha256') {
  const crew = new Crew({
    hire,
    alone: ({ algorithm, blob, signal }) => hash(algorithm, blob, signal),
    after: browserSurroundings.after,
    now: browserSurroundings.now,
  });
  crew.warm(likely);
  // what is needed next, on its way while the upload is started
  import('../wishes.js').catch(() => {});
  return crew;
}

/**
 * @param {Algorithm} algorithm
 * @param {Hasher} hasher
 * @returns {Digests}
 */
export function openDigests(algorithm, hasher) {
  return {
    of: async (_number, blob, signal) => ({ [algorithm]: await digestOf(hasher, algorithm, blob, signal) }),
  };
}

/**
 * What the parts of an upload are bound to: the first algorithm that the store enforces and this page can compute.
 *
 * @param {Upload} upload
 * @param {'on' | Algorithm | null | undefined} wanted  by whoever made the page; null: only what the policy requires
 * @param {Hasher} hasher
 * @returns {Digests | null} null: the policy has them left off
 * @throws {UploadError} `no_digests`
 */
export function digestsFor({ part_digests: told, part_size: size }, wanted, hasher) {
  if (wanted === 'on' && told?.rule === 'off') return null;
  /** @type {Algorithm[]} */
  const enforced = told?.algorithms ?? (wanted === 'sha256' ? ['sha256', 'md5'] : ['md5']);
  const usable = enforced.filter(
    (algorithm) =>
      algorithm === 'md5' ||
      (Boolean(globalThis.crypto?.subtle) && (size <= MOST_AT_ONCE || !enforced.includes('md5'))),
  );
  const chosen = usable.find((algorithm) => algorithm === wanted) ?? usable[0];
  if (!chosen) throw new UploadError('no_digests');
  return openDigests(chosen, hasher);
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
