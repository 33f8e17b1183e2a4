/**
 * Modules that are loaded when they are needed. A network, or a service, that is away at that moment is waited for as
 * with any other call: nothing that was tried in vain is remembered here, and Chromium 156 and Firefox 155 ask for the
 * module again. Chromium 150, Safari and earlier ones of Firefox answer from memory until a reload: what a plain upload
 * needs does without. A module that is on its way keeps nobody who no longer wants it.
 */

/** @import { Surroundings } from './surroundings.js' */

import { unreachable } from './errors.js';
import { BRIEF_TRIES, PATIENT_TRIES, patiently } from './retry.js';
import { abortable } from './surroundings.js';

/**
 * @typedef {<Module>(imported: () => Promise<Module>, signal?: AbortSignal) => Promise<Module>} Load  `imported` names
 *   the module itself, so that bundlers see it. Without a signal somebody waits for the answer: a few tries. Rejects
 *   with the signal's reason, or with a CoordinatorError `unreachable`
 */

/**
 * @param {Surroundings} surroundings
 * @returns {Load}
 */
export function loading(surroundings) {
  return (imported, signal) => {
    const attempt = () =>
      abortable(
        imported().catch(() => {
          throw unreachable();
        }),
        signal,
      );
    return patiently(attempt, signal ? PATIENT_TRIES : BRIEF_TRIES, surroundings, signal);
  };
}
