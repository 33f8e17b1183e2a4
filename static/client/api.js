/**
 * The coordinator's HTTP contract, one method a route, as far as a plain upload needs it; the rest: ledger.js. Every route used here is safe to repeat, and http.js
 * repeats it: starting carries an Idempotency-Key.
 */

/** @import { PartClaim, PartWish, SignedPart, StartBody, Started, Upload } from './types.js' */
/** @import { Http } from './http.js' */

import { BRIEF_TRIES } from './retry.js';

export class Coordinator {
  #http;

  /** @param {Http} http */
  constructor(http) {
    this.#http = http;
  }

  /** The calls that read; loaded when something is to be read. */
  async ledger() {
    return new (await import('./ledger.js')).Ledger(this.#http);
  }

  /** The coordinator's clock, in milliseconds since 1970. */
  now() {
    return this.#http.now();
  }

  /**
   * @param {StartBody} body
   * @param {string} idempotencyKey
   * @param {AbortSignal} [hurry]  no further try once it is aborted; the one under way is waited for
   * @returns {Promise<Started>}
   */
  async start(body, idempotencyKey, hurry) {
    const headers = { 'Idempotency-Key': idempotencyKey };
    const answer = await this.#http.call('POST', '/v1/uploads', { body, headers, hurry });
    return { created: answer.status === 201, upload: answer.body.upload, parts: answer.body.parts };
  }

  /**
   * @param {string} id
   * @param {PartWish[]} parts  at most 1,000
   * @param {AbortSignal} [signal]
   * @returns {Promise<SignedPart[]>}
   */
  async sign(id, parts, signal) {
    const body = { parts };
    return (await this.#http.call('POST', `${path(id)}/parts/sign`, { body, signal })).body.parts;
  }

  /**
   * @param {string} id
   * @param {PartClaim[]} claims  at most 1,000
   * @param {AbortSignal} [signal]
   * @returns {Promise<Upload>}
   */
  async report(id, claims, signal) {
    return (await this.#http.call('PUT', `${path(id)}/parts`, { body: { parts: claims }, signal })).body;
  }

  /**
   * @param {string} id
   * @param {number | null} size  of a stream; null: known from the start
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ upload: Upload, retryAfter: number | null }>} the wait is in milliseconds
   */
  async complete(id, size, signal) {
    const body = size === null ? {} : { size };
    const answer = await this.#http.call('POST', `${path(id)}/complete`, { body, signal });
    return { upload: answer.body, retryAfter: answer.retryAfter };
  }

  /**
   * @param {string} id
   * @returns {Promise<Upload>}
   */
  async abort(id) {
    return (await this.#http.call('DELETE', path(id), { tries: BRIEF_TRIES })).body;
  }
}

/** @param {string} id */
export function path(id) {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}
