/** What a page takes, checked before anything is sent. The service's own rules hold besides. */

import { UploadError } from './errors.js';

/**
 * @typedef {object} Limits
 * @property {number} [maxSize]  bytes of one file
 * @property {number} [minSize]
 * @property {number} [maxFiles]  in `uploads`, apart from those that were cancelled or refused
 * @property {string[]} [types]  as the `accept` attribute has them: `image/*`, `video/mp4`, `.pdf`
 */

/**
 * @param {{ name: string, size: number | null, type: string }} file  size null: not known yet
 * @param {number} others  how many there are already
 * @param {Limits} limits
 * @throws {UploadError} `too_large`, `too_small`, `too_many`, `wrong_type`
 */
export function admit(file, others, { maxSize = Infinity, minSize = 0, maxFiles = Infinity, types }) {
  const { name, size } = file;
  if (others >= maxFiles) throw new UploadError('too_many', { limit: maxFiles });
  if (types && !types.some((type) => matches(file, type.trim().toLowerCase())))
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
