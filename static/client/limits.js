/** What a page takes, checked before anything is sent. The service's own rules hold besides. */

/** @import { Content, UploadTask } from './task.js' */

import { UploadError } from './errors.js';

/**
 * @typedef {object} Limits
 * @property {number} [maxSize]  bytes of one file
 * @property {number} [minSize]
 * @property {number} [maxFiles]  in `uploads`, apart from those that were cancelled or refused
 * @property {string[]} [types]  as the `accept` attribute has them: `image/*`, `video/mp4`, `.pdf`
 */

/** @type {WeakSet<UploadTask>} */
const refused = new WeakSet();

/**
 * @param {UploadTask} task
 * @param {Iterable<UploadTask>} all  those of its Uploader, in the order in which they were added
 * @param {Limits} limits
 * @throws {UploadError} `too_large`, `too_small`, `too_many`, `wrong_type`
 */
export function admit(task, all, limits) {
  refused.add(task);
  check(task.file, limits);
  const { maxFiles = Infinity } = limits;
  if (maxFiles < Infinity && isFull(task, all, maxFiles))
    throw new UploadError('too_many', { limit: maxFiles });
  refused.delete(task);
}

/**
 * Looks no further than it has to: of ten thousand files each is asked about.
 *
 * @param {UploadTask} task
 * @param {Iterable<UploadTask>} all
 * @param {number} maxFiles
 */
function isFull(task, all, maxFiles) {
  let before = 0;
  for (const other of all) {
    if (before >= maxFiles || other === task) break;
    if (other.state !== 'cancelled' && !refused.has(other)) before += 1;
  }
  return before >= maxFiles;
}

/**
 * @param {Content} file
 * @param {Limits} limits
 */
function check({ name, size, type }, { maxSize = Infinity, minSize = 0, types }) {
  const file = { name, type };
  if (types && !types.some((wanted) => matches(file, wanted.trim().toLowerCase())))
    throw new UploadError('wrong_type', { name, types });
  if (size === null) return;
  if (size > maxSize) throw new UploadError('too_large', { name, size, limit: maxSize });
  if (size < minSize) throw new UploadError('too_small', { name, size, limit: minSize });
}

/**
 * @param {{ name: string, type: string }} file
 * @param {string} wanted
 */
function matches({ name, type }, wanted) {
  if (wanted.startsWith('.')) return name.toLowerCase().endsWith(wanted);
  const kind = type.toLowerCase();
  return wanted.endsWith('/*') ? kind.startsWith(wanted.slice(0, -1)) : kind.split(';')[0] === wanted;
}
