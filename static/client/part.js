/**
 * One part, until it is at the store or there is no more hope for it. The steps are those of retry.js:
 * a 403 is signed again at once (a few times), no answer at all is signed again once and then retried with
 * patience, 429 and 5xx wait, 404 asks the coordinator, anything else gets a few more chances.
 */

/** @import { Delivered, PartDigest, Paths } from './ports.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { SignedPart } from './types.js' */
/** @import { Transport } from './transfer.js' */

import { TransferError, UploadError } from './errors.js';
import { backoff, FEW, PATIENT_TRIES, stepAfterPart } from './retry.js';
import { sleep, untilOnline } from './surroundings.js';

/**
 * @typedef {object} PartPorts
 * @property {(number: number, signal: AbortSignal) => Promise<SignedPart>} signed
 * @property {(signed: SignedPart) => boolean} isFresh
 * @property {(number: number) => Blob} body
 * @property {(number: number) => PartDigest | undefined} digest
 * @property {() => Paths | null} paths  null while only the direct one is known
 * @property {() => Promise<Paths>} openPaths
 * @property {Transport} transport
 * @property {Surroundings} surroundings
 * @property {(number: number, sent: number) => void} onSent
 * @property {(number: number) => void} onWaiting  the part failed and waits for its next try
 * @property {(number: number, signal: AbortSignal) => Promise<void>} checkFile  throws where the file, or this part
 *   of it, is not what it was
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

  /** Bytes of the current try that have left. */
  sent = 0;

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

  /**
   * Does what the failure of a direct try asks for; afterwards the part may be tried again.
   *
   * @param {TransferError} failure
   * @returns {Promise<boolean>} whether the part needs a fresh signature
   */
  async after(failure) {
    switch (stepAfterPart(failure)) {
      case 'sign':
        this.#refused += 1;
        if (this.#refused > FEW) throw refused(failure);
        return true;
      case 'reach':
        return this.#reach(failure);
      case 'wait':
        if (failure.kind === 'stalled' && this.sent === 0 && (await this.#leaves('stalled'))) return false;
        await this.#wait(failure);
        return false;
      case 'ask':
        await this.#ports.checkUpload(this.#signal);
        return this.#again(failure);
      default:
        await this.#ports.checkFile(this.#number, this.#signal);
        return this.#again(failure);
    }
  }

  /**
   * After a try through the coordinator.
   *
   * @param {TransferError} failure
   */
  async afterRelay(failure) {
    await this.#ports.checkFile(this.#number, this.#signal);
    await this.#wait(failure);
  }

  /** @param {TransferError} failure */
  async #reach(failure) {
    await this.#ports.checkFile(this.#number, this.#signal);
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
    const path = await paths.failed({ number: this.#number, kind, sent: this.sent }, this.#signal);
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
    if (surroundings.online()) this.#waits += 1;
    if (this.#waits >= PATIENT_TRIES)
      throw failure.kind === 'status' ? hopeless(failure) : unreachable(failure);
    await untilOnline(surroundings, this.#signal);
    await sleep(surroundings, backoff(this.#waits || 1, surroundings.random, failure.retryAfter), this.#signal);
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
  const onProgress = (/** @type {number} */ sent) => {
    tries.sent = sent;
    ports.onSent(number, sent);
  };
  /** @type {SignedPart | null} */
  let signed = null;
  for (;;) {
    tries.sent = 0;
    const paths = ports.paths();
    const relayed = paths?.choose(number) === 'relay';
    try {
      if (paths && relayed) {
        const part = { number, body: ports.body(number), digest: ports.digest(number), onProgress, signal };
        return await paths.send(part);
      }
      if (!signed || !ports.isFresh(signed)) signed = await ports.signed(number, signal);
      const { url, headers } = signed;
      const delivered = await ports.transport({ url, headers, body: ports.body(number), onProgress, signal });
      paths?.arrived(number);
      return delivered;
    } catch (error) {
      if (signal.aborted || !(error instanceof TransferError)) throw error;
      if (!relayed && stepAfterPart(error) === 'stored') return { etag: null };
      ports.onWaiting(number);
      if (relayed) await tries.afterRelay(error);
      else if (await tries.after(error)) signed = null;
    }
  }
}

/** @param {TransferError} failure */
function refused(failure) {
  const text =
    'The store refuses this upload, although it was allowed again and again. ' +
    "Its clock, its keys or its rules may be wrong: tell the service's operator, then try again.";
  return new UploadError('refused', text, failure);
}

/** @param {TransferError} failure */
function unreachable(failure) {
  const text =
    'The store cannot be reached from this browser. Check the connection, or whether a firewall or an extension ' +
    'stands in the way, then try again: what was sent is kept.';
  return new UploadError('unreachable_store', text, failure);
}

/** @param {TransferError} failure */
function hopeless(failure) {
  const text = `The store keeps failing (it answered ${failure.status}). Try again later: what was sent is kept.`;
  return new UploadError('part_failed', text, failure);
}
