/** @import { FileOptions, Watcher } from './delivery.js' */
/** @import { TargetOf, UploaderEventMap } from './events.js' */
/** @import { Fetch } from './http.js' */
/** @import { Limits } from './limits.js' */
/** @import { Resumable } from './resumable.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Content, Delivering, UploadContext } from './task.js' */
/** @import { TokenSource } from './credential.js' */
/** @import { Transport } from './transfer.js' */
/** @import { Upload } from './types.js' */

import { Coordinator } from './api.js';
import { Delivery } from './delivery.js';
import { Http } from './http.js';
import { loading } from './loading.js';
import { Pace } from './pace.js';
import { Pool } from './pool.js';
import { browserSurroundings } from './surroundings.js';
import { UploadTask } from './task.js';
import { xhrTransport } from './transfer.js';
import { Turns } from './turns.js';

/** Files under way at once: large ones are finished one after the other, small ones wait mostly for answers. */
const LARGE_AT_ONCE = 6;
const SMALL_AT_ONCE = 18;

/**
 * @typedef {object} UploaderOptions
 * @property {string} [endpoint]  the coordinator's URL; the page's own origin unless given
 * @property {string | TokenSource | null} [token]  a Bearer token, or a function that yields one and is asked again after a 401
 * @property {number} [concurrency]  the most parts under way at once, over all files; without it as many as the
 *   connection makes use of (pace.js): 6 at most over HTTP/1.1, 16 over HTTP/2 and 3
 * @property {string} [policy]
 * @property {'on' | 'sha256' | 'md5' | null} [digests]  the digest of every part is computed in workers and bound into
 *   its URL, so that the store refuses other bytes. Null, the default: only where the policy requires it. `on`:
 *   wherever it is not switched off, with the best that the store enforces
 * @property {Limits} [limits]  what is not taken is refused before anything is sent
 * @property {number} [rateLimit]  bytes a second, on average and over all files. A browser cannot slow down a part
 *   that is on its way: parts are held back instead, so the line is busy by turns (rate_limit.js)
 * @property {Fetch} [fetch]
 * @property {Transport} [transport]
 * @property {Surroundings} [surroundings]
 */

/**
 * Sends files. All of them share one pool of part transfers, fairly.
 *
 * Events: `add` (detail: an UploadTask), `state` (detail: the UploadTask whose state changed). Each UploadTask has
 * events of its own (task.js).
 */
export class Uploader extends /** @type {TargetOf<UploaderEventMap>} */ (EventTarget) {
  /** @type {UploadContext} */
  #context;
  #options;
  /** @type {Set<UploadTask>} */
  #uploads = new Set();

  /**
   * @param {UploaderOptions} [options]
   * @throws {RangeError}
   */
  constructor(options = {}) {
    super();
    const { surroundings = browserSurroundings, concurrency, rateLimit, digests } = options;
    if (!((concurrency ?? 1) >= 1 && (rateLimit ?? 0) >= 0))
      throw new RangeError('concurrency is at least 1, rateLimit at least 0');
    const pool = new Pool(1);
    const load = loading(surroundings);
    this.#options = options;
    const http = new Http({ ...options, surroundings });
    this.#context = {
      coordinator: new Coordinator(http, load),
      pool,
      pace: new Pace(pool, concurrency, surroundings),
      large: new Pool(LARGE_AT_ONCE),
      small: new Pool(SMALL_AT_ONCE),
      transport: options.transport ?? xhrTransport(surroundings),
      throttle: rateLimit
        ? async (bytes, signal) =>
            (await load(() => import('./rate_limit.js'), signal))
              .limitOf(this, rateLimit, surroundings)
              .take(bytes, signal)
        : undefined,
      surroundings,
      load,
      turns: new Turns(),
      claimed: new Map(),
      forgotten: new WeakSet(),
      ended: new Set(),
      digests,
    };
  }

  /** All that were added, in order. */
  get uploads() {
    return [...this.#uploads];
  }

  /** Whether leaving the page now would interrupt something. */
  get active() {
    return this.uploads.some((upload) => upload.active);
  }

  /** How many parts may be under way at once, as of now. */
  get concurrency() {
    return this.#context.pool.places;
  }

  /**
   * Begins to send a file, or goes on where an unfinished upload of the same file stopped. What the page does not
   * take fails at once, with the error that says why.
   *
   * @param {File} file
   * @param {FileOptions} [options]
   * @returns {UploadTask}
   */
  add(file, options = {}) {
    const { load } = this.#context;
    const upload = this.#take(file, options, async (settled, watcher, signal) => {
      const gzip = settled.gzip ? await load(() => import('./gzip.js'), signal) : null;
      return (
        gzip?.compressing(file, this.#context, settled, watcher) ??
        new Delivery(file, this.#context, settled, watcher)
      );
    });
    const { handle } = options;
    if (handle)
      load(() => import('./handles.js'))
        .then((handles) => handles.keepWhileUnfinished(upload, handle, this.#context.ended))
        .catch(() => {});
    return upload;
  }

  /**
   * Sends what has no known length: it is read as its parts are sent, and ends when the stream does. It may be
   * paused and outlives every outage; a reload ends it, as nothing could read its bytes again. Its pieces are bytes in
   * any form, or text, which is sent as UTF-8. A stream that somebody reads already fails as `stream_locked`.
   *
   * @param {ReadableStream<BufferSource | string>} stream
   * @param {{ name: string, type?: string, partSize?: number } & FileOptions} options  `partSize`, in bytes, bounds the
   *   stream's length: at most 10,000 parts
   * @returns {UploadTask}
   */
  addStream(stream, { name, type = '', ...options }) {
    const content = { name, size: null, type };
    const upload = this.#take(content, options, async (settled, watcher, signal) => {
      const { StreamDelivery } = await this.#context.load(() => import('./stream_delivery.js'), signal);
      return new StreamDelivery(stream, content, this.#context, settled, watcher);
    });
    // perhaps before anything read it
    upload.addEventListener('state', ({ detail }) => {
      if (detail === 'cancelled') stream.cancel().catch(() => {});
    });
    return upload;
  }

  /**
   * Forgets an upload that is over, failed or paused; the coordinator is not told. One that is under way is cancelled,
   * and that of a stream always: nobody else could go on with it. One that is finishing goes on.
   *
   * @param {UploadTask} upload
   * @returns {Promise<void>} when nothing is left of it
   */
  async remove(upload) {
    this.#uploads.delete(upload);
    // until then the same file, added again, must not go on with it
    if (upload.file.size === null || !['paused', 'failed'].includes(upload.state)) await upload.cancel();
    this.#context.forgotten.add(upload);
    for (const [id, holder] of this.#context.claimed) if (holder === upload) this.#context.claimed.delete(id);
  }

  /**
   * One's own uploads that wait for their file, apart from those in `uploads`.
   *
   * @returns {Promise<Upload[]>}
   */
  async unfinished() {
    const open = await (await this.#ledger()).open();
    return open.filter(({ id }) => !this.#context.claimed.has(id));
  }

  /**
   * The same, with the handles of those files that need not be chosen again.
   *
   * @param {(found: Resumable[]) => void} [onHandles]  told, once, those whose handles came after 2 seconds or more
   * @returns {Promise<Resumable[]>}
   */
  async resumable(onHandles) {
    const { resumable } = await this.#context.load(() => import('./resumable.js'));
    return resumable(await this.unfinished(), this.#context.surroundings, onHandles);
  }

  /**
   * Goes on with one of them without its file being chosen again. To be called upon a click: the browser may ask.
   *
   * @param {Resumable} found  with a handle
   * @returns {Promise<UploadTask>}
   * @throws {UploadError} `no_permission`, `file_missing`: then the file is to be chosen
   */
  async resumeFrom(found) {
    const { resumeFrom } = await this.#context.load(() => import('./resumable.js'));
    return resumeFrom(this, found);
  }

  /**
   * Ends an unfinished upload; what it stored is cleared.
   *
   * @param {string} id
   */
  async discard(id) {
    const { discard } = await this.#context.load(() => import('./resumable.js'));
    await discard(await this.#ledger(), id);
  }

  /**
   * A URL for the finished object. It is short-lived: ask when it is wanted.
   *
   * @param {string} id
   * @returns {Promise<string>}
   */
  async downloadUrl(id) {
    return (await (await this.#ledger()).download(id)).url;
  }

  #ledger() {
    return this.#context.coordinator.ledger();
  }

  /**
   * @param {File | Content} file
   * @param {FileOptions} options
   * @param {(settled: FileOptions, watcher: Watcher, signal: AbortSignal) => Promise<Delivering>} deliver
   */
  #take(file, options, deliver) {
    const { limits } = this.#options;
    const { digests, load } = this.#context;
    // a worker takes as long to start as the upload
    if (digests)
      load(() => import('./digests/open.js')).then(
        ({ hasherOf }) => hasherOf(this.#context),
        () => {},
      );
    const settled = { ...options, ...this.#settled(file, options) };
    const admit = async (/** @type {Watcher} */ watcher, /** @type {AbortSignal} */ signal) => {
      if (limits) (await load(() => import('./limits.js'), signal)).admit(upload, this.#uploads, limits);
      return deliver(settled, watcher, signal);
    };
    const upload = new UploadTask(file, this.#context, admit, options.signal);
    this.#uploads.add(upload);
    const tell = (/** @type {string} */ type) => this.dispatchEvent(new CustomEvent(type, { detail: upload }));
    upload.addEventListener('state', () => tell('state'));
    tell('add');
    return upload;
  }

  /**
   * @param {File | Content} file
   * @param {FileOptions} options
   * @returns {FileOptions}
   */
  #settled(file, { policy = this.#options.policy, path, metadata }) {
    const kept = path ?? /** @type {Partial<File>} */ (file).webkitRelativePath;
    return { policy, metadata: kept ? { path: kept, ...metadata } : metadata };
  }
}
