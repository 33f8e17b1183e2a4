/**
 * JSON calls to the coordinator. A call repeats itself by the class of its failure (retry.js), waits while
 * there is no network or no token can be had, and asks for another token after a 401. Only calls that are safe to
 * repeat may be made.
 */

/** @import { Surroundings } from './surroundings.js' */
/** @import { TokenSource } from './credential.js' */

import { Credential } from './credential.js';
import { CoordinatorError, unreachable } from './errors.js';
import { PATIENT_TRIES, parseRetryAfter, patiently } from './retry.js';
import { abortable, onAbort } from './surroundings.js';

const TIMEOUT_MS = 30_000;
const MOST_RENEWALS = 5;

/** @typedef {typeof globalThis.fetch} Fetch */

/**
 * @typedef {object} CallOptions
 * @property {object} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {AbortSignal} [hurry]  ends the waiting for a token and between tries; a try under way goes on
 * @property {number} [tries]
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {number | null} retryAfter  milliseconds
 * @property {any} body
 */

export class Http {
  #base;
  #fetch;
  #skew = 0;

  /**
   * @param {object} options
   * @param {string} [options.endpoint]  the coordinator's origin, with its path prefix where it has one; by default the
   *   page's
   * @param {Fetch} [options.fetch]
   * @param {TokenSource | string | null} [options.token]
   * @param {Surroundings} options.surroundings
   */
  constructor({
    endpoint = globalThis.location?.origin ?? '',
    fetch = globalThis.fetch,
    token = null,
    surroundings,
  }) {
    this.#base = endpoint.replace(/\/+$/, '');
    this.#fetch = fetch.bind(globalThis);
    /** @readonly */
    this.credential = new Credential(token);
    /** @readonly */
    this.surroundings = surroundings;
  }

  /** The coordinator's clock, as far as its Date header could be read; else our own. Milliseconds since 1970. */
  now() {
    return this.surroundings.now() + this.#skew;
  }

  /** @param {string} route */
  url(route) {
    return this.#base + route;
  }

  /**
   * @param {string} method
   * @param {string} route
   * @param {CallOptions} options
   * @returns {Promise<Answer>}
   * @throws {CoordinatorError} or what the source of the token threw
   */
  call(method, route, options) {
    const { signal, hurry = signal, tries = PATIENT_TRIES } = options;
    const attempt = async () => {
      for (let renewals = 0; ; renewals += 1) {
        const token = await abortable(this.credential.current(), hurry);
        try {
          return await this.#once(method, route, token, options);
        } catch (error) {
          const { status } = /** @type {any} */ (error);
          if (status !== 401 || renewals >= MOST_RENEWALS) throw error;
          if (!(await abortable(this.credential.renew(token), hurry))) throw error;
        }
      }
    };
    return patiently(attempt, tries, this.surroundings, hurry);
  }

  /**
   * @param {string} method
   * @param {string} route
   * @param {string | null} token
   * @param {CallOptions} options
   * @returns {Promise<Answer>}
   */
  async #once(method, route, token, { body, headers = {}, signal }) {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const forget = [
      onAbort(signal, () => stop.abort()),
      this.surroundings.after(TIMEOUT_MS, () => stop.abort()),
    ];
    try {
      const response = await this.#fetch(this.url(route), {
        method,
        headers: {
          ...(body && { 'Content-Type': 'application/json' }),
          ...bearer(token),
          ...headers,
        },
        body: JSON.stringify(body),
        cache: 'no-store',
        signal: stop.signal,
      });
      return await this.#read(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CoordinatorError) throw error;
      throw unreachable();
    } finally {
      for (const call of forget) call();
    }
  }

  /**
   * @param {Response} response
   * @returns {Promise<Answer>}
   */
  async #read(response) {
    const { status, headers } = response;
    const date = Date.parse(headers.get('Date') ?? '');
    if (!Number.isNaN(date)) this.#skew = date - this.surroundings.now();
    const retryAfter = parseRetryAfter(headers.get('Retry-After'), this.now());
    if (response.ok) return { status, retryAfter, body: await response.json() };
    const problem = await response.json().catch(() => null);
    throw new CoordinatorError(status, problem ?? {}, retryAfter);
  }
}

/**
 * @param {string | null} token
 * @returns {Record<string, string>}
 */
export function bearer(token) {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}
