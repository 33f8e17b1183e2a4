/**
 * One file on its way, as its user sees it: a state, events, and four verbs.
 *
 *   waiting -> preparing -> uploading -> finishing -> completed
 *   paused   from waiting, preparing, uploading; `resume()` goes back to waiting
 *   failed   from any of these; `resume()` tries again with what the coordinator holds by then
 *   cancelling -> cancelled   from any of these but finishing
 *
 * Events: `state` (detail: the state), `progress` (detail: Progress, about four times a second while
 * uploading), `path` (detail: 'direct' or 'relay'), `complete` (detail: Upload), `error` (detail: the error).
 */

/** @import { DeliveryContext, FileOptions } from './delivery.js' */
/** @import { PathName } from './ports.js' */
/** @import { Pool } from './pool.js' */
/** @import { Progress } from './progress.js' */
/** @import { Upload } from './types.js' */

import { Delivery } from './delivery.js';
import { UploadError } from './errors.js';
import { Meter } from './progress.js';

const TICK_MS = 250;

/**
 * @typedef {'waiting' | 'preparing' | 'uploading' | 'paused' | 'finishing' | 'completed' | 'failed'
 *   | 'cancelling' | 'cancelled'} UploadState
 *
 * @typedef {object} Shared
 * @property {Pool} files  places for files
 * @property {(id: string, upload: UploadTask) => File | null} rival  the file of another one here that sends it
 * @property {(id: string, upload: UploadTask) => void} claim
 *
 * @typedef {DeliveryContext & Shared} UploadContext
 */

/** @type {ReadonlySet<UploadState>} */
const PAUSABLE = new Set(['waiting', 'preparing', 'uploading']);
/** @type {ReadonlySet<UploadState>} */
const UNCANCELLABLE = new Set(['completed', 'cancelled', 'cancelling', 'finishing']);

export class UploadTask extends EventTarget {
  #context;
  #delivery;
  #stop = new AbortController();
  /** @type {Promise<void>} */
  #running = Promise.resolve();
  /** @type {UploadState} */
  #state = 'waiting';
  #done = outcome();
  #stopTicking = () => {};

  /**
   * @param {File} file
   * @param {UploadContext} context
   * @param {FileOptions} [options]
   */
  constructor(file, context, options = {}) {
    super();
    /** @readonly */
    this.file = file;
    /** @type {PathName} the way its parts take */
    this.path = 'direct';
    /** @type {Error | null} why it failed */
    this.error = null;
    this.#context = context;
    this.#delivery = new Delivery(file, context, options, {
      onStage: (stage) => this.#to(stage),
      rival: (id) => context.rival(id, this),
      claim: (id) => context.claim(id, this),
      onPath: (path) => this.#onPath(path),
    });
    // listeners added right after the constructor see every state
    queueMicrotask(() => this.#state === 'waiting' && this.#begin());
  }

  get state() {
    return this.#state;
  }

  /** Whether bytes are, or soon will be, on their way. */
  get active() {
    return PAUSABLE.has(this.#state) || this.#state === 'finishing';
  }

  /** Whether everything under way waits for its next try. */
  get troubled() {
    return this.#delivery.troubled;
  }

  /** The coordinator's upload, as of its last answer; null before the first. */
  get upload() {
    return this.#delivery.work?.upload ?? null;
  }

  /**
   * The unfinished upload of the file as it was before it changed, where that is why this one failed
   * (`file_changed`). It is not this one's own: `cancel()` leaves it alone.
   */
  get standing() {
    return this.#delivery.standing;
  }

  /** Resolves with the completed upload. Rejects when it fails or is cancelled; `resume()` makes a new one. */
  get done() {
    return this.#done.promise;
  }

  /** @returns {Progress} */
  get progress() {
    return (this.#delivery.work?.meter ?? new Meter(this.file.size, 1)).read();
  }

  /**
   * For a map of the parts.
   *
   * @returns {{ count: number, size: number, done: ReadonlySet<number>, flying: ReadonlyMap<number, number> } | null}
   */
  get parts() {
    const work = this.#delivery.work;
    if (!work) return null;
    const { plan, meter } = work;
    return { count: plan.partCount, size: plan.partSize, done: meter.done, flying: meter.flying };
  }

  /** Stops sending; finished parts stay, parts under way are sent again later. */
  pause() {
    if (!PAUSABLE.has(this.#state)) return;
    this.#to('paused');
    this.#stop.abort();
  }

  /** Goes on after `pause()`, or tries again after a failure. */
  resume() {
    if (this.#state !== 'paused' && this.#state !== 'failed') return;
    if (this.#state === 'failed') this.#done = outcome();
    this.error = null;
    this.#to('waiting');
    this.#begin();
  }

  /** Discards the unfinished upload that stands in the way, with all it stored, and sends the file as it is now. */
  sendAnew() {
    if (this.#state !== 'failed' || !this.standing) return;
    this.#delivery.replace();
    this.resume();
  }

  /** Ends the upload and has the coordinator clear what was stored. */
  async cancel() {
    if (UNCANCELLABLE.has(this.#state)) return;
    this.#to('cancelling');
    this.#stop.abort();
    await this.#running;
    try {
      await this.#delivery.abandon();
      this.#to('cancelled');
      this.#done.reject(new UploadError('cancelled', 'The upload was cancelled.'));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {PathName} path */
  #onPath(path) {
    if (path === this.path) return;
    this.path = path;
    this.dispatchEvent(new CustomEvent('path', { detail: path }));
  }

  #begin() {
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#running.then(() => this.#drive(stop.signal));
  }

  /** @param {AbortSignal} signal */
  async #drive(signal) {
    try {
      const release = await this.#context.files.acquire(this, signal);
      this.#end(await this.#delivery.run(signal).finally(release));
    } catch (error) {
      if (!signal.aborted) return this.#fail(error);
      // stopped: what was in flight counts no longer
      this.#announceProgress();
    }
  }

  /** @param {Upload} upload */
  #end(upload) {
    this.#to('completed');
    this.#done.resolve(upload);
    this.dispatchEvent(new CustomEvent('complete', { detail: upload }));
  }

  /** @param {unknown} error */
  #fail(error) {
    this.error = error instanceof Error ? error : new Error(String(error));
    this.#delivery.doubt();
    this.#to('failed');
    this.#done.reject(this.error);
    this.dispatchEvent(new CustomEvent('error', { detail: this.error }));
  }

  /** @param {UploadState} state */
  #to(state) {
    this.#state = state;
    this.#stopTicking();
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    if (state === 'uploading') this.#tick();
    else this.#announceProgress();
  }

  #tick() {
    const { surroundings } = this.#context;
    this.#delivery.work?.meter.tick(surroundings.now());
    this.#announceProgress();
    this.#stopTicking = surroundings.after(TICK_MS, () => this.#tick());
  }

  #announceProgress() {
    this.dispatchEvent(new CustomEvent('progress', { detail: this.progress }));
  }
}

/** @returns {PromiseWithResolvers<Upload>} whose rejection nobody has to handle: the events tell it too */
function outcome() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => {});
  return made;
}
