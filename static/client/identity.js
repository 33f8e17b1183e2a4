/** Whether a file is still, or again, the one its upload began with. Reads at most 192 KiB each time. */

/** @import { Upload } from './types.js' */

import { changedFile, UploadError } from './errors.js';
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
    if (expected && expected.size !== this.#file.size) throw otherFile(expected);
    const now = await this.#read();
    if (expected && now === null) throw noFingerprint();
    if (expected && expected.fingerprint !== now) throw otherFile(expected);
    this.#known ??= { fingerprint: now };
    if (this.#known.fingerprint !== now) throw changedFile();
    return now;
  }

  async #read() {
    try {
      return await fingerprint(this.#file);
    } catch (error) {
      // browsers refuse to read a file that was modified after it was chosen
      throw this.#known ? changedFile(error) : error;
    }
  }
}

/** @param {Upload} expected */
function otherFile(expected) {
  const text =
    `This is not the file that the upload of “${expected.filename}” began with: it is another one, or it was ` +
    'changed since. Choose the original file, or discard the unfinished upload and start again.';
  return new UploadError('other_file', text);
}

function noFingerprint() {
  const text =
    'This page was not opened over https, so the browser cannot tell whether it is the same file. ' +
    'Open it over https to go on with an unfinished upload.';
  return new UploadError('no_fingerprint', text);
}
