/**
 * Modules that are loaded when they are needed. A network, or a service, that is away at that moment is waited for as
 * with any other call: nothing that was tried in vain is remembered, and browsers ask for the module again.
 */

/** @import { Surroundings } from './surroundings.js' */

import { unreachable } from './errors.js';
import { BRIEF_TRIES, PATIENT_TRIES, patiently } from './retry.js';

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
      imported().catch(() => {
        throw unreachable();
      });
    return patiently(attempt, signal ? PATIENT_TRIES : BRIEF_TRIES, surroundings, signal);
  };
}
