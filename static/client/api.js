/**
 * The coordinator's HTTP contract, one method a route. Every route used here is safe to repeat, and http.js
 * repeats it: starting carries an Idempotency-Key.
 */

/** @import { Download, PartClaim, PartWish, RecordedPart, SignedPart, StartBody, Started, Upload } from './types.js' */
/** @import { CallOptions, Http } from './http.js' */

import { CoordinatorError } from './errors.js';
import { BRIEF_TRIES } from './retry.js';

export class Coordinator {
  #http;

  /** @param {Http} http */
  constructor(http) {
    this.#http = http;
  }

  /** The coordinator's clock, in milliseconds since 1970. */
  now() {
    return this.#http.now();
  }

  /**
   * @param {StartBody} body
   * @param {string} idempotencyKey
   * @returns {Promise<Started>}
   */
  async start(body, idempotencyKey) {
    const headers = { 'Idempotency-Key': idempotencyKey };
    const answer = await this.#http.call('POST', '/v1/uploads', { body, headers });
    return { created: answer.status === 201, upload: answer.body.upload, parts: answer.body.parts };
  }

  /**
   * @param {string} id
   * @param {AbortSignal} [signal]
   * @returns {Promise<Upload>}
   */
  async get(id, signal) {
    return (await this.#http.call('GET', path(id), { signal })).body;
  }

  /**
   * Whether the coordinator answers at all; asked once, whatever it says.
   *
   * @param {string} id
   * @param {AbortSignal} [signal]
   */
  async answers(id, signal) {
    try {
      await this.#http.call('GET', path(id), { signal, tries: 1 });
      return true;
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      return error.status !== 0;
    }
  }

  /**
   * Where a part goes that takes the way through the coordinator, and with which credential.
   *
   * @param {string} id
   * @param {number} number
   * @param {string | null} [refused]  the Authorization header that was answered 401
   * @returns {Promise<{ url: string, headers: Record<string, string> }>}
   */
  async relay(id, number, refused) {
    return {
      url: this.#http.url(`${path(id)}/parts/${number}`),
      headers: await this.#http.authorization(refused),
    };
  }

  /**
   * The caller's open uploads, all pages.
   *
   * @returns {Promise<Upload[]>}
   */
  async open() {
    return this.#pages('/v1/uploads', 'uploads', { state: 'open' }, { tries: BRIEF_TRIES });
  }

  /**
   * The parts that the ledger and the store hold, all pages.
   *
   * @param {string} id
   * @param {AbortSignal} [signal]
   * @returns {Promise<RecordedPart[]>}
   */
  async parts(id, signal) {
    return this.#pages(`${path(id)}/parts`, 'parts', { refresh: 'true' }, { signal });
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

  /**
   * @param {string} id
   * @returns {Promise<Download>}
   */
  async download(id) {
    return (await this.#http.call('GET', `${path(id)}/download`, { tries: BRIEF_TRIES })).body;
  }

  /**
   * @param {string} route
   * @param {string} member
   * @param {Record<string, string>} query
   * @param {CallOptions} options
   * @returns {Promise<any[]>}
   */
  async #pages(route, member, query, options) {
    const found = [];
    let cursor = null;
    do {
      const search = new URLSearchParams(cursor === null ? query : { ...query, cursor });
      const { body } = await this.#http.call('GET', `${route}?${search}`, options);
      found.push(...body[member]);
      cursor = body.next ?? null;
    } while (cursor !== null);
    return found;
  }
}

/** @param {string} id */
function path(id) {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}
