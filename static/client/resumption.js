/**
 * Whether a file goes on with a live upload that has its fingerprint. A fingerprint samples 192 KiB at most, so
 * disk images, empty files and copies share one; a wrong guess would mix two files in one object. Therefore:
 *
 *   another file of this page sends that upload   the same file: refused as `already_here`; else another file. Where it
 *                                                 was cancelled that is waited for, and nothing is left to go on with
 *   it has another name, or place in a folder     another file, unless it was chosen for that very upload
 *   it has another modification time              goes on where it has finished parts, every one of them was recorded
 *                                                 with its digest, and agrees: some browsers do not know the time, some
 *                                                 programs touch it. Where none is finished nothing is proven: another
 *                                                 file, whose parts would mix with those of the first one, unless it was
 *                                                 chosen for that very upload. Else refused as `file_changed`: its user
 *                                                 decides
 *   the upload has none on record                 goes on: another client began it, and kept no more
 *
 * Another file gets an upload of its own. The time is kept as `last_modified` in the upload's metadata, in
 * milliseconds since 1970; a caller's own value of that name stands in for it.
 *
 * What remains: a file that differs only outside the samples and has the same name, size and modification time
 * is taken for the one its upload began with, unless its parts were recorded with digests: then those are compared.
 */

/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */
/** @import { Upload } from './types.js' */

import { clearAway } from './detour.js';
import { UploadError } from './errors.js';
import { LAST_MODIFIED, metadataOf, plain } from './opening.js';
import { abortable } from './surroundings.js';
import { changedSince, prove } from './verification.js';

/** @typedef {'same' | 'another' | 'doubtful'} Verdict  doubtful: the bytes have to tell */

/**
 * @typedef {object} Circumstances
 * @property {File | null} rival  the other file of this page that sends the upload
 * @property {boolean} chosen  whether the file was chosen for this very upload
 * @property {Record<string, string>} [metadata]  of the caller's own
 */

/** One file before the unfinished uploads that may be its own. */
export class Resumption {
  #file;
  #context;
  #options;
  #watcher;
  #proven;
  /** @type {Upload | null} the one that the file was chosen for */
  #expected;
  /** @type {Upload | null} */
  #unwanted = null;
  /** @type {Upload | null} the one that the changed file was refused for */
  standing = null;
  /** Whether it is another file than those that share its fingerprint. */
  apart = false;

  /**
   * @param {File} file
   * @param {DeliveryContext} context
   * @param {FileOptions} options
   * @param {Pick<Watcher, 'rival'>} watcher
   * @param {Set<number>} proven  gets the numbers of the parts whose bytes are the file's
   */
  constructor(file, context, options, watcher, proven) {
    this.#file = file;
    this.#context = context;
    this.#options = options;
    this.#watcher = watcher;
    this.#proven = proven;
    this.#expected = options.expected ?? null;
  }

  /** What stands in the way is discarded before the next start. */
  replace() {
    this.#unwanted = this.standing;
    this.standing = null;
  }

  /**
   * Before a start.
   *
   * @param {string | null} fingerprint
   * @param {AbortSignal} signal
   * @throws {UploadError | CoordinatorError} `other_file`, `no_fingerprint`, and what `goesOn` throws
   */
  async prepare(fingerprint, signal) {
    this.standing = null;
    await this.#discard();
    const expected = this.#expected;
    if (!expected) return;
    if (fingerprint === null) throw new UploadError('no_fingerprint');
    if (expected.fingerprint !== fingerprint)
      throw new UploadError('other_file', { filename: expected.filename });
    await this.goesOn(expected, signal);
  }

  /**
   * @param {Upload} upload
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>} false: it needs another upload; one of its own where from now on it is apart
   * @throws {UploadError | CoordinatorError} `already_here`, `file_changed`
   */
  async goesOn(upload, signal) {
    const holder = this.#watcher.rival(upload.id);
    if (holder?.state === 'cancelling') {
      // the next start finds it ended
      await abortable(holder.cancel(), signal);
      return false;
    }
    if (this.#context.ended.has(upload.id)) return false;
    const rival = /** @type {File | undefined} */ (holder?.file) ?? null;
    const chosen = this.#expected?.id === upload.id;
    try {
      const verdict = judge(this.#file, upload, { rival, chosen, metadata: this.#options.metadata });
      this.apart = verdict === 'another';
      if (verdict === 'doubtful') this.apart = !(await this.#prove(upload, chosen, signal));
    } catch (error) {
      if (!rival) this.standing = upload;
      throw error;
    }
    return !this.apart;
  }

  /**
   * @param {Upload} upload
   * @param {boolean} chosen  whether the file was chosen for this very upload
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>} false: it may be another file's
   * @throws {UploadError | CoordinatorError} `file_changed`
   */
  async #prove(upload, chosen, signal) {
    if (await prove(this.#context, this.#file, upload, this.#proven, signal)) return true;
    if (chosen) throw changedSince(upload);
    return false;
  }

  async #discard() {
    if (!this.#unwanted) return;
    const { id } = this.#unwanted;
    await clearAway(this.#context.coordinator, id);
    if (this.#expected?.id === id) this.#expected = null;
    this.#unwanted = null;
  }
}

/**
 * @param {File} file
 * @param {Upload} upload
 * @param {Circumstances} circumstances
 * @returns {Verdict} another: it needs an upload of its own
 * @throws {UploadError} `already_here`
 */
export function judge(file, upload, { rival, chosen, metadata: own }) {
  const metadata = metadataOf(file, own);
  const apart = (upload.metadata.path ?? '') !== (metadata.path ?? '');
  if (rival) {
    if (!apart && isSame(file, rival)) throw new UploadError('already_here');
    return 'another';
  }
  if (!chosen && (apart || plain(file.name) !== upload.filename)) return 'another';
  const recorded = upload.metadata[LAST_MODIFIED];
  return recorded === undefined || recorded === metadata[LAST_MODIFIED] ? 'same' : 'doubtful';
}

/**
 * @param {File} file
 * @param {File} other
 */
function isSame(file, other) {
  return file.name === other.name && file.size === other.size && file.lastModified === other.lastModified;
}
