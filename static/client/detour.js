/**
 * What to do when an upload turns out to be over while it was being sent. Lost or stale at the store: start
 * anew, once. Completed elsewhere (another tab): done. Cancelled by someone: stay cancelled, and say so.
 */

/** @import { Coordinator } from './api.js' */
/** @import { DeliveryContext } from './delivery.js' */
/** @import { Upload } from './types.js' */
/** @import { Work } from './work.js' */

import { CoordinatorError, UploadError } from './errors.js';
import { hold } from './lock.js';

const MOST = 5;
const OVER = new Set(['not_found', 'upload_gone', 'upload_not_open', 'already_completed', 'completing']);
const LIVE = new Set(['open', 'completing', 'completed']);
const ACCIDENTS = new Set(['stale', 'lost', 'create_lost']);

/** @type {WeakMap<object, Detours>} */
const all = new WeakMap();

/**
 * Those of one file.
 *
 * @param {object} delivery  of the file
 * @param {Coordinator} coordinator
 */
export function detoursOf(delivery, coordinator) {
  const detours = all.get(delivery) ?? new Detours(coordinator);
  all.set(delivery, detours);
  return detours;
}

class Detours {
  #coordinator;
  #taken = 0;
  #anew = false;

  /** @param {Coordinator} coordinator */
  constructor(coordinator) {
    this.#coordinator = coordinator;
  }

  /**
   * @param {unknown} error
   * @param {Work} work  hears what became of it
   * @param {AbortSignal} signal
   * @returns {Promise<Upload | null>} as it is now; null: lost by accident, the file is to be sent anew
   * @throws {UploadError | CoordinatorError} the error itself where the upload is not over; `file_changed`;
   *   `ended`, where it was ended on purpose
   */
  async after(error, work, signal) {
    // what an earlier run or another tab recorded of this part is not what the file holds now
    if (error instanceof CoordinatorError && error.code === 'part_changed')
      throw new UploadError('file_changed', {}, error);
    if (!saysOver(error) || this.#taken >= MOST) throw error;
    this.#taken += 1;
    const ledger = await this.#coordinator.ledger(signal);
    const upload = await ledger.get(work.upload.id, signal).catch((problem) => {
      if (saysOver(problem)) return null;
      throw problem;
    });
    if (upload && LIVE.has(upload.state)) return (work.upload = upload);
    if (this.#anew || (upload && !ACCIDENTS.has(upload.reason ?? ''))) throw new UploadError('ended');
    this.#anew = true;
    work.reporter.drop();
    return null;
  }
}

/**
 * The store said that it knows no such upload. The coordinator looks, and this throws if it is true.
 *
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {AbortSignal} signal
 * @throws {UploadError | CoordinatorError} one that makes for a detour
 */
export async function checkOpen(coordinator, id, signal) {
  const ledger = await coordinator.ledger(signal);
  await ledger.parts(id, signal);
  const { state } = await ledger.get(id, signal);
  if (state !== 'open') throw new UploadError('ended');
}

/**
 * @param {Coordinator} coordinator
 * @param {string} id  of an upload that may be gone already
 */
export async function abortIfThere(coordinator, id) {
  const ledger = await coordinator.ledger();
  await ledger.abort(id).catch((error) => {
    if (!(error instanceof CoordinatorError) || (error.status !== 404 && error.status !== 410)) throw error;
  });
}

/**
 * @param {Pick<DeliveryContext, 'coordinator' | 'surroundings' | 'ended'>} context
 * @param {string} id
 * @param {boolean} elsewhere  whether another tab sent it when this one last looked: where it does so still, it is left
 *   to it
 */
export async function abortUnlessSent({ coordinator, surroundings, ended }, id, elsewhere) {
  const letGo = elsewhere ? await hold(surroundings, id, { ifAvailable: true }) : () => {};
  if (!letGo) return;
  await abortIfThere(coordinator, id).finally(letGo);
  ended.add(id);
}

/**
 * Ends an upload that stands in the way; what is completed stands in nobody's.
 *
 * @param {Coordinator} coordinator
 * @param {string} id
 */
export async function clearAway(coordinator, id) {
  await abortIfThere(coordinator, id).catch((error) => {
    if (!(error instanceof CoordinatorError) || error.code !== 'already_completed') throw error;
  });
}

/**
 * Whether the error says that the upload is not open.
 *
 * @param {unknown} error
 */
function saysOver(error) {
  if (error instanceof CoordinatorError) return OVER.has(error.code);
  return error instanceof UploadError && error.code === 'ended';
}
