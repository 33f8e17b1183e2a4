/** How an upload is seen to be over while it is being sent; what then: detour.js. */

/** @import { Coordinator } from './api.js' */

import { CoordinatorError, UploadError } from './errors.js';

const OVER = new Set(['not_found', 'upload_gone', 'upload_not_open', 'already_completed', 'completing']);

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
  const ledger = await coordinator.ledger();
  await ledger.parts(id, signal);
  const { state } = await ledger.get(id, signal);
  if (state !== 'open') throw new UploadError('ended');
}
