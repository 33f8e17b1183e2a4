/**
 * Asks the coordinator to complete, and asks again for as long as it says that the outcome is on its way.
 * Repeating is safe: once completed, the answer is always the same.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Upload } from './types.js' */

import { CoordinatorError } from './errors.js';
import { sleep } from './surroundings.js';

const POLL_MS = 2_000;

/**
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {number | null} size  of a stream; null: known from the start
 * @param {Surroundings} surroundings
 * @param {AbortSignal} signal
 * @returns {Promise<{ upload: Upload } | { missing: number[] }>} the upload as it ended, or the parts to send again
 */
export async function complete(coordinator, id, size, surroundings, signal) {
  for (;;) {
    try {
      const { upload, retryAfter } = await coordinator.complete(id, size, signal);
      if (upload.state !== 'completing' && upload.state !== 'open') return { upload };
      await sleep(surroundings, retryAfter ?? POLL_MS, signal);
    } catch (error) {
      const missing = missingParts(error);
      if (missing === null) throw error;
      return { missing };
    }
  }
}

/** @param {unknown} error */
function missingParts(error) {
  if (!(error instanceof CoordinatorError) || error.partNumbers.length === 0) return null;
  return error.code === 'parts_missing' || error.code === 'parts_mismatch' ? error.partNumbers : null;
}
