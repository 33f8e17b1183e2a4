/** @import { FieldError } from './types.js' */

/**
 * The coordinator refused, or could not be reached (`status` 0, `code` `unreachable`).
 * Decide by `code`: it is stable. `detail` is a sentence for people.
 */
export class CoordinatorError extends Error {
  /**
   * @param {number} status
   * @param {Record<string, unknown>} problem  the members of the problem document
   * @param {number | null} [retryAfter]  milliseconds the server asks for
   */
  constructor(status, problem, retryAfter = null) {
    const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : '');
    super(text(problem.detail) || text(problem.title) || `The coordinator answered ${status}.`);
    this.name = 'CoordinatorError';
    this.status = status;
    this.code = text(problem.code) || `http_${status}`;
    this.detail = this.message;
    this.errors = /** @type {FieldError[]} */ (Array.isArray(problem.errors) ? problem.errors : []);
    this.partNumbers = /** @type {number[]} */ (
      Array.isArray(problem.part_numbers) ? problem.part_numbers : []
    );
    this.retryAfter = retryAfter;
  }
}

/** One try to send one part failed. Never reaches a user of the client. */
export class TransferError extends Error {
  /**
   * @param {'status' | 'network' | 'stalled'} kind
   * @param {number} status  0 where the browser saw none
   * @param {number | null} [retryAfter]  milliseconds the store asks for
   * @param {string} [text]  the body of the refusal, as far as it was text
   */
  constructor(kind, status, retryAfter = null, text = '') {
    super(kind === 'status' ? `the store answered ${status}` : kind);
    this.name = 'TransferError';
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
    this.text = text;
  }
}

/**
 * file_unreadable   the browser cannot read the file (a folder, a missing permission)
 * file_changed      the file is no longer what it was when its upload, perhaps an earlier one, began
 * other_file        the chosen file is not the one the unfinished upload belongs to
 * no_fingerprint    the page is not served over https, so a file cannot be recognised
 * already_here      this file is being uploaded by this very page
 * refused           the store refused fresh signatures again and again
 * unreachable_store the store cannot be reached from this browser
 * part_failed       the store keeps failing on one part
 * cancelled         cancelled here
 * ended             the upload ended elsewhere, or is gone
 *
 * @typedef {'file_unreadable' | 'file_changed' | 'other_file' | 'no_fingerprint' | 'already_here' | 'refused'
 *   | 'unreachable_store' | 'part_failed' | 'cancelled' | 'ended'} UploadErrorCode
 */

/** An upload cannot go on. `message` says what is wrong and what to do. */
export class UploadError extends Error {
  /**
   * @param {UploadErrorCode} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = 'UploadError';
    this.code = code;
  }
}

/** @param {unknown} [cause] */
export function changedFile(cause) {
  const text =
    'The file was changed after its upload began, so the parts would not fit together. ' +
    'Cancel this upload and add the file again.';
  return new UploadError('file_changed', text, cause);
}
