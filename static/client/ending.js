/**
 * What to do when an upload turns out to be over while it was being sent. Lost or stale at the store: start
 * anew. Completed elsewhere (another tab): done. Cancelled by someone: stay cancelled, and say so.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Upload } from './types.js' */

import { CoordinatorError, UploadError } from './errors.js';

const OVER = new Set(['not_found', 'upload_gone', 'upload_not_open', 'already_completed', 'completing']);
const LIVE = new Set(['open', 'completing']);
const ACCIDENTS = new Set(['stale', 'lost', 'create_lost']);

/**
 * Whether the error says that the upload is not open.
 *
 * @param {unknown} error
 */
export function saysOver(error) {
  if (error instanceof CoordinatorError) return OVER.has(error.code);
  return error instanceof UploadError && error.code === 'ended';
}

/**
 * The store said that it knows no such upload. The coordinator looks, and this throws if it is true.
 *
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {AbortSignal} signal
 * @throws {UploadError | CoordinatorError} one that `saysOver` recognises
 */
export async function checkOpen(coordinator, id, signal) {
  await coordinator.parts(id, signal);
  const { state } = await coordinator.get(id, signal);
  if (state !== 'open') throw ended();
}

/**
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Upload | null>} as it is now; null: lost by accident, the file may be sent anew
 * @throws {UploadError} `ended`, where it was ended on purpose
 */
export async function whatBecame(coordinator, id, signal) {
  const upload = await coordinator.get(id, signal).catch((error) => {
    if (saysOver(error)) return null;
    throw error;
  });
  if (!upload || LIVE.has(upload.state) || upload.state === 'completed') return upload;
  if (ACCIDENTS.has(upload.reason ?? '')) return null;
  throw ended();
}

export function ended() {
  const text =
    'This upload was ended elsewhere: cancelled in another window, or by an administrator. ' +
    'Add the file again to start anew.';
  return new UploadError('ended', text);
}
