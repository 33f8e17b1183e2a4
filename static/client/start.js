/**
 * How a file comes to its upload: a new one, or the unfinished one that it goes on with (resumption.js). No
 * signal stops a try of it: whatever it creates has to be known, to go on with it or to clear it away. Once the
 * outcome is asked for, nothing waits for another try; the service's sweep clears what an unanswered one created.
 * When it resolves, the upload is this file's and claimed.
 */

/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */
/** @import { Resumption } from './resumption.js' */
/** @import { StartBody, Started, Upload } from './types.js' */

import { hex } from './fingerprint.js';
import { LAST_MODIFIED, opening, plain } from './opening.js';
import { windowSize } from './window.js';

export class Start {
  #file;
  #context;
  #options;
  #watcher;
  /** @type {{ key: string, body: StartBody } | null} the same for all tries: a key stands for one body */
  #request = null;
  /** @type {Set<number>} @readonly numbers of the parts whose bytes were found to be the file's */
  proven = new Set();
  /** @type {Promise<Started> | null} */
  #under = null;
  /** @type {Resumption | null} null while there was no unfinished upload to think of */
  resumption = null;
  /** Ends the comparing of bytes, and the waiting for another try. */
  #stop = new AbortController();

  /**
   * @param {File} file
   * @param {DeliveryContext} context
   * @param {FileOptions} options
   * @param {Watcher} watcher
   */
  constructor(file, context, options, watcher) {
    this.#file = file;
    this.#context = context;
    this.#options = options;
    this.#watcher = watcher;
  }

  /**
   * The same start as long as it neither failed nor was forgotten.
   *
   * @param {string | null} fingerprint
   * @returns {Promise<Started>}
   * @throws {UploadError | CoordinatorError} `already_here`, `file_changed`, `other_file`, `no_fingerprint`; what the
   *   coordinator refuses
   */
  run(fingerprint) {
    if (this.#under) return this.#under;
    const { signal } = (this.#stop = new AbortController());
    const begin = () => this.#begin(fingerprint);
    // in turn: which upload of this page is whose must be known before the next file is judged; one of another name is
    // another file, unless it was chosen for that upload
    const name = this.#options.expected?.filename ?? plain(this.#file.name);
    const under = fingerprint ? this.#context.turns.take(fingerprint + name, begin, signal) : begin();
    under.catch(() => {
      if (this.#under === under) this.#under = null;
    });
    this.#under = under;
    return under;
  }

  /** What a start that was made, or is still under way, comes to. Null: nothing. It is hurried. */
  async outcome() {
    this.#stop.abort();
    return (await this.#under?.catch(() => null)) ?? null;
  }

  /** The next one is another start. */
  forget() {
    this.#under = null;
    this.proven.clear();
    this.#request = null;
  }

  /**
   * @param {string | null} fingerprint
   * @returns {Promise<Started>}
   */
  async #begin(fingerprint) {
    const { signal } = this.#stop;
    if (this.resumption || this.#options.expected) await (await this.#resume()).prepare(fingerprint, signal);
    for (;;) {
      const apart = this.resumption?.apart;
      const { key, body } = (this.#request ??= this.#wish(apart ? null : fingerprint));
      const started = await this.#context.coordinator.start(body, key, signal);
      // also after a 201: a repeated start is answered so, whichever upload the first answer named
      if (apart || this.#agrees(started.upload, body) || (await this.#goesOn(started.upload))) {
        this.#watcher.claim(started.upload.id);
        return started;
      }
    }
  }

  /**
   * Whether there is nothing to judge: the upload has the name, place and time that the start said, and nobody else.
   *
   * @param {Upload} upload
   * @param {StartBody} body
   */
  #agrees({ id, filename, metadata }, body) {
    if (this.#watcher.rival(id) || this.#context.ended.has(id) || filename !== body.filename) return false;
    return [LAST_MODIFIED, 'path'].every((name) => metadata[name] === body.metadata[name]);
  }

  /** @param {Upload} upload */
  async #goesOn(upload) {
    // where it does not, the next one is another start
    this.#request = null;
    return (await this.#resume()).goesOn(upload, this.#stop.signal);
  }

  async #resume() {
    const { Resumption } = await this.#context.load(() => import('./resumption.js'), this.#stop.signal);
    this.resumption ??= new Resumption(this.#file, this.#context, this.#options, this.#watcher, this.proven);
    return this.resumption;
  }

  /** @param {string | null} fingerprint */
  #wish(fingerprint) {
    const { digests, pool } = this.#context;
    // without its digest a URL would be bound to too little
    const sign = digests ? 0 : windowSize(pool.places);
    return { key: idempotencyKey(), body: opening(this.#file, this.#options, { sign, fingerprint }) };
  }
}

/** Random, as a UUID is; crypto.randomUUID exists only over https. */
export function idempotencyKey() {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}
