/** Files that are dropped, or pasted. */

/** @import { Given } from './find.js' */

import { take } from './find.js';

/**
 * @typedef {object} Area
 * @property {HTMLElement | Document} within  drops outside of it are not ours
 * @property {(over: boolean) => void} onOver  something hovers that could be dropped
 * @property {(given: Given[]) => void} onGiven
 * @property {AbortSignal} signal  ends it
 */

/** @param {Area} area */
export function takeDrops({ within, onOver, onGiven, signal }) {
  const listen = (/** @type {string} */ type, /** @type {(event: DragEvent) => void} */ handle) => {
    const careful = (/** @type {Event} */ event) => {
      const dragged = /** @type {DragEvent} */ (event);
      if (!dragged.dataTransfer?.types.includes('Files')) return;
      dragged.preventDefault();
      handle(dragged);
    };
    within.addEventListener(type, careful, { signal });
  };
  listen('dragenter', () => onOver(true));
  listen('dragover', ({ dataTransfer }) => {
    if (dataTransfer) dataTransfer.dropEffect = 'copy';
  });
  listen('dragleave', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node) || !within.contains(relatedTarget)) onOver(false);
  });
  listen('drop', ({ dataTransfer }) => {
    onOver(false);
    onGiven(take(dataTransfer));
  });
}

/** @param {Omit<Area, 'onOver'>} area */
export function takePastes({ within, onGiven, signal }) {
  const paste = (/** @type {Event} */ event) => {
    const given = take(/** @type {ClipboardEvent} */ (event).clipboardData);
    if (given.length === 0) return;
    event.preventDefault();
    onGiven(given);
  };
  within.addEventListener('paste', paste, { signal });
}
