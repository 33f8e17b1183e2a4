/** @import { FieldError } from './types.js' */

/**
 * The coordinator refused, or could not be reached (`status` 0, `code` `unreachable`).
 * Decide by `code`: it is stable. `message` is a sentence for people.
 */
export class CoordinatorError extends Error {
  /**
   * @param {number} status
   * @param {Record<string, unknown>} problem  the members of the problem document
   * @param {number | null} [retryAfter]  milliseconds the server asks for
   */
  constructor(status, problem, retryAfter = null) {
    super(String(problem.detail || problem.title || `The coordinator answered ${status}.`));
    this.name = 'CoordinatorError';
    this.status = status;
    this.code = String(problem.code || `http_${status}`);
    this.errors = /** @type {FieldError[]} */ ([problem.errors ?? []].flat());
    this.partNumbers = /** @type {number[]} */ ([problem.part_numbers ?? []].flat());
    this.retryAfter = retryAfter;
  }
}

/** Nothing answers. */
export function unreachable() {
  return new CoordinatorError(0, {
    code: 'unreachable',
    detail: 'The upload service cannot be reached. Check the connection.',
  });
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
    super(`${kind} ${status}`);
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
 * too_large         the file has more bytes than the page takes (limits.js)
 * too_small         the file has fewer
 * too_many          the page has as many files as it takes
 * wrong_type        the file is of no type that the page takes
 * stream_broken     what was to be sent as a stream broke off before its end
 * stream_too_long   the stream has more bytes than its parts may hold
 * stream_locked     somebody else reads the stream already
 * not_bytes         the stream gave something that is neither bytes nor text
 * no_digests        the page cannot compute a digest that the store enforces
 * no_permission     the browser's user does not let the page read the file again
 * file_missing      the file is no longer where it was
 * cancelled         cancelled here
 * ended             the upload ended elsewhere, or is gone
 *
 * @typedef {'file_unreadable' | 'file_changed' | 'other_file' | 'no_fingerprint' | 'already_here' | 'refused'
 *   | 'unreachable_store' | 'part_failed' | 'too_large' | 'too_small' | 'too_many' | 'wrong_type'
 *   | 'stream_broken' | 'stream_too_long' | 'stream_locked' | 'not_bytes' | 'no_digests' | 'no_permission' | 'file_missing' | 'cancelled'
 *   | 'ended'} UploadErrorCode
 */

/**
 * An upload cannot go on. Decide by `code`; `values` are what a sentence about it needs (a name, a limit).
 * `message`, in English, says what is wrong and what to do; it is filled in (words.js) before a task shows the error.
 */
export class UploadError extends Error {
  /**
   * @param {UploadErrorCode} code
   * @param {Record<string, unknown>} [values]
   * @param {unknown} [cause]
   */
  constructor(code, values = {}, cause) {
    super('', { cause });
    this.name = 'UploadError';
    this.code = code;
    this.values = values;
  }
}
