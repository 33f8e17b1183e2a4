/**
 * How a file comes to its upload: a new one, or the unfinished one that it goes on with (resumption.js). No
 * signal stops a try of it: whatever it creates has to be known, to go on with it or to clear it away. Once the
 * outcome is asked for, nothing waits for another try; the service's sweep clears what an unanswered one created.
 * When it resolves, the upload is this file's and claimed.
 */

/** @import { Coordinator } from './api.js' */
/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */
/** @import { StartBody, Started, Upload } from './types.js' */

import { hex } from './fingerprint.js';
import { CoordinatorError } from './errors.js';
import { windowSize } from './window.js';

export class Start {
  #file;
  #context;
  #options;
  #watcher;
  #expected;
  #key = idempotencyKey();
  /** Whether it is another file than those that share its fingerprint. */
  #apart = false;
  /** @type {Set<number>} @readonly numbers of the parts whose bytes were found to be the file's */
  proven = new Set();
  /** @type {Promise<Started> | null} */
  #under = null;
  /** @type {Upload | null} */
  #standing = null;
  /** @type {Upload | null} */
  #unwanted = null;
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
    this.#expected = options.expected ?? null;
  }

  /** The unfinished upload that the changed file was refused for. */
  get standing() {
    return this.#standing;
  }

  /**
   * The same start as long as it neither failed nor was forgotten.
   *
   * @param {string | null} fingerprint
   * @returns {Promise<Started>}
   * @throws {UploadError | CoordinatorError} `already_here`, `file_changed`; what the coordinator refuses
   */
  run(fingerprint) {
    if (this.#under) return this.#under;
    this.#stop = new AbortController();
    const begin = () => this.#begin(fingerprint);
    // in turn: which upload of this page is whose must be known before the next file is judged
    const under = fingerprint === null ? begin() : this.#context.turns.take(fingerprint, begin);
    under.catch(() => this.#forgetIf(under));
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
    this.#key = idempotencyKey();
  }

  /** The next start first discards the unfinished upload that stands in the way. */
  replace() {
    this.#unwanted = this.#standing;
    this.#standing = null;
  }

  /** @param {Promise<Started>} under */
  #forgetIf(under) {
    if (this.#under === under) this.#under = null;
  }

  /**
   * @param {string | null} fingerprint
   * @returns {Promise<Started>}
   */
  async #begin(fingerprint) {
    this.#standing = null;
    await this.#discard();
    if (this.#expected) await this.#judge(this.#expected);
    for (;;) {
      const { coordinator } = this.#context;
      const started = await coordinator.start(await this.#body(fingerprint), this.#key, this.#stop.signal);
      // also after a 201: a repeated start is answered so, whichever upload the first answer named
      if (this.#apart || (await this.#judge(started.upload))) {
        this.#watcher.claim(started.upload.id);
        return started;
      }
    }
  }

  async #discard() {
    if (!this.#unwanted) return;
    const { id } = this.#unwanted;
    await (await import('./detour.js')).clearAway(this.#context.coordinator, id);
    if (this.#expected?.id === id) this.#expected = null;
    this.#unwanted = null;
  }

  /**
   * @param {Upload} upload
   * @returns {Promise<boolean>} false: from now on the file is apart
   */
  async #judge(upload) {
    const { goesOn } = await import('./resumption.js');
    const chosen = this.#expected?.id === upload.id;
    const rival = this.#watcher.rival(upload.id);
    try {
      const verdict = goesOn(this.#file, upload, { rival, chosen, metadata: this.#options.metadata });
      this.#apart = verdict === 'another';
      if (verdict === 'doubtful') await this.#prove(upload);
    } catch (error) {
      if (!rival) this.#standing = upload;
      this.#key = idempotencyKey();
      throw error;
    }
    if (this.#apart) this.#key = idempotencyKey();
    return !this.#apart;
  }

  /** @param {Upload} upload */
  async #prove(upload) {
    const { prove } = await import('./verification.js');
    await prove(this.#context, this.#file, upload, this.proven, this.#stop.signal);
  }

  /**
   * @param {string | null} fingerprint
   * @returns {Promise<StartBody>}
   */
  async #body(fingerprint) {
    const { opening } = await import('./opening.js');
    return opening(this.#file, this.#options, {
      // without its digest a URL would be bound to too little
      sign: this.#context.hashes ? 0 : windowSize(this.#context.pool.places),
      fingerprint: this.#apart ? null : fingerprint,
    });
  }
}

/**
 * @param {Coordinator} coordinator
 * @param {string} id  of an upload that may be gone already
 */
export async function abortIfThere(coordinator, id) {
  await coordinator.abort(id).catch((error) => {
    if (!(error instanceof CoordinatorError) || (error.status !== 404 && error.status !== 410)) throw error;
  });
}

/** Random, as a UUID is; crypto.randomUUID exists only over https. */
export function idempotencyKey() {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}
