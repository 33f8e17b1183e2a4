/**
 * One file on its way, as its user sees it: a state, events, and four verbs.
 *
 *   waiting -> preparing -> uploading -> finishing -> completed
 *   paused   from waiting, preparing, uploading; `resume()` goes back to waiting
 *   failed   from any of these; `resume()` tries again with what the coordinator holds by then
 *   cancelling -> cancelled   from any of these but finishing
 *
 * Events: `state` (detail: the state), `progress` (detail: Progress, about four times a second while
 * uploading), `path` (detail: 'direct' or 'relay'), `elsewhere` (detail: boolean), `complete` (detail: Upload), `error` (detail: the error).
 */

/** @import { DeliveryContext, Watcher } from './delivery.js' */
/** @import { TargetOf, UploadTaskEventMap } from './events.js' */
/** @import { PathName } from './ports.js' */
/** @import { Pool, Release } from './pool.js' */
/** @import { Progress } from './progress.js' */
/** @import { Resumption } from './resumption.js' */
/** @import { Upload } from './types.js' */
/** @import { Work } from './work.js' */

import { UploadError } from './errors.js';
import { Meter } from './progress.js';
import { onAbort } from './surroundings.js';

const TICK_MS = 250;
/** Up to here a file is likely to be one part. Bytes. */
const SMALL = 8_388_608;

/**
 * @typedef {'waiting' | 'preparing' | 'uploading' | 'paused' | 'finishing' | 'completed' | 'failed'
 *   | 'cancelling' | 'cancelled'} UploadState
 *
 * @typedef {object} Shared
 * @property {Pool} large  places for files of several parts
 * @property {Pool} small  places for the others
 * @property {Map<string, UploadTask>} claimed  upload id to the one that sends it, or sent it last
 * @property {WeakSet<UploadTask>} forgotten  those that were removed: what a start of theirs comes to is nobody's
 *
 * @typedef {DeliveryContext & Shared} UploadContext
 *
 * @typedef {object} Delivering  how the bytes get there (delivery.js, stream_delivery.js)
 * @property {Work | null} work  null until the coordinator knows of the upload
 * @property {Resumption | null} [resumption]  of a file: null while there was no unfinished upload to think of
 * @property {(signal: AbortSignal) => Promise<Upload>} run  to completion; may be stopped and run again
 * @property {() => Promise<void>} abandon  clears away what was begun
 *
 * @typedef {object} Content  what is sent
 * @property {string} name
 * @property {number | null} size  null: a stream, its length is not known yet
 * @property {string} type
 */

/** @type {ReadonlySet<UploadState>} */
const PAUSABLE = new Set(['waiting', 'preparing', 'uploading']);
/** @type {ReadonlySet<UploadState>} */
const UNCANCELLABLE = new Set(['completed', 'cancelled', 'cancelling', 'finishing']);
/** @type {ReadonlySet<UploadState>} after which another one may have the upload */
const OVER = new Set(['failed', 'cancelled']);

export class UploadTask extends /** @type {TargetOf<UploadTaskEventMap>} */ (EventTarget) {
  #context;
  #deliver;
  #signal;
  /** The signal may outlive this by far. */
  #forget;
  /** @type {Delivering | null} */
  #delivery = null;
  #stop = new AbortController();
  /** @type {Promise<void>} */
  #running = Promise.resolve();
  /** @type {Release | null} of its place among the files under way */
  #place = null;
  /** @type {Promise<void> | undefined} */
  #clearing;
  /** @type {UploadState} */
  #state = 'waiting';
  #done = outcome();
  #stopTicking = () => {};

  /**
   * @param {File | Content} file
   * @param {UploadContext} context
   * @param {(watcher: Watcher, signal: AbortSignal) => Promise<Delivering>} deliver  throws where it is not to be
   *   sent at all
   * @param {AbortSignal} [signal]  cancels
   */
  constructor(file, context, deliver, signal) {
    super();
    /** @readonly the File, or the name and type of a stream */
    this.file = file;
    /** Whether everything under way waits for its next try. */
    this.troubled = false;
    /** @type {PathName} the way its parts take */
    this.path = 'direct';
    /** Whether another tab sends this very upload; this one shows how far it is, and goes on when that one ends. */
    this.elsewhere = false;
    /** @type {Error | null} why it failed */
    this.error = null;
    this.#context = context;
    this.#deliver = (/** @type {AbortSignal} */ stop) =>
      deliver(
        {
          onStage: (stage) => this.#to(stage),
          rival: (id) => this.#rival(id),
          claim: (id) => context.forgotten.has(this) || context.claimed.set(id, this),
          onPath: (path) => this.#notice('path', path),
          onElsewhere: (elsewhere, run) => this.#follow(elsewhere, run),
          onTrouble: (troubled) => {
            this.troubled = troubled;
          },
        },
        stop,
      );
    this.#begin();
    this.#signal = signal;
    this.#forget = onAbort(signal, () => this.cancel());
    if (signal?.aborted) this.cancel();
  }

  get state() {
    return this.#state;
  }

  /** Whether bytes are, or soon will be, on their way from here. */
  get active() {
    return !this.elsewhere && (PAUSABLE.has(this.#state) || this.#state === 'finishing');
  }

  /** The coordinator's upload, as of its last answer; null before the first. */
  get upload() {
    return this.#delivery?.work?.upload ?? null;
  }

  /**
   * The unfinished upload of the file as it was before it changed, where that is why this one failed
   * (`file_changed`). It is not this one's own: `cancel()` leaves it alone.
   */
  get standing() {
    return this.#delivery?.resumption?.standing ?? null;
  }

  /** Resolves with the completed upload. Rejects when it fails or is cancelled; `resume()` makes a new one. */
  get done() {
    return this.#done.promise;
  }

  /** @returns {Progress} */
  get progress() {
    return (this.#delivery?.work?.meter ?? new Meter({ size: this.file.size, partCount: 1 })).read();
  }

  /**
   * For a map of the parts.
   *
   * @returns {{ count: number, size: number, done: ReadonlySet<number>, flying: ReadonlyMap<number, number> } | null}
   */
  get parts() {
    const work = this.#delivery?.work;
    if (!work) return null;
    const { plan, meter } = work;
    return { count: plan.partCount ?? 0, size: plan.partSize, done: meter.done, flying: meter.flying };
  }

  /** Stops sending; finished parts stay, parts under way are sent again later. */
  pause() {
    if (!PAUSABLE.has(this.#state)) return;
    // before anybody hears of it, who may resume it at once
    this.#stop.abort();
    this.#to('paused');
  }

  /** Goes on after `pause()`, or tries again after a failure. */
  resume() {
    if (this.#state !== 'paused' && this.#state !== 'failed') return;
    if (this.#state === 'failed') this.#done = outcome();
    this.error = null;
    this.#begin();
    this.#to('waiting');
  }

  /** Discards the unfinished upload that stands in the way, with all it stored, and sends the file as it is now. */
  sendAnew() {
    if (this.#state !== 'failed' || !this.standing) return;
    this.#delivery?.resumption?.replace();
    this.resume();
  }

  /** Ends the upload and has the coordinator clear what was stored. */
  async cancel() {
    if (!UNCANCELLABLE.has(this.#state)) this.#clearing = this.#clear();
    return this.#clearing;
  }

  async #clear() {
    const cancelled = new UploadError('cancelled');
    this.#stop.abort(cancelled);
    this.#to('cancelling');
    await this.#running;
    try {
      await this.#delivery?.abandon();
      this.#to('cancelled');
      this.#forget();
      this.#done.reject(await told(cancelled));
    } catch (error) {
      this.#fail(await told(error));
    }
  }

  /**
   * @template {'path' | 'elsewhere'} Fact
   * @param {Fact} fact
   * @param {this[Fact]} value
   */
  #notice(fact, value) {
    if (this[fact] === value) return;
    this[fact] = value;
    this.#tell(fact, value);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Not at once: listeners that are added right after the constructor see every state. */
  #begin() {
    const { signal } = (this.#stop = new AbortController());
    this.#running = this.#running.then(() => this.#drive(signal));
  }

  /** @param {AbortSignal} signal */
  async #drive(signal) {
    // before anything is waited for: files go in the order in which they were added, and Chromium answers those that
    // import the same module in any order
    const place = this.#queue(signal);
    place.catch(() => {});
    try {
      const delivery = (this.#delivery ??= await this.#deliver(signal));
      this.#place = await place;
      const upload = await delivery.run(signal).finally(() => this.#givePlace());
      this.#to('completed');
      this.#forget();
      this.#done.resolve(upload);
      this.#tell('complete', upload);
    } catch (error) {
      place.then(
        (release) => release(),
        () => {},
      );
      if (!signal.aborted) return this.#fail(await told(error), signal);
      // stopped: what was in flight counts no longer
      this.#announceProgress();
    }
  }

  /**
   * @param {string} id
   * @returns {UploadTask | null}
   */
  #rival(id) {
    const holder = this.#context.claimed.get(id);
    return !holder || holder === this || OVER.has(holder.#state) ? null : holder;
  }

  /** @type {Watcher['onElsewhere']} who only looks on takes no place */
  async #follow(elsewhere, signal) {
    this.#notice('elsewhere', elsewhere);
    signal.throwIfAborted();
    this.#to(elsewhere ? 'uploading' : 'preparing');
    if (elsewhere) this.#givePlace();
    else this.#place ??= await this.#queue(signal);
  }

  /** @param {AbortSignal} signal */
  #queue(signal) {
    const { small, large } = this.#context;
    return ((this.file.size ?? 0) > SMALL ? large : small).acquire(this, signal);
  }

  #givePlace() {
    this.#place?.();
    this.#place = null;
  }

  /**
   * @param {Error} error
   * @param {AbortSignal} [signal]
   */
  #fail(error, signal) {
    // paused or cancelled while the words were looked up
    if (signal?.aborted) return;
    this.error = error;
    // before anybody hears of it, who may resume it at once
    this.#done.reject(error);
    this.#to('failed');
    this.#tell('error', error);
  }

  /** @param {UploadState} state */
  #to(state) {
    this.#state = state;
    this.#stopTicking();
    this.#tell('state', state);
    if (this.#state === 'uploading') this.#tick();
    else this.#announceProgress();
    // it was aborted when nothing could be cancelled; a cancel that failed is for the user to repeat
    if (this.#signal?.aborted && !this.#clearing) queueMicrotask(() => this.cancel());
  }

  #tick() {
    const { surroundings, pace } = this.#context;
    pace.look();
    this.#delivery?.work?.meter.tick(surroundings.now());
    this.#stopTicking = surroundings.after(TICK_MS, () => this.#tick());
    this.#announceProgress();
  }

  #announceProgress() {
    this.#tell('progress', this.progress);
  }
}

/**
 * @param {unknown} error
 * @returns {Promise<Error>} with what to say about it
 */
async function told(error) {
  if (error instanceof UploadError)
    await import('./words.js').then(
      ({ tell }) => tell(error),
      () => {},
    );
  return error instanceof Error ? error : new Error(String(error));
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
