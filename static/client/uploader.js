/** @import { FileOptions } from './delivery.js' */
/** @import { UploadContext } from './task.js' */
/** @import { Upload } from './types.js' */
/** @import { Digests } from './ports.js' */
/** @import { Fetch } from './http.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { TokenSource } from './credential.js' */
/** @import { Transport } from './transfer.js' */

import { Coordinator } from './api.js';
import { Http } from './http.js';
import { Pool } from './pool.js';
import { browserSurroundings } from './surroundings.js';
import { xhrTransport } from './transfer.js';
import { Turns } from './turns.js';
import { UploadTask } from './task.js';

/** Browsers open six connections to one HTTP/1.1 host; more would only queue, with their URLs growing old. */
const CONCURRENCY = 6;

/**
 * @typedef {object} UploaderOptions
 * @property {string} [endpoint]  the coordinator's URL; the page's own origin unless given
 * @property {string | TokenSource | null} [token]  a Bearer token, or a function that yields one and is asked again after a 401
 * @property {number} [concurrency]  parts under way at once, over all files
 * @property {string} [policy]
 * @property {'sha256' | 'md5' | null} [digests]  the digest of every part is computed in workers and bound into its
 *   URL, so that the store refuses other bytes; null (the default): only where the service demands it
 * @property {Fetch} [fetch]
 * @property {Transport} [transport]
 * @property {Surroundings} [surroundings]
 */

/**
 * Sends files. All of them share one pool of part transfers, fairly.
 *
 * Events: `add` (detail: an UploadTask), `state` (detail: the UploadTask whose state changed).
 */
export class Uploader extends EventTarget {
  #coordinator;
  /** @type {Promise<Digests> | null} */
  #digests = null;
  #algorithm;
  #context;
  #policy;
  /** @type {UploadTask[]} */
  #uploads = [];
  /** @type {Map<string, UploadTask>} upload id to the one that sends it */
  #claimed = new Map();

  /** @param {UploaderOptions} [options] */
  constructor(options = {}) {
    super();
    const { concurrency = CONCURRENCY, surroundings = browserSurroundings } = options;
    this.#policy = options.policy;
    this.#algorithm = options.digests ?? null;
    const http = new Http({
      endpoint: options.endpoint ?? globalThis.location?.origin ?? '',
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      token: options.token ?? null,
      surroundings,
    });
    this.#coordinator = new Coordinator(http);
    /** @type {UploadContext} */
    this.#context = {
      coordinator: this.#coordinator,
      pool: new Pool(concurrency),
      files: new Pool(concurrency),
      transport: options.transport ?? xhrTransport(surroundings),
      surroundings,
      concurrency,
      turns: new Turns(),
      rival: (id, upload) => this.#rival(id, upload),
      claim: (id, upload) => this.#claimed.set(id, upload),
      hashes: Boolean(options.digests),
      openDigests: (upload) => this.#openDigests(upload),
      openPaths: async (context) => (await import('./relay.js')).openPaths(context),
    };
  }

  /** All that were added, in order. */
  get uploads() {
    return [...this.#uploads];
  }

  /** Whether leaving the page now would interrupt something. */
  get active() {
    return this.#uploads.some((upload) => upload.active);
  }

  /**
   * Begins to send a file, or goes on where an unfinished upload of the same file stopped.
   *
   * @param {File} file
   * @param {FileOptions} [options]
   * @returns {UploadTask}
   */
  add(file, options = {}) {
    const policy = options.policy ?? this.#policy;
    const upload = new UploadTask(file, this.#context, policy === undefined ? options : { ...options, policy });
    this.#uploads.push(upload);
    upload.addEventListener('state', () => this.dispatchEvent(new CustomEvent('state', { detail: upload })));
    this.dispatchEvent(new CustomEvent('add', { detail: upload }));
    return upload;
  }

  /**
   * Forgets an upload that is over or failed; the coordinator is not told.
   *
   * @param {UploadTask} upload
   */
  remove(upload) {
    this.#uploads = this.#uploads.filter((other) => other !== upload);
    for (const [id, holder] of this.#claimed) if (holder === upload) this.#claimed.delete(id);
  }

  /**
   * One's own uploads that wait for their file, apart from those in `uploads`.
   *
   * @returns {Promise<Upload[]>}
   */
  async unfinished() {
    const open = await this.#coordinator.open();
    return open.filter(({ id }) => !this.#claimed.has(id));
  }

  /**
   * Ends an unfinished upload; what it stored is cleared.
   *
   * @param {string} id
   */
  async discard(id) {
    await this.#coordinator.abort(id);
  }

  /**
   * A URL for the finished object. It is short-lived: ask when it is wanted.
   *
   * @param {string} id
   * @returns {Promise<string>}
   */
  async downloadUrl(id) {
    return (await this.#coordinator.download(id)).url;
  }

  /**
   * @param {Upload} upload
   * @returns {Promise<Digests | null>}
   */
  async #openDigests({ digests: demanded }) {
    const algorithm = demanded ?? this.#algorithm;
    if (!algorithm) return null;
    this.#digests ??= import('./digests/open.js').then(({ openDigests }) => openDigests(algorithm));
    return this.#digests;
  }

  /**
   * @param {string} id
   * @param {UploadTask} upload
   */
  #rival(id, upload) {
    const holder = this.#claimed.get(id);
    if (!holder || holder === upload || holder.state === 'failed' || holder.state === 'cancelled') return null;
    return holder.file;
  }
}
