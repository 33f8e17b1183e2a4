/**
 * What to do when an upload turns out to be over while it was being sent. Lost or stale at the store: start
 * anew. Completed elsewhere (another tab): done. Cancelled by someone: stay cancelled, and say so.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Upload } from './types.js' */

import { saysOver } from './ending.js';
import { UploadError } from './errors.js';

const LIVE = new Set(['open', 'completing']);
const ACCIDENTS = new Set(['stale', 'lost', 'create_lost']);

/**
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Upload | null>} as it is now; null: lost by accident, the file may be sent anew
 * @throws {UploadError} `ended`, where it was ended on purpose
 */
export async function whatBecame(coordinator, id, signal) {
  const ledger = await coordinator.ledger();
  const upload = await ledger.get(id, signal).catch((error) => {
    if (saysOver(error)) return null;
    throw error;
  });
  if (!upload || LIVE.has(upload.state) || upload.state === 'completed') return upload;
  if (ACCIDENTS.has(upload.reason ?? '')) return null;
  throw new UploadError('ended');
}
