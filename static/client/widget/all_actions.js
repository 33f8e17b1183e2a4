/** The buttons for all files at once. */

/** @import { Words } from './words.js' */

import { button } from './dom.js';

/** @param {Words} words */
export function allActions(words) {
  const add = (
    /** @type {string} */ id,
    /** @type {'pauseAll' | 'resumeAll' | 'cancelAll' | 'clearDone'} */ key,
  ) => button(words.say(key), 'quiet', { 'data-all': id });
  return {
    pause: add('pause', 'pauseAll'),
    resume: add('resume', 'resumeAll'),
    cancel: add('cancel', 'cancelAll'),
    clear: add('clear', 'clearDone'),
  };
}
