/**
 * One part, until it is at the store or there is no more hope for it. What to do after a try that failed: recovery.js,
 * loaded with the first one. A network that is away may keep that from coming, and some browsers ask for a module only
 * once: what is done without it is to wait, and to try again with a fresh signature.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Source } from './file_source.js' */
/** @import { Load } from './loading.js' */
/** @import { Delivered, Paths, Throttle } from './ports.js' */
/** @import { Pace } from './pace.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { SignedPart } from './types.js' */
/** @import { Transport } from './transfer.js' */
/** @import { SigningWindow, Wanted } from './window.js' */

import { TransferError, unreachable } from './errors.js';
import { PATIENT_TRIES, pause } from './retry.js';
import { abortable } from './surroundings.js';

/**
 * @typedef {object} PartPorts
 * @property {SigningWindow} window
 * @property {Source} source
 * @property {Wanted} wanted
 * @property {() => Paths | null} paths  null while only the direct one is known
 * @property {() => Promise<Paths | null>} openPaths
 * @property {Transport} transport
 * @property {Throttle | undefined} throttle
 * @property {Surroundings} surroundings
 * @property {Pace} pace
 * @property {(number: number, sent: number) => void} onSent
 * @property {(number: number) => void} onWaiting  the part failed and waits for its next try
 * @property {() => Promise<unknown>} checkFile  throws where the file is not what it was
 * @property {Coordinator} coordinator
 * @property {string} uploadId
 * @property {Load} load
 */

/** The tries of one part. */
export class Tries {
  #ports;
  #waits = 0;
  /** Bytes of the current try that have left. */
  sent = 0;
  /** How many stood still: the next one is given more time. */
  stalls = 0;
  /** @type {SignedPart | null} */
  signed = null;

  /**
   * @param {number} number
   * @param {PartPorts} ports
   * @param {AbortSignal} signal
   */
  constructor(number, ports, signal) {
    /** @readonly */
    this.number = number;
    this.#ports = ports;
    /** @readonly */
    this.signal = signal;
  }

  /** Without knowing better. */
  async waitBlindly() {
    const { surroundings } = this.#ports;
    this.signed = null;
    if (surroundings.online()) this.#waits += 1;
    if (this.#waits >= PATIENT_TRIES) throw unreachable();
    await pause(surroundings, this.#waits, null, this.signal);
  }

  /** @returns {Promise<Delivered>} */
  async direct() {
    const { transport, pace, paths, window } = this.#ports;
    if (!this.signed || !window.isFresh(this.signed)) this.signed = await window.take(this.number, this.signal);
    const { url, headers } = this.signed;
    const delivered = await transport({ ...this.#put(), url, headers });
    pace.arrived(url);
    paths()?.arrived(this.number);
    return delivered;
  }

  /** @returns {Promise<Delivered>} */
  relayed() {
    const digest = this.#ports.wanted.digest(this.number);
    const paths = /** @type {Paths} */ (this.#ports.paths());
    return paths.send({ ...this.#put(), number: this.number, digest });
  }

  #put() {
    return {
      body: this.#ports.source.body(this.number),
      onProgress: (/** @type {number} */ sent) => {
        this.sent = sent;
        this.#ports.onSent(this.number, sent);
      },
      signal: this.signal,
      patience: () => this.#ports.pace.patience(this.stalls),
    };
  }
}

/**
 * @param {number} number
 * @param {PartPorts} ports
 * @param {AbortSignal} signal
 * @returns {Promise<Delivered>}
 * @throws {UploadError} `refused`, `unreachable_store`, `part_failed`, and what the checks throw
 */
export async function sendPart(number, ports, signal) {
  const { throttle, paths } = ports;
  const tries = new Tries(number, ports, signal);
  for (let recovery; ;) {
    tries.sent = 0;
    // before the URL is taken: it would grow old
    const giveBack = throttle && (await throttle(ports.source.sizeOf(number), signal));
    const relayed = paths()?.choose(number) === 'relay';
    try {
      return await (relayed ? tries.relayed() : tries.direct());
    } catch (error) {
      giveBack?.(tries.sent);
      if (signal.aborted || !(error instanceof TransferError)) throw error;
      ports.onWaiting(number);
      // an old signature, and an object that is there already, say nothing of how fast the store is
      if (![403, 412].includes(error.status)) ports.pace.failed(error);
      recovery ??= await abortable(
        import('./recovery.js').then(({ Recovery }) => new Recovery(tries, ports)).catch(() => null),
        signal,
      );
      if (!recovery) await tries.waitBlindly();
      else if (await recovery.after(error, relayed)) return { etag: null };
    }
  }
}
