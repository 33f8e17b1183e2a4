/** @import { StartBody } from './types.js' */

/**
 * What the coordinator is told about a file.
 *
 * @param {File} file
 * @param {object} options
 * @param {string | null} options.fingerprint
 * @param {string | undefined} options.policy
 * @param {number} options.sign  how many parts to sign with the answer
 * @returns {StartBody}
 */
export function startBody({ name, size, type }, { fingerprint, policy, sign }) {
  return {
    filename: name,
    size,
    sign,
    ...(type ? { content_type: type } : {}),
    ...(fingerprint === null ? {} : { fingerprint }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** A random UUID; crypto.randomUUID exists only over https. */
export function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
