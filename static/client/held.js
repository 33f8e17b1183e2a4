/** Which parts of an upload the ledger and the store hold. It is asked, never remembered. */

/** @import { Coordinator } from './api.js' */
/** @import { Plan } from './plan.js' */
/** @import { RecordedPart } from './types.js' */
/** @import { Work } from './work.js' */

import { partRange } from './plan.js';

/**
 * @param {Coordinator} coordinator
 * @param {string} id  of the upload
 * @param {Plan} plan
 * @param {AbortSignal} signal
 * @returns {Promise<RecordedPart[]>} those that are as planned; one of another size is sent again
 */
export async function heldParts(coordinator, id, plan, signal) {
  const recorded = await (await coordinator.ledger(signal)).parts(id, signal);
  return recorded.filter(
    ({ part_number, size }) =>
      part_number >= 1 && part_number <= (plan.partCount ?? 0) && size === partRange(plan, part_number).size,
  );
}

/**
 * Has the upload's meter count them.
 *
 * @param {Coordinator} coordinator
 * @param {Work} work
 * @param {AbortSignal} signal
 * @returns {Promise<RecordedPart[]>} those that are new to it and can be compared by their digest
 */
export async function learn(coordinator, { upload, plan, meter }, signal) {
  const held = await heldParts(coordinator, upload.id, plan, signal);
  const found = held.filter(({ part_number, digest }) => digest && !meter.done.has(part_number));
  const numbers = new Set(held.map((part) => part.part_number));
  for (let number = 1; number <= (plan.partCount ?? 0); number += 1) {
    const { size } = partRange(plan, number);
    if (numbers.has(number)) meter.stored(number, size);
    else meter.missing(number, size);
  }
  return found;
}
