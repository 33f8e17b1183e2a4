/**
 * Asks the coordinator to complete, and asks again for as long as it says that the outcome is on its way.
 * Repeating is safe: once completed, the answer is always the same.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Upload } from './types.js' */

import { CoordinatorError, UploadError } from './errors.js';
import { sleep } from './surroundings.js';

const POLL_MS = 2_000;

/**
 * @param {Coordinator} coordinator
 * @param {string} id
 * @param {number | undefined} size  of a stream; undefined: known from the start
 * @param {Surroundings} surroundings
 * @param {AbortSignal} signal
 * @returns {Promise<{ upload: Upload } | { missing: number[] }>} the completed upload, or the parts to send again
 * @throws {UploadError | CoordinatorError} `ended`, where it ended otherwise
 */
export async function complete(coordinator, id, size, surroundings, signal) {
  for (;;) {
    try {
      const { upload, retryAfter } = await coordinator.complete(id, size, signal);
      if (upload.state === 'completed') return { upload };
      if (upload.state !== 'completing' && upload.state !== 'open') throw new UploadError('ended');
      await sleep(surroundings, retryAfter ?? POLL_MS, signal);
    } catch (error) {
      // missing at the store, or not what was claimed
      if (!(error instanceof CoordinatorError) || error.partNumbers.length === 0) throw error;
      return { missing: error.partNumbers };
    }
  }
}
