/** Unfinished uploads with what the browser still knows of their files. */

/** @import { Ledger } from './ledger.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { UploadTask } from './task.js' */
/** @import { Uploader } from './uploader.js' */
/** @import { Upload } from './types.js' */

import { CoordinatorError, UploadError } from './errors.js';
import { forgetHandle, handlesOf, openFile } from './handles.js';
import { beingSent } from './tabs.js';
import { tell } from './words.js';

/** For the browser to say which handles it keeps; after a crash it may take longer to mend its database. */
const PATIENCE_MS = 2_000;

/**
 * @typedef {object} Resumable
 * @property {Upload} upload
 * @property {FileSystemFileHandle | null} handle  null: its file, `upload.filename`, is to be chosen again
 * @property {boolean} elsewhere  another tab sends it right now
 */

/**
 * @param {Upload[]} uploads
 * @param {Surroundings} surroundings
 * @param {(found: Resumable[]) => void} [onHandles]  told those whose handles come later than the answer
 * @returns {Promise<Resumable[]>}
 */
export async function resumable(uploads, surroundings, onHandles) {
  const ids = uploads.map(({ id }) => id);
  const looking = handlesOf(uploads);
  const sent = await beingSent(surroundings, ids);
  const handles = await inTime(looking, surroundings);
  const found = uploads.map((upload) => ({
    upload,
    handle: handles?.get(upload.id) ?? null,
    elsewhere: sent.has(upload.id),
  }));
  if (!handles && onHandles)
    looking.then((late) => {
      const known = found.map((one) => ({ ...one, handle: late.get(one.upload.id) ?? null }));
      if (late.size > 0) onHandles(known.filter(({ handle }) => handle));
    });
  return found;
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @param {Surroundings} surroundings
 * @returns {Promise<T | null>}
 */
function inTime(answer, { after }) {
  return new Promise((resolve) => {
    const stop = after(PATIENCE_MS, () => resolve(null));
    answer.then((told) => {
      stop();
      resolve(told);
    });
  });
}

/**
 * Nobody waits for the browser to forget the handle: it may never answer.
 *
 * @param {Ledger} ledger
 * @param {string} id
 */
export async function discard(ledger, id) {
  try {
    await ledger.abort(id);
    forgetHandle(id);
  } catch (error) {
    if (isOver(error)) forgetHandle(id);
    throw error;
  }
}

/** @param {unknown} error */
function isOver(error) {
  if (!(error instanceof CoordinatorError)) return false;
  return error.status === 404 || error.status === 410 || error.code === 'already_completed';
}

/**
 * @param {Uploader} uploader
 * @param {Resumable} found
 * @returns {Promise<UploadTask>}
 * @throws {UploadError} `no_permission`, `file_missing`
 */
export async function resumeFrom(uploader, { upload, handle }) {
  try {
    if (!handle) throw new UploadError('file_missing', { name: upload.filename });
    return uploader.add(await openFile(handle), { expected: upload, handle });
  } catch (error) {
    if (error instanceof UploadError) {
      tell(error);
      if (error.code === 'file_missing') forgetHandle(upload.id);
    }
    throw error;
  }
}
