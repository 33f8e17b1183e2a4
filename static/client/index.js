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
