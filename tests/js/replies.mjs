/** What the coordinator in memory answers beside its main line. */

/** @import { Reply } from './coordinator.mjs' */
/** @import { PartWish } from '../../static/client/types.js' */

/**
 * A part of a stream that is smaller than the others is its last.
 *
 * @param {any} upload
 * @param {PartWish[]} wishes
 * @returns {Reply | null}
 */
export function streamEnds(upload, wishes) {
  if (upload.size !== null) return null;
  const last = wishes.find(({ size }) => (size ?? 0) < upload.part_size);
  if (last) upload.part_count = last.part_number;
  const beyond = wishes.some(({ part_number }) => part_number > (upload.part_count ?? Infinity));
  return beyond ? problem(409, 'stream_ended') : null;
}

/**
 * @param {PartWish[]} wishes
 * @param {number} number
 */
export function sizeIn(wishes, number) {
  const size = wishes.find((wish) => wish.part_number === number)?.size;
  return size === undefined ? {} : { size };
}

/**
 * @param {number} status
 * @param {string} code
 * @param {Record<string, unknown>} [members]
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
export function problem(status, code, members = {}, headers = {}) {
  const body = { type: 'about:blank', title: code, status, detail: `detail of ${code}`, code, ...members };
  return { status, body, headers };
}

/**
 * What an upload says of itself besides what its start asked for.
 *
 * @param {string} id
 * @param {string} now  RFC 3339
 */
export function standing(id, now) {
  return {
    reason_text: null,
    tenant: 'default',
    owner: 'somebody',
    bucket: 'uploads',
    key: `default/somebody/${id}/file`,
    bytes_per_second: null,
    seconds_left: null,
    etag: null,
    version_id: null,
    digest: null,
    created_at: now,
    updated_at: now,
    expires_at: now,
    completed_at: null,
  };
}
