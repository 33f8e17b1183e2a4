/**
 * What is said to people about an UploadError, in English. Loaded when there is something to say; a page in
 * another language has its own words for each code and the error's values.
 */

/** @import { UploadError, UploadErrorCode } from './errors.js' */

/** @type {Partial<Record<UploadErrorCode, (values: Record<string, any>) => string>>} */
const WORDS = {
  file_unreadable: () =>
    'This file cannot be read. If it is open elsewhere, close it; a folder must be sent file by file.',
  file_changed: ({ filename, began }) =>
    filename
      ? `The file was changed since the upload of “${filename}” began (${moment(began)}), so what is stored would ` +
        'not fit together with the rest. To send the file as it is now, discard the unfinished upload first.'
      : 'The file was changed after its upload began, so the parts would not fit together. ' +
        'Cancel this upload and add the file again.',
  other_file: ({ filename }) =>
    `This is not the file that the upload of “${filename}” began with: it is another one, or it was changed ` +
    'since. Choose the original file, or discard the unfinished upload and start again.',
  no_fingerprint: () =>
    'This page was not opened over https, so the browser cannot tell whether it is the same file. ' +
    'Open it over https to go on with an unfinished upload.',
  already_here: () => 'This file is in the list already.',
  refused: () =>
    'The store refuses this upload, although it was allowed again and again. ' +
    "Its clock, its keys or its rules may be wrong: tell the service's operator, then try again.",
  unreachable_store: () =>
    'The store cannot be reached from this browser. Check the connection, or whether a firewall or an extension ' +
    'stands in the way, then try again: what was sent is kept.',
  part_failed: ({ status }) =>
    status
      ? `The store keeps failing (it answered ${status}). Try again later: what was sent is kept.`
      : 'The store does not keep what it was sent. Try again later.',
  ended: () =>
    'This upload was ended elsewhere: cancelled in another window, or by an administrator. ' +
    'Add the file again to start anew.',
  no_permission: ({ name }) =>
    `The browser may not read “${name}” again. Allow it, or choose the file yourself.`,
  file_missing: ({ name }) => `“${name}” is no longer where it was. Choose the file again.`,
  cancelled: () => 'The upload was cancelled.',
  too_many: ({ limit }) => `At most ${limit} files can be sent here. Remove one first.`,
  too_large: ({ name, size, limit }) => `“${name}” has ${size} bytes; at most ${limit} are taken here.`,
  too_small: ({ name, size, limit }) => `“${name}” has ${size} bytes; at least ${limit} are needed.`,
  wrong_type: ({ name, types }) => `“${name}” is not of a type taken here: ${types.join(', ')}.`,
  stream_broken: () =>
    'What was to be sent broke off before its end: the recording or the other program stopped. Start it again.',
  stream_too_long: ({ limit, partSize }) =>
    `A stream that is sent in parts of ${partSize} bytes may have ${limit} bytes, and this one has more. ` +
    'Send it again in larger parts: `partSize` of `addStream`, 5 MiB to 5 GiB, if the service takes it.',
  stream_locked: () => 'The stream is being read already. Give one that nobody else reads.',
  not_bytes: () =>
    'The stream gave something that is neither bytes nor text. Give Uint8Arrays, ArrayBuffers or text.',
  no_digests: () =>
    'The store wants a digest of every part that this browser cannot compute: the page was not opened over https. ' +
    'Open it over https.',
};

/** @param {string} time */
function moment(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** @param {UploadError} error  gets its message, unless it has one */
export function tell(error) {
  error.message ||= WORDS[error.code]?.(error.values) ?? error.code;
}
