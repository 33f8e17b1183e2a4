/**
 * A few workers that share one queue of blobs to hash. They start when there is work for them, and go when there was
 * none for a while. Where no worker can be had (a page of another origin, a policy against them) the page itself
 * hashes, one blob at a time.
 */

/** @import { Algorithm } from './hashing.js' */
/** @import { Answer } from './worker.js' */

import { onAbort } from '../surroundings.js';

/** More would wait for each other's reads, and each holds a part in memory. */
const MOST_WORKERS = 4;
const IDLE_MS = 10_000;

/**
 * @typedef {object} Job
 * @property {Algorithm} algorithm
 * @property {Blob} blob
 * @property {AbortSignal} signal
 * @property {(digest: string) => void} resolve
 * @property {(reason: unknown) => void} reject
 *
 * @typedef {Pick<Worker, 'postMessage' | 'terminate'> & {
 *   onmessage: ((event: MessageEvent<Answer>) => void) | null,
 *   onerror: ((event: any) => void) | null }} Hand  a worker, as far as it is used here
 *
 * @typedef {object} CrewOptions
 * @property {() => Hand} hire  may throw
 * @property {(job: Job) => Promise<string>} alone  hashes without a worker
 * @property {number} [most]
 * @property {(ms: number, call: () => void) => () => void} after
 */

export class Crew {
  #options;
  #most;
  /** @type {Job[]} in order of arrival */
  #queue = [];
  /** @type {Set<Hand>} */
  #idle = new Set();
  /** @type {Map<Hand, Job>} */
  #busy = new Map();
  /** Whether no worker can be had here. */
  #short = false;
  #alone = false;
  #keep = () => {};

  /** @param {CrewOptions} options */
  constructor(options) {
    this.#options = options;
    this.#most = options.most ?? mostWorkers();
  }

  /**
   * @param {Algorithm} algorithm
   * @param {Blob} blob
   * @param {AbortSignal} signal
   * @returns {Promise<string>} base64
   */
  hash(algorithm, blob, signal) {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const forget = onAbort(signal, () => {
        this.#drop(job);
        reject(signal.reason);
      });
      const job = {
        algorithm,
        blob,
        signal,
        resolve: (/** @type {string} */ digest) => (forget(), resolve(digest)),
        reject: (/** @type {unknown} */ reason) => (forget(), reject(reason)),
      };
      this.#queue.push(job);
      this.#share();
    });
  }

  /** Hires the first worker ahead of need. */
  warm() {
    const hand = this.#hand();
    if (hand) this.#idle.add(hand);
    this.#share();
  }

  #share() {
    this.#keep();
    while (this.#queue.length > 0) {
      const hand = this.#hand();
      if (!hand) {
        if (this.#short) this.#work();
        return;
      }
      const job = /** @type {Job} */ (this.#queue.shift());
      this.#idle.delete(hand);
      this.#busy.set(hand, job);
      hand.postMessage({ algorithm: job.algorithm, blob: job.blob });
    }
    if (this.#busy.size === 0) this.#keep = this.#options.after(IDLE_MS, () => this.#dismiss());
  }

  /** @returns {Hand | null} */
  #hand() {
    const [idle] = this.#idle;
    if (idle || this.#short || this.#busy.size >= this.#most) return idle ?? null;
    try {
      const hand = this.#options.hire();
      hand.onmessage = ({ data }) => this.#answered(hand, data);
      hand.onerror = (event) => {
        event.preventDefault?.();
        this.#lost(hand);
      };
      return hand;
    } catch {
      this.#short = true;
      return null;
    }
  }

  /**
   * @param {Hand} hand
   * @param {Answer} answer
   */
  #answered(hand, answer) {
    const job = this.#busy.get(hand);
    this.#busy.delete(hand);
    this.#idle.add(hand);
    if ('digest' in answer) job?.resolve(answer.digest);
    else job?.reject(Object.assign(new Error(answer.message), { name: answer.failure }));
    this.#share();
  }

  /**
   * Its script was not let in, or it broke down: what it was at goes back to the others.
   *
   * @param {Hand} hand
   */
  #lost(hand) {
    const job = this.#busy.get(hand);
    this.#busy.delete(hand);
    this.#idle.delete(hand);
    hand.terminate();
    this.#short = true;
    if (job && !job.signal.aborted) this.#queue.unshift(job);
    this.#share();
  }

  async #work() {
    if (this.#alone) return;
    this.#alone = true;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      await this.#options.alone(job).then(job.resolve, job.reject);
    }
    this.#alone = false;
  }

  /** @param {Job} job */
  #drop(job) {
    this.#queue = this.#queue.filter((other) => other !== job);
    for (const [hand, held] of this.#busy) if (held === job) hand.postMessage('stop');
  }

  #dismiss() {
    for (const hand of this.#idle) hand.terminate();
    this.#idle.clear();
  }
}

function mostWorkers() {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
  // two at least: one reads while the other one's bytes are hashed
  return Math.max(2, Math.min(MOST_WORKERS, cores - 1));
}
