/**
 * What to do after a try of a part failed, decided by the class of the failure and by nothing else: a 403 is signed again
 * at once, and twice more after a wait, no answer at all is signed again once and then retried with patience, 429 and 5xx wait, 404 asks
 * the coordinator, anything else gets a few more chances.
 */

/** @import { TransferError } from './errors.js' */
/** @import { PartPorts, Tries } from './part.js' */

import { UploadError } from './errors.js';
import { isPassing, PATIENT_TRIES, pause } from './retry.js';
import { abortable } from './surroundings.js';

/** Fresh signatures the store may refuse for one part, and odd answers it may give. */
const FEW = 3;

/** Of one part. */
export class Recovery {
  #tries;
  #ports;
  #refused = 0;
  #odd = 0;
  #waits = 0;
  #busy = 0;
  #unreached = 0;

  /**
   * @param {Tries} tries
   * @param {PartPorts} ports
   */
  constructor(tries, ports) {
    this.#tries = tries;
    this.#ports = ports;
  }

  /**
   * Does what the failure asks for; afterwards the part may be tried again.
   *
   * @param {TransferError} failure
   * @param {boolean} relayed  whether the try went through the coordinator
   * @returns {Promise<boolean>} whether the part is at the store after all
   * @throws {UploadError} `refused`, `unreachable_store`, `part_failed`, and what the checks throw
   */
  async after(failure, relayed) {
    if (!relayed && stepAfterPart(failure) === 'stored') return true;
    if (relayed) {
      await this.#checkFile();
      // that others are served, or its own other parts, is no reason to give up
      if (isBusy(failure)) this.#busy += 1;
      await this.#wait(failure);
    } else if (await this.#recover(failure)) this.#tries.signed = null;
    return false;
  }

  /**
   * @param {TransferError} failure
   * @returns {Promise<boolean>} whether the part needs a fresh signature
   */
  async #recover(failure) {
    switch (stepAfterPart(failure)) {
      case 'sign':
        await this.#refuse(failure);
        return true;
      case 'reach':
        return this.#reach(failure);
      case 'wait':
        if (failure.kind === 'stalled' && this.#tries.sent === 0 && (await this.#leaves('stalled')))
          return false;
        await this.#wait(failure);
        return false;
      case 'ask':
        await this.#checkUpload();
        return this.#again(failure);
      default:
        await this.#checkFile();
        return this.#again(failure);
    }
  }

  /**
   * An old signature is the usual reason. Where a fresh one does not help, a new key, or the end of an old one, may not
   * be known everywhere yet.
   *
   * @param {TransferError} failure
   */
  async #refuse(failure) {
    this.#refused += 1;
    if (this.#refused > FEW) throw new UploadError('refused', {}, failure);
    if (this.#refused > 1)
      await pause(this.#ports.surroundings, 2 * this.#refused, failure.retryAfter, this.#tries.signal);
  }

  /** Both are only looked at after a failure: reading a file costs more than sending it. */
  async #checkFile() {
    await this.#ports.checkFile();
    await this.#ports.wanted.check(this.#tries.number, this.#tries.signal);
  }

  async #checkUpload() {
    const { coordinator, uploadId, load } = this.#ports;
    const { signal } = this.#tries;
    const { checkOpen } = await load(() => import('./detour.js'), signal);
    await checkOpen(coordinator, uploadId, signal);
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
    const { number, sent, signal } = this.#tries;
    const paths = await abortable(this.#ports.openPaths(), signal);
    const path = await paths?.failed({ number, kind, sent }, signal);
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
    if (failure.kind === 'stalled') this.#tries.stalls += 1;
    if (surroundings.online()) this.#waits += 1;
    if (this.#waits - this.#busy >= PATIENT_TRIES) throw hopeless(failure);
    await pause(surroundings, this.#waits, failure.retryAfter, this.#tries.signal);
  }
}

/**
 * sign    a fresh signature, the first one at once. Any 403: the text differs by store and lies now and then
 * reach   no answer was readable. Perhaps a refusal without CORS headers: one fresh signature, then patience
 * wait    the same signature, later
 * ask     the store knows no such upload: what does the coordinator say?
 * stored  the object is there already: a PUT whose answer was lost. Completion looks for itself
 * few     nothing known to help: a fresh signature, a few times
 *
 * @param {TransferError} failure
 * @returns {'sign' | 'reach' | 'wait' | 'ask' | 'stored' | 'few'}
 */
export function stepAfterPart({ kind, status }) {
  if (kind === 'stalled') return 'wait';
  if (kind === 'network' || status === 0) return 'reach';
  if (status === 403) return 'sign';
  if (status === 404) return 'ask';
  if (status === 412) return 'stored';
  return isPassing(status) ? 'wait' : 'few';
}

/** @param {TransferError} failure  of a relayed part */
function isBusy({ status, text }) {
  return status === 503 && text.includes('"relay_busy"');
}

/** @param {TransferError} failure */
function hopeless(failure) {
  const { kind, status } = failure;
  return new UploadError(kind === 'status' ? 'part_failed' : 'unreachable_store', { status }, failure);
}
