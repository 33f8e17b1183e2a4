/**
 * Whether a file goes on with a live upload that has its fingerprint. A fingerprint samples 192 KiB at most, so
 * disk images, empty files and copies share one; a wrong guess would mix two files in one object. Therefore:
 *
 *   another file of this page sends that upload   the same file: refused as `already_here`; else another file
 *   it has another name                           another file, unless it was chosen for that very upload
 *   it has another modification time              refused as `file_changed`: its user decides
 *   the upload has none on record                 goes on: another client began it, and kept no more
 *
 * Another file gets an upload of its own. The time is kept as `last_modified` in the upload's metadata, in
 * milliseconds since 1970; a caller's own value of that name stands in for it.
 *
 * What remains: a file that differs only outside the samples and has the same name, size and modification time
 * is taken for the one its upload began with. Only its digest could tell, and that would be to read it whole.
 */

/** @import { Upload } from './types.js' */

import { UploadError } from './errors.js';

const LAST_MODIFIED = 'last_modified';

/**
 * @typedef {object} Circumstances
 * @property {File | null} rival  the other file of this page that sends the upload
 * @property {boolean} chosen  whether the file was chosen for this very upload
 * @property {Record<string, string>} metadata  what a start of the file says
 */

/**
 * What is kept with an upload of the file.
 *
 * @param {File} file
 * @param {Record<string, string>} [own]  the caller's
 * @returns {Record<string, string>}
 */
export function metadataOf(file, own = {}) {
  return { [LAST_MODIFIED]: String(file.lastModified), ...own };
}

/**
 * @param {File} file
 * @param {Upload} upload
 * @param {Circumstances} circumstances
 * @returns {boolean} false: it is another file and needs an upload of its own
 * @throws {UploadError} `already_here`, `file_changed`
 */
export function goesOn(file, upload, { rival, chosen, metadata }) {
  if (rival) {
    if (isSame(file, rival)) throw new UploadError('already_here');
    return false;
  }
  if (!chosen && file.name !== upload.filename) return false;
  const recorded = upload.metadata[LAST_MODIFIED];
  if (recorded !== undefined && recorded !== metadata[LAST_MODIFIED])
    throw new UploadError('file_changed', { filename: upload.filename, began: upload.created_at });
  return true;
}

/**
 * @param {File} file
 * @param {File} other
 */
function isSame(file, other) {
  return file.name === other.name && file.size === other.size && file.lastModified === other.lastModified;
}
