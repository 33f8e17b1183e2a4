/** What is done with all files at once. There may be ten thousand, most of which wait. */

/** @import { UploadTask } from '../task.js' */

import { isFinal } from './problems.js';
import { inSlices } from './slices.js';

/** Cancels that may wait for the coordinator's answer at a time. */
const FEW = 6;

/** @param {UploadTask[]} tasks */
export async function pauseAll(tasks) {
  const [waiting, others] = parted(tasks, ({ state }) => state === 'waiting');
  // first those that would otherwise begin in the place of each that stops
  await inSlices([...waiting, ...others], (some) => {
    for (const task of some) task.pause();
  });
}

/**
 * After an outage those that it stopped, too.
 *
 * @param {UploadTask[]} tasks
 */
export async function resumeAll(tasks) {
  await inSlices(tasks, (some) => {
    for (const task of some) if (!isFinal(task.error)) task.resume();
  });
}

/**
 * Nothing more is sent by any of them; what the coordinator knows of is cleared there a few at a time.
 *
 * @param {UploadTask[]} tasks
 */
export async function cancelAll(tasks) {
  const [begun, others] = parted(tasks, ({ state, upload }) => upload !== null || state === 'preparing');
  await inSlices(others, (some) => {
    for (const task of some) task.cancel();
  });
  for (const task of begun.slice(FEW)) task.pause();
  const left = begun.values();
  const lane = async () => {
    for (const task of left) await task.cancel();
  };
  await Promise.all(Array.from({ length: FEW }, lane));
}

/**
 * @param {UploadTask[]} tasks
 * @param {(task: UploadTask) => boolean} isFirst
 */
function parted(tasks, isFirst) {
  /** @type {[UploadTask[], UploadTask[]]} */
  const both = [[], []];
  for (const task of tasks) both[isFirst(task) ? 0 : 1].push(task);
  return both;
}
