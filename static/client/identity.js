/** Whether a file is still, or again, the one its upload began with. Reads at most 192 KiB each time. */

import { UploadError } from './errors.js';
import { fingerprint } from './fingerprint.js';

export class Identity {
  #file;
  /** @type {string | null} the fingerprint as it was at first */
  #known = null;

  /** @param {Blob} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * @returns {Promise<string | null>} the fingerprint; null where the page cannot compute one
   * @throws {UploadError} `file_unreadable`, `file_changed`
   */
  async check() {
    const now = await fingerprint(this.#file).catch((error) => {
      // browsers refuse to read a file that was modified after it was chosen
      throw this.#known ? new UploadError('file_changed', {}, error) : error;
    });
    this.#known ??= now;
    if (this.#known !== now) throw new UploadError('file_changed');
    return now;
  }
}
