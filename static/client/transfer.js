/**
 * One part to the store. XMLHttpRequest, because fetch does not tell how many bytes of a body have left.
 * The body is a Blob that refers to the file: the browser reads it from disk as it sends, nothing is
 * held in memory, and its length is exactly the signed one.
 *
 * @typedef {object} PartPut
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Blob} body
 * @property {(sent: number) => void} onProgress
 * @property {AbortSignal} signal
 * @property {() => Patience} patience
 *
 * @typedef {(put: PartPut) => Promise<{ etag: string | null }>} Transport  rejects with a TransferError, or with
 *   the signal's reason; `etag` is null where the store's CORS rules hide it
 */

/** @import { Patience } from './pace.js' */
/** @import { Surroundings } from './surroundings.js' */

import { TransferError } from './errors.js';
import { parseRetryAfter } from './retry.js';
import { onAbort } from './surroundings.js';

/**
 * @param {Surroundings} surroundings
 * @param {() => XMLHttpRequest} [newRequest]
 * @returns {Transport}
 */
export function xhrTransport(surroundings, newRequest = () => new XMLHttpRequest()) {
  return ({ url, headers, body, onProgress, signal, patience }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = newRequest();
      let stopWatch = () => {};
      const watch = (/** @type {number} */ ms) => {
        stopWatch();
        stopWatch = surroundings.after(ms, () => fail(new TransferError('stalled', 0)));
      };
      const end = () => {
        stopWatch();
        forget();
      };
      const fail = (/** @type {unknown} */ error) => {
        end();
        reject(error);
        request.abort();
      };
      const forget = onAbort(signal, () => fail(signal.reason));

      request.upload.onprogress = (event) => {
        watch(patience().moving);
        onProgress(Math.min(event.loaded, body.size));
      };
      request.upload.onload = () => watch(patience().answer);
      request.onerror = () => fail(new TransferError('network', 0));
      request.onload = () => {
        if (request.status < 200 || request.status > 299) return fail(refusal(request, surroundings));
        end();
        resolve({ etag: readHeader(request, 'etag') });
      };
      request.open('PUT', url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      watch(patience().moving);
      request.send(body);
    });
}

/**
 * @param {XMLHttpRequest} request
 * @param {Surroundings} surroundings
 */
function refusal(request, surroundings) {
  const retryAfter = parseRetryAfter(readHeader(request, 'retry-after'), surroundings.now());
  return new TransferError('status', request.status, retryAfter, request.responseText);
}

/**
 * Asking getResponseHeader for a header that CORS hides fills the console with warnings; this does not.
 *
 * @param {XMLHttpRequest} request
 * @param {string} name  lower case
 * @returns {string | null}
 */
function readHeader(request, name) {
  const found = new RegExp(`^${name}: (.*)$`, 'im').exec(request.getAllResponseHeaders());
  return found?.[1] ?? null;
}
