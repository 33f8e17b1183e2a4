/**
 * Runs in a worker: digests of the blobs it is sent, one at a time. A blob refers to its file, so posting one copies
 * no bytes; they are read here.
 *
 * @typedef {{ algorithm: import('./hashing.js').Algorithm, blob: Blob } | 'stop'} Order  `stop` ends the one under way
 * @typedef {{ digest: string } | { failure: string, message: string }} Answer
 */

import { hash } from './hashing.js';

/** @type {AbortController} */
let stop;

/** @param {Answer} answer */
const reply = (answer) => globalThis.postMessage(answer);

globalThis.onmessage = ({ data }) => {
  /** @type {Order} */
  const order = data;
  if (order === 'stop') return stop.abort();
  stop = new AbortController();
  hash(order.algorithm, order.blob, stop.signal).then(
    (digest) => reply({ digest }),
    ({ name, message }) => reply({ failure: name, message }),
  );
};
