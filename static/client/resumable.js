/** Unfinished uploads with what the browser still knows of their files. */

/** @import { Surroundings } from './surroundings.js' */
/** @import { UploadTask } from './task.js' */
/** @import { Uploader } from './uploader.js' */
/** @import { Upload } from './types.js' */

import { UploadError } from './errors.js';
import { forgetHandle, handlesOf, openFile } from './handles.js';
import { beingSent } from './tabs.js';
import { tell } from './words.js';

/**
 * @typedef {object} Resumable
 * @property {Upload} upload
 * @property {FileSystemFileHandle | null} handle  null: its file, `upload.filename`, is to be chosen again
 * @property {boolean} elsewhere  another tab sends it right now
 */

/**
 * @param {Upload[]} uploads
 * @param {Surroundings} surroundings
 * @returns {Promise<Resumable[]>}
 */
export async function resumable(uploads, surroundings) {
  const ids = uploads.map(({ id }) => id);
  const [handles, sent] = await Promise.all([handlesOf(uploads, surroundings), beingSent(surroundings, ids)]);
  return uploads.map((upload) => ({
    upload,
    handle: handles.get(upload.id) ?? null,
    elsewhere: sent.has(upload.id),
  }));
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
