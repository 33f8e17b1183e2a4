/**
 * A few workers that share one queue of blobs to hash, each of them busy with several at once: MD5 of four costs about
 * what one does (lanes.js), and with Web Crypto one blob is read while another one is hashed. So a worker is hired when
 * the others have no room. They go when there was no work for a while. Where no worker can be had (a policy against
 * them, a script that did not come) the page itself hashes, one blob at a time, and later asks for one again. A worker that
 * has come is waited for, however slow its reads are.
 */

/** @import { Algorithm } from './hashing.js' */
/** @import { Answer } from './worker.js' */

import { onAbort } from '../surroundings.js';

/** More would wait for each other's reads. */
const MOST_WORKERS = 2;
/** Blobs that a worker is busy with at once: as many as it has lanes; with Web Crypto one is read, and one hashed. */
const ROOM = { md5: 4, sha256: 2 };
const IDLE_MS = 10_000;
/** For a worker to come: the connection that its script is fetched over may die without a word. */
const COMING_MS = 30_000;
/** After a worker that could not be had; twice as long after each further one, as a policy reports every try. */
const AGAIN_MS = 30_000;
const LATEST_MS = 600_000;

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
 * @property {() => number} now  milliseconds
 */

export class Crew {
  #options;
  #most;
  /** @type {Job[]} in order of arrival */
  #queue = [];
  /** @type {Map<Hand, Map<number, Job>>} what each is busy with */
  #hands = new Map();
  #ids = 0;
  /** How many could not be had since one last answered. */
  #losses = 0;
  #aloneUntil = 0;
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

  /**
   * Hires the first worker ahead of need.
   *
   * @param {Algorithm} likely  to be asked for: MD5 takes a while to be made ready, Web Crypto is there
   */
  warm(likely) {
    const hand = this.#hands.size === 0 ? this.#hire() : null;
    if (likely === 'md5') hand?.postMessage({ ready: 'md5' });
    this.#share();
  }

  #share() {
    this.#keep();
    for (let [job] = this.#queue; job; [job] = this.#queue) {
      const hand = this.#free(ROOM[job.algorithm]) ?? this.#hire();
      if (!hand) break;
      this.#queue.shift();
      this.#ids += 1;
      this.#hands.get(hand)?.set(this.#ids, job);
      hand.postMessage({ id: this.#ids, algorithm: job.algorithm, blob: job.blob });
    }
    if (this.#short) this.#work();
    if (this.#busy === 0) this.#keep = this.#options.after(IDLE_MS, () => this.#dismiss());
  }

  /** Whether no worker can be had for now. */
  get #short() {
    return this.#options.now() < this.#aloneUntil;
  }

  #miss() {
    this.#aloneUntil = this.#options.now() + Math.min(LATEST_MS, AGAIN_MS * 2 ** this.#losses);
    this.#losses += 1;
  }

  get #busy() {
    return [...this.#hands.values()].filter(({ size }) => size > 0).length;
  }

  /** @param {number} room */
  #free(room) {
    for (const [hand, jobs] of this.#hands) if (jobs.size < room) return hand;
    return null;
  }

  /** @returns {Hand | null} */
  #hire() {
    if (this.#short || this.#hands.size >= this.#most) return null;
    try {
      const hand = this.#options.hire();
      const came = this.#options.after(COMING_MS, () => this.#hands.has(hand) && this.#lost(hand));
      hand.onmessage = ({ data }) => {
        // beside a bundle there may be another script of this name, which says anything
        if (!(data instanceof Object)) return;
        if ('here' in data) came();
        else if ('id' in data) this.#answered(hand, data);
      };
      hand.onerror = (event) => {
        event.preventDefault?.();
        this.#lost(hand);
      };
      this.#hands.set(hand, new Map());
      return hand;
    } catch {
      this.#miss();
      return null;
    }
  }

  /**
   * @param {Hand} hand
   * @param {Exclude<Answer, { here: true }>} answer
   */
  #answered(hand, answer) {
    this.#losses = 0;
    const jobs = this.#hands.get(hand);
    const job = jobs?.get(answer.id);
    jobs?.delete(answer.id);
    if ('digest' in answer) job?.resolve(answer.digest);
    else job?.reject(Object.assign(new Error(answer.message), { name: answer.failure }));
    this.#share();
  }

  /**
   * Its script was not let in or did not come, or it broke down: what it was at goes back to the others.
   *
   * @param {Hand} hand
   */
  #lost(hand) {
    const jobs = [...(this.#hands.get(hand)?.values() ?? [])];
    this.#hands.delete(hand);
    hand.terminate();
    this.#miss();
    this.#queue.unshift(...jobs.filter(({ signal }) => !signal.aborted));
    this.#share();
  }

  async #work() {
    if (this.#alone) return;
    this.#alone = true;
    for (let job; this.#short && (job = this.#queue.shift());)
      await this.#options.alone(job).then(job.resolve, job.reject);
    this.#alone = false;
    if (this.#queue.length > 0) this.#share();
  }

  /** @param {Job} job */
  #drop(job) {
    this.#queue = this.#queue.filter((other) => other !== job);
    for (const [hand, jobs] of this.#hands)
      for (const [id, held] of jobs) if (held === job) hand.postMessage({ stop: id });
  }

  #dismiss() {
    for (const hand of this.#hands.keys()) hand.terminate();
    this.#hands.clear();
  }
}

function mostWorkers() {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
  // the page and the browser need the others
  return Math.max(1, Math.min(MOST_WORKERS, Math.floor(cores / 2)));
}
