/**
 * One part, until it is at the store or there is no more hope for it. The steps are those of retry.js:
 * a 403 is signed again at once (a few times), no answer at all is signed again once and then retried with
 * patience, 429 and 5xx wait, 404 asks the coordinator, anything else gets a few more chances.
 */

/** @import { Source } from './file_source.js' */
/** @import { Delivered, Paths } from './ports.js' */
/** @import { Pace } from './pace.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { SignedPart } from './types.js' */
/** @import { Transport } from './transfer.js' */
/** @import { SigningWindow, Wanted } from './window.js' */

import { TransferError, UploadError } from './errors.js';
import { FEW, PATIENT_TRIES, pause, stepAfterPart } from './retry.js';

/**
 * @typedef {object} PartPorts
 * @property {SigningWindow} window
 * @property {Source} source
 * @property {Wanted} wanted
 * @property {() => Paths | null} paths  null while only the direct one is known
 * @property {() => Promise<Paths | null>} openPaths
 * @property {Transport} transport
 * @property {Surroundings} surroundings
 * @property {Pace} pace
 * @property {(number: number, sent: number) => void} onSent
 * @property {(number: number) => void} onWaiting  the part failed and waits for its next try
 * @property {() => Promise<unknown>} checkFile  throws where the file is not what it was
 * @property {(signal: AbortSignal) => Promise<void>} checkUpload  throws where the upload has ended
 */

/** The tries of one part. */
class Tries {
  #number;
  #ports;
  #signal;
  #refused = 0;
  #odd = 0;
  #waits = 0;
  #unreached = 0;
  #stalls = 0;

  /** Bytes of the current try that have left. */
  #sent = 0;
  /** @type {SignedPart | null} */
  #signed = null;

  /**
   * @param {number} number
   * @param {PartPorts} ports
   * @param {AbortSignal} signal
   */
  constructor(number, ports, signal) {
    this.#number = number;
    this.#ports = ports;
    this.#signal = signal;
  }

  /** @returns {Promise<Delivered>} */
  async direct() {
    const { transport, pace, paths, window } = this.#ports;
    if (!this.#signed || !window.isFresh(this.#signed))
      this.#signed = await window.take(this.#number, this.#signal);
    const { url, headers } = this.#signed;
    const delivered = await transport({ ...this.#put(), url, headers });
    pace.arrived(url);
    paths()?.arrived(this.#number);
    return delivered;
  }

  /** @returns {Promise<Delivered>} */
  relayed() {
    const digest = this.#ports.wanted.digest(this.#number);
    const paths = /** @type {Paths} */ (this.#ports.paths());
    return paths.send({ ...this.#put(), number: this.#number, digest });
  }

  #put() {
    this.#sent = 0;
    return {
      body: this.#ports.source.body(this.#number),
      onProgress: (/** @type {number} */ sent) => {
        this.#sent = sent;
        this.#ports.onSent(this.#number, sent);
      },
      signal: this.#signal,
      patience: () => this.#ports.pace.patience(this.#stalls),
    };
  }

  /**
   * Does what the failure asks for; afterwards the part may be tried again.
   *
   * @param {TransferError} failure
   */
  async afterDirect(failure) {
    if (await this.#recover(failure)) this.#signed = null;
  }

  /**
   * @param {TransferError} failure
   * @returns {Promise<boolean>} whether the part needs a fresh signature
   */
  async #recover(failure) {
    switch (stepAfterPart(failure)) {
      case 'sign':
        this.#refused += 1;
        if (this.#refused > FEW) throw new UploadError('refused', {}, failure);
        return true;
      case 'reach':
        return this.#reach(failure);
      case 'wait':
        if (failure.kind === 'stalled' && this.#sent === 0 && (await this.#leaves('stalled'))) return false;
        await this.#wait(failure);
        return false;
      case 'ask':
        await this.#ports.checkUpload(this.#signal);
        return this.#again(failure);
      default:
        await this.#checkFile();
        return this.#again(failure);
    }
  }

  /** @param {TransferError} failure */
  async afterRelayed(failure) {
    await this.#checkFile();
    await this.#wait(failure);
  }

  /** Both are only looked at after a failure: reading a file costs more than sending it. */
  async #checkFile() {
    await this.#ports.checkFile();
    await this.#ports.wanted.check(this.#number, this.#signal);
  }

  /** @param {TransferError} failure */
  async #reach(failure) {
    await this.#checkFile();
    this.#unreached += 1;
    if (this.#unreached === 1 && this.#ports.surroundings.online()) return true;
    if (!(await this.#leaves('network'))) await this.#wait(failure);
    return this.#unreached === 1;
  }

  /**
   * @param {'network' | 'stalled'} kind
   * @returns {Promise<boolean>} whether the part now takes another path
   */
  async #leaves(kind) {
    if (!this.#ports.surroundings.online()) return false;
    const paths = await this.#ports.openPaths();
    const path = await paths?.failed({ number: this.#number, kind, sent: this.#sent }, this.#signal);
    return path === 'relay';
  }

  /** @param {TransferError} failure */
  async #again(failure) {
    this.#odd += 1;
    if (this.#odd > FEW) throw hopeless(failure);
    await this.#wait(failure);
    return true;
  }

  /** @param {TransferError} failure */
  async #wait(failure) {
    const { surroundings } = this.#ports;
    if (failure.kind === 'stalled') this.#stalls += 1;
    if (surroundings.online()) this.#waits += 1;
    if (this.#waits >= PATIENT_TRIES) throw hopeless(failure);
    await pause(surroundings, this.#waits, failure.retryAfter, this.#signal);
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
  const tries = new Tries(number, ports, signal);
  for (;;) {
    const relayed = ports.paths()?.choose(number) === 'relay';
    try {
      return await (relayed ? tries.relayed() : tries.direct());
    } catch (error) {
      if (signal.aborted || !(error instanceof TransferError)) throw error;
      if (!relayed && stepAfterPart(error) === 'stored') return { etag: null };
      ports.onWaiting(number);
      if (error.status !== 403) ports.pace.failed(error);
      await (relayed ? tries.afterRelayed(error) : tries.afterDirect(error));
    }
  }
}

/** @param {TransferError} failure */
function hopeless(failure) {
  const { kind, status } = failure;
  return new UploadError(kind === 'status' ? 'part_failed' : 'unreachable_store', { status }, failure);
}
