/**
 * Runs in a worker: digests of the blobs it is sent, a few at once. A blob refers to its file, so posting one copies
 * no bytes; they are read here.
 *
 * @typedef {import('./hashing.js').Algorithm} Algorithm
 * @typedef {{ id: number, algorithm: Algorithm, blob: Blob } | { stop: number } | { ready: 'md5' }} Order
 * @typedef {{ id: number, digest: string } | { id: number, failure: string, message: string } | { here: true }} Answer
 */

// what those two import is named too: a browser that knows of all at once waits for one round trip, not for three
import './assembler.js';
import './md5_code.js';
import './reading.js';
import { base64, hash } from './hashing.js';
import { Lanes } from './lanes.js';

/** @type {Map<number, AbortController>} */
const underWay = new Map();
/** @type {Promise<Lanes | null> | null} null within: WebAssembly is missing here, or forbidden */
let opening = null;
/** @type {ArrayBuffer[]} fresh memory costs about as much as reading into it */
const spare = [];

/** @param {Answer} answer */
const reply = (answer) => globalThis.postMessage(answer);

const open = () => (opening ??= Lanes.open().catch(() => null));

/** @type {typeof hash} */
async function hashed(algorithm, blob, signal) {
  const lanes = algorithm === 'md5' ? await open() : null;
  return lanes ? base64(await lanes.hash(blob, signal)) : hash(algorithm, blob, signal, spare);
}

globalThis.onmessage = ({ data }) => {
  /** @type {Order} */
  const order = data;
  if ('stop' in order) return underWay.get(order.stop)?.abort();
  if ('ready' in order) return void open();
  const { id, algorithm, blob } = order;
  const stop = new AbortController();
  underWay.set(id, stop);
  hashed(algorithm, blob, stop.signal)
    .then(
      (digest) => reply({ id, digest }),
      ({ name, message }) => reply({ id, failure: name, message }),
    )
    .finally(() => underWay.delete(id));
};

reply({ here: true });
