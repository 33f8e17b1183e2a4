/** Whether a file is still, or again, the one its upload began with. Reads at most 192 KiB each time. */

/** @import { Upload } from './types.js' */

import { UploadError } from './errors.js';
import { fingerprint } from './fingerprint.js';

export class Identity {
  #file;
  #expected;
  /** @type {{ fingerprint: string | null } | null} as it was at first */
  #known = null;

  /**
   * @param {Blob} file
   * @param {Upload | null} expected  the unfinished upload that the file was chosen for
   */
  constructor(file, expected) {
    this.#file = file;
    this.#expected = expected;
  }

  /**
   * @returns {Promise<string | null>} the fingerprint; null where the page cannot compute one
   * @throws {UploadError} `file_unreadable`, `file_changed`, `other_file`, `no_fingerprint`
   */
  async check() {
    const expected = this.#expected;
    if (expected && expected.size !== this.#file.size)
      throw new UploadError('other_file', { filename: expected.filename });
    const now = await this.#read();
    if (expected && now === null) throw new UploadError('no_fingerprint');
    if (expected && expected.fingerprint !== now)
      throw new UploadError('other_file', { filename: expected.filename });
    this.#known ??= { fingerprint: now };
    if (this.#known.fingerprint !== now) throw new UploadError('file_changed');
    return now;
  }

  async #read() {
    try {
      return await fingerprint(this.#file);
    } catch (error) {
      // browsers refuse to read a file that was modified after it was chosen
      throw this.#known ? new UploadError('file_changed', {}, error) : error;
    }
  }
}
