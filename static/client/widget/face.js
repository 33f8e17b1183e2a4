/** What a task's state looks like: its word, its mark, and what may be done. */

/** @import { UploadTask } from '../task.js' */
/** @import { IconName } from './icons.js' */
/** @import { Key } from './words.js' */

import { isFinal } from './problems.js';

/**
 * @typedef {'pause' | 'resume' | 'retry' | 'anew' | 'download' | 'cancel' | 'clear'} Action  each a text, too
 *
 * @typedef {object} Face
 * @property {Key} word
 * @property {IconName} icon
 * @property {Action | null} main
 * @property {Action | null} side
 */

/** @type {Record<UploadTask['state'], Face>} */
const FACES = {
  waiting: { word: 'waiting', icon: 'clock', main: 'pause', side: 'cancel' },
  preparing: { word: 'preparing', icon: 'file', main: 'pause', side: 'cancel' },
  uploading: { word: 'uploading', icon: 'upload', main: 'pause', side: 'cancel' },
  paused: { word: 'paused', icon: 'pause', main: 'resume', side: 'cancel' },
  finishing: { word: 'finishing', icon: 'upload', main: null, side: null },
  completed: { word: 'completed', icon: 'done', main: 'download', side: 'clear' },
  failed: { word: 'failed', icon: 'alert', main: 'retry', side: 'cancel' },
  cancelling: { word: 'cancelling', icon: 'file', main: null, side: null },
  cancelled: { word: 'cancelled', icon: 'file', main: null, side: 'clear' },
};

/**
 * @param {UploadTask} task
 * @returns {Face}
 */
export function faceOf({ state, error, upload, standing, troubled }) {
  const face = FACES[state];
  if (troubled && state === 'uploading') return { ...face, word: 'tryingAgain', icon: 'clock' };
  if (state !== 'failed') return face;
  const again = isFinal(error) ? null : 'retry';
  return { ...face, main: standing ? 'anew' : again, side: upload ? 'cancel' : 'clear' };
}

/** @param {Action} action */
export function isPrimary(action) {
  return action === 'resume' || action === 'retry' || action === 'download';
}
