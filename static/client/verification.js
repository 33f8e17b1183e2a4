/**
 * Whether parts that the store holds are those of the file at hand: the digest that was recorded with each is
 * computed again. A fingerprint samples, a modification time may lie; these are the bytes.
 */

/** @import { Algorithm } from './digests/hashing.js' */
/** @import { Hasher } from './digests/open.js' */
/** @import { Plan } from './plan.js' */
/** @import { Sender } from './sender.js' */
/** @import { DeliveryContext } from './delivery.js' */
/** @import { RecordedPart, Upload } from './types.js' */

import { digestOf, hasherOf } from './digests/open.js';
import { UploadError } from './errors.js';
import { heldParts } from './held.js';
import { partRange, planOf } from './plan.js';
import { onAbort } from './surroundings.js';

/** Read and hashed at once, beside what is being sent. */
const AT_ONCE = 2;

/**
 * @typedef {object} Content
 * @property {File} file
 * @property {Plan} plan
 * @property {RecordedPart[]} found  of the plan; those without a digest are believed
 * @property {Set<number>} proven  numbers of those that agree already; more are added
 *
 * @typedef {{ algorithm: Algorithm, value: string }} Known
 */

/**
 * Sends what is missing, and compares what is held meanwhile. The first error of either stops both.
 *
 * @param {DeliveryContext} context
 * @param {Pick<Sender, 'send'>} sender
 * @param {Content} content
 * @param {AbortSignal} signal
 * @throws {UploadError} `file_changed`, and what the sender throws
 */
export async function sendProven(context, sender, content, signal) {
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal.reason));
  const both = [sender.send(stop.signal), verify(content, hasherOf(context), stop.signal)];
  try {
    await Promise.all(both);
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(both);
    forget();
  }
}

/**
 * Whether a file of another modification time is the upload's: every part that is held was recorded with its digest, and
 * agrees.
 *
 * @param {DeliveryContext} context
 * @param {File} file
 * @param {Upload} upload
 * @param {Set<number>} proven  part numbers; more are added
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false: no part is held, so nothing tells
 * @throws {UploadError} `file_changed`
 */
export async function prove(context, file, upload, proven, signal) {
  const plan = planOf(upload, file.size);
  const found = await heldParts(context.coordinator, upload.id, plan, signal);
  if (!found.every(known)) throw changedSince(upload);
  await verify({ file, plan, found, proven }, hasherOf(context), signal).catch((error) => {
    throw error instanceof UploadError ? changedSince(upload, error) : error;
  });
  return found.length > 0;
}

/**
 * @param {Upload} upload  that the file began with
 * @param {unknown} [cause]
 */
export function changedSince({ filename, created_at: began }, cause) {
  return new UploadError('file_changed', { filename, began }, cause);
}

/**
 * @param {Content} content
 * @param {Hasher} hasher
 * @param {AbortSignal} signal
 */
async function verify({ file, plan, found, proven }, hasher, signal) {
  const waiting = found.filter((part) => !proven.has(part.part_number) && known(part));
  const one = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const { offset, size } = partRange(plan, part.part_number);
      const { algorithm, value } = /** @type {Known} */ (known(part));
      const now = await digestOf(hasher, algorithm, file.slice(offset, offset + size), signal);
      if (now !== value) throw new UploadError('file_changed');
      proven.add(part.part_number);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/**
 * The digest that can be compared here. Null: there is none.
 *
 * @param {RecordedPart} part
 * @returns {Known | null}
 */
function known({ digest }) {
  if (digest?.sha256 && globalThis.crypto?.subtle) return { algorithm: 'sha256', value: digest.sha256 };
  return digest?.md5 ? { algorithm: 'md5', value: digest.md5 } : null;
}
