/** @import { UploadTask } from '../client/index.js' */

import { fill } from './dom.js';

const CELL_PX = 7;
const MOST_CELLS = 96;

/**
 * A strip of cells, one for each part, or for as many parts as the width asks for; each fills as its parts do.
 *
 * @param {HTMLElement} strip
 * @param {NonNullable<UploadTask['parts']>} parts
 */
export function drawParts(strip, { count, size, done, flying }) {
  if (count < 2) return;
  strip.hidden = false;
  const most = Math.min(MOST_CELLS, Math.floor(strip.clientWidth / CELL_PX));
  if (strip.childElementCount === 0) addCells(strip, Math.max(1, Math.min(count, most)));
  const cells = /** @type {HTMLElement[]} */ ([...strip.children]);
  const sums = new Float64Array(cells.length);
  const cellOf = (/** @type {number} */ number) => Math.floor(((number - 1) * cells.length) / count);
  const add = (/** @type {number} */ number, /** @type {number} */ fraction) => {
    const cell = cellOf(number);
    sums[cell] = (sums[cell] ?? 0) + fraction;
  };
  for (const number of done) add(number, 1);
  for (const [number, sent] of flying) add(number, size > 0 ? Math.min(1, sent / size) : 0);
  cells.forEach((cell, index) => {
    const parts = Math.ceil(((index + 1) * count) / cells.length) - Math.ceil((index * count) / cells.length);
    fill(cell, (sums[index] ?? 0) / parts);
  });
}

/**
 * @param {HTMLElement} strip
 * @param {number} count
 */
function addCells(strip, count) {
  for (let index = 0; index < count; index += 1) {
    const cell = document.createElement('span');
    cell.className = 'part';
    strip.append(cell);
  }
}
