/** What went wrong with an upload, in the user's language, and what to do about it. */

/** @import { Key, Words } from './words.js' */

import { CoordinatorError, UploadError } from '../errors.js';
import { sayTypes } from './limits.js';
import { isolated } from './words.js';

/** @type {Record<string, Key>} codes of UploadError whose text needs nothing more */
const LOCAL = {
  file_unreadable: 'fileUnreadable',
  file_changed: 'fileChanged',
  other_file: 'otherFile',
  no_fingerprint: 'noFingerprint',
  no_permission: 'noPermission',
  file_missing: 'fileMissing',
  already_here: 'alreadyHere',
  refused: 'storeRefused',
  unreachable_store: 'storeUnreachable',
  part_failed: 'partFailed',
  stream_broken: 'streamBroken',
  stream_locked: 'streamBroken',
  not_bytes: 'streamBroken',
  no_digests: 'noDigests',
  ended: 'ended',
};

/** @type {Record<string, Key>} codes of problem documents */
const REMOTE = {
  unreachable: 'unreachable',
  unauthenticated: 'unauthenticated',
  token_expired: 'unauthenticated',
  forbidden: 'forbidden',
  quota_exceeded: 'quotaExceeded',
  size_not_allowed: 'sizeRefused',
  unavailable: 'serviceBusy',
  storage_unavailable: 'serviceBusy',
  database_unavailable: 'serviceBusy',
  storage_misconfigured: 'misconfigured',
};

/** Paths of a start's members that hold names. */
const NAMED = /^\$\.(filename|metadata)$/;

/** Trying again with the same file cannot help. */
const FINAL = new Set([
  'other_file',
  'already_here',
  'file_changed',
  'ended',
  'no_fingerprint',
  'stream_broken',
  'stream_too_long',
  'stream_locked',
  'not_bytes',
  'no_digests',
  'too_large',
  'too_small',
  'wrong_type',
  'too_many',
  'validation_failed',
  'size_not_allowed',
  'unknown_policy',
  'forbidden',
]);

/** @param {unknown} error */
export function isFinal(error) {
  return (error instanceof UploadError || error instanceof CoordinatorError) && FINAL.has(error.code);
}

/**
 * What went wrong, and what to do.
 *
 * @param {Words} words
 * @param {unknown} error
 */
export function explain(words, error) {
  if (error instanceof UploadError) return explainHere(words, error);
  if (error instanceof CoordinatorError) return explainRefusal(words, error);
  return words.say('localFailure', {
    detail: isolated(error instanceof Error ? error.message : String(error)),
  });
}

/**
 * @param {Words} words
 * @param {UploadError} error
 */
function explainHere(words, { code, values, message }) {
  const { limit, types, filename, began } = /** @type {Record<string, any>} */ (values);
  if (code === 'too_large' || code === 'stream_too_long')
    return words.say('tooLarge', { limit: words.size(limit) });
  if (code === 'too_small') return words.say('tooSmall', { limit: words.size(limit) });
  if (code === 'too_many') return words.say('tooMany', { count: limit });
  if (code === 'wrong_type') return words.say('wrongType', { types: sayTypes(words, types) });
  if (code === 'file_changed' && filename) {
    return words.say('fileChangedBefore', { name: isolated(filename), when: words.date(began) });
  }
  const key = LOCAL[code];
  return key ? words.say(key) : message;
}

/**
 * The service says more than a code about what it refuses, in English.
 *
 * @param {Words} words
 * @param {CoordinatorError} error
 */
function explainRefusal(words, { code, message, status, errors }) {
  if (errors.some(({ path }) => NAMED.test(path))) return words.say('nameRefused');
  if (errors.some(({ path }) => path === '$.content_type')) return words.say('typeRefused');
  const key = REMOTE[code] ?? (status >= 500 ? 'serviceBusy' : undefined);
  return key ? words.say(key) : words.say('refusedWith', { detail: isolated(message) });
}
