/**
 * The coordinator's HTTP contract, one method a route, as far as a plain upload needs it; the rest: ledger.js. Every
 * route used here is safe to repeat, and http.js repeats it: starting carries an Idempotency-Key.
 */

/** @import { PartClaim, PartWish, SignedPart, StartBody, Started, Upload } from './types.js' */
/** @import { Http } from './http.js' */
/** @import { Load } from './loading.js' */

export class Coordinator {
  #http;
  #load;

  /**
   * @param {Http} http
   * @param {Load} load
   */
  constructor(http, load) {
    this.#http = http;
    this.#load = load;
  }

  /**
   * The calls beside a plain upload's; loaded when one is made.
   *
   * @param {AbortSignal} [signal]
   */
  async ledger(signal) {
    const { Ledger } = await this.#load(() => import('./ledger.js'), signal);
    return new Ledger(this.#http);
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
    const { status, body: started } = await this.#http.call('POST', '/v1/uploads', { body, headers, hurry });
    return { created: status === 201, ...started };
  }

  /**
   * @param {string} id
   * @param {PartWish[]} parts  at most 1,000
   * @param {AbortSignal} [signal]
   * @returns {Promise<SignedPart[]>}
   */
  async sign(id, parts, signal) {
    return (await this.#http.call('POST', `${path(id)}/parts/sign`, { body: { parts }, signal })).body.parts;
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
   * @param {number | undefined} size  of a stream; undefined: known from the start
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ upload: Upload, retryAfter: number | null }>} the wait is in milliseconds
   */
  async complete(id, size, signal) {
    const route = `${path(id)}/complete`;
    const { body: upload, retryAfter } = await this.#http.call('POST', route, { body: { size }, signal });
    return { upload, retryAfter };
  }
}

/** @param {string} id */
export function path(id) {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}
