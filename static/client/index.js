/**
 * The public entrance of the client.
 *
 *     const uploader = new Uploader({ token: async () => (await fetch('/my/token')).text() });
 *     const upload = uploader.add(input.files[0]);
 *     upload.addEventListener('progress', ({ detail }) => show(detail.fraction));
 *     await upload.done;
 */

export { CoordinatorError, UploadError } from './errors.js';
export { fingerprint } from './fingerprint.js';
export { UploadTask } from './task.js';
export { Uploader } from './uploader.js';

/**
 * For those who write in TypeScript: everything that is handed over or back.
 *
 * @typedef {import('./credential.js').TokenSource} TokenSource
 * @typedef {import('./delivery.js').FileOptions} FileOptions
 * @typedef {import('./errors.js').UploadErrorCode} UploadErrorCode
 * @typedef {import('./events.js').UploaderEventMap} UploaderEventMap
 * @typedef {import('./events.js').UploadTaskEventMap} UploadTaskEventMap
 * @typedef {import('./limits.js').Limits} Limits
 * @typedef {import('./ports.js').PathName} PathName
 * @typedef {import('./progress.js').Progress} Progress
 * @typedef {import('./resumable.js').Resumable} Resumable
 * @typedef {import('./task.js').Content} Content
 * @typedef {import('./task.js').UploadState} UploadState
 * @typedef {import('./types.js').Upload} Upload
 * @typedef {import('./uploader.js').UploaderOptions} UploaderOptions
 */
