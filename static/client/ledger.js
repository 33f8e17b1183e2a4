/** What the coordinator knows of uploads and their parts, how one is ended, and how a part takes the way through it. */

/** @import { Download, RecordedPart, Upload } from './types.js' */
/** @import { CallOptions, Http } from './http.js' */

import { path } from './api.js';
import { CoordinatorError } from './errors.js';
import { bearer } from './http.js';
import { BRIEF_TRIES, PATIENT_TRIES, patiently } from './retry.js';
import { abortable } from './surroundings.js';

export class Ledger {
  #http;

  /** @param {Http} http */
  constructor(http) {
    this.#http = http;
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
   * Whether the coordinator answers at all; asked once, whatever it says. Without a token nobody knows.
   *
   * @param {string} id
   * @param {AbortSignal} [signal]
   */
  async answers(id, signal) {
    try {
      await this.#http.call('GET', path(id), { signal, tries: 1 });
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      return error instanceof CoordinatorError && error.status !== 0;
    }
  }

  /**
   * Where a part goes that takes the way through the coordinator, and with which credential.
   *
   * @param {string} id
   * @param {number} number
   * @param {AbortSignal} signal
   * @param {string | null} [refused]  the Authorization header that was answered 401
   * @returns {Promise<{ url: string, headers: Record<string, string> }>}
   */
  async relay(id, number, signal, refused) {
    const { credential, surroundings } = this.#http;
    const renewed = async () => {
      if (refused) await abortable(credential.renew(refused.replace(/^Bearer /, '')), signal);
      return abortable(credential.current(), signal);
    };
    const token = await patiently(renewed, PATIENT_TRIES, surroundings, signal);
    return { url: this.#http.url(`${path(id)}/parts/${number}`), headers: bearer(token) };
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
