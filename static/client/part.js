/**
 * One part, until it is at the store or there is no more hope for it. The steps are those of retry.js:
 * a 403 is signed again at once (a few times), no answer at all is signed again once and then retried with
 * patience, 429 and 5xx wait, 404 asks the coordinator, anything else gets a few more chances.
 */

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
 * @property {(signed: SignedPart) => Blob} body
 * @property {Transport} transport
 * @property {Surroundings} surroundings
 * @property {(number: number, sent: number) => void} onSent
 * @property {(number: number) => void} onWaiting  the part failed and waits for its next try
 * @property {(signal: AbortSignal) => Promise<void>} checkFile  throws where the file is not what it was
 * @property {(signal: AbortSignal) => Promise<void>} checkUpload  throws where the upload has ended
 */

/** The tries of one part. */
class Tries {
  #ports;
  #signal;
  #refused = 0;
  #odd = 0;
  #waits = 0;
  #unreached = 0;

  /**
   * @param {PartPorts} ports
   * @param {AbortSignal} signal
   */
  constructor(ports, signal) {
    this.#ports = ports;
    this.#signal = signal;
  }

  /**
   * Does what the failure asks for; afterwards the part may be tried again.
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
        await this.#ports.checkFile(this.#signal);
        this.#unreached += 1;
        if (this.#unreached > 1 || !this.#ports.surroundings.online()) await this.#wait(failure);
        return this.#unreached === 1;
      case 'wait':
        await this.#wait(failure);
        return false;
      case 'ask':
        await this.#ports.checkUpload(this.#signal);
        return this.#again(failure);
      default:
        return this.#again(failure);
    }
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
 * @returns {Promise<{ etag: string | null }>}
 * @throws {UploadError} `refused`, `unreachable_store`, `part_failed`, and what the checks throw
 */
export async function sendPart(number, ports, signal) {
  const tries = new Tries(ports, signal);
  let signed = await ports.signed(number, signal);
  for (;;) {
    try {
      return await ports.transport({
        url: signed.url,
        headers: signed.headers,
        body: ports.body(signed),
        onProgress: (sent) => ports.onSent(number, sent),
        signal,
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof TransferError)) throw error;
      if (stepAfterPart(error) === 'stored') return { etag: null };
      ports.onWaiting(number);
      const wantsAnother = await tries.after(error);
      if (wantsAnother || !ports.isFresh(signed)) signed = await ports.signed(number, signal);
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
