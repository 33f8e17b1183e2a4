/**
 * A strip of cells, one for each part or, where the width is too small, for some of them; each fills as its parts
 * do. One canvas: ten thousand parts cost what ten cost. For the eye only, the row says the same in words.
 */

/** @import { UploadTask } from '../task.js' */

const CELL_PX = 5;
const GAP_PX = 1;
const TRACK_ALPHA = 0.2;

/**
 * @param {HTMLCanvasElement} canvas  drawn in its CSS `color`
 * @param {NonNullable<UploadTask['parts']>} parts
 */
export function drawParts(canvas, parts) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const cells = Math.min(parts.count ?? 0, Math.floor(width / CELL_PX));
  if (cells < 1) return;
  const scale = globalThis.devicePixelRatio || 1;
  // setting a size also clears
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) return;
  const { color, direction } = getComputedStyle(canvas);
  context.scale(direction === 'rtl' ? -scale : scale, scale);
  if (direction === 'rtl') context.translate(-width, 0);
  context.fillStyle = color;
  const pitch = (width + GAP_PX) / cells;
  fillings(parts, cells).forEach((filling, index) => {
    const [left, wide] = [index * pitch, Math.max(1, pitch - GAP_PX)];
    context.globalAlpha = TRACK_ALPHA;
    context.fillRect(left, 0, wide, height);
    context.globalAlpha = 1;
    context.fillRect(left, height * (1 - filling), wide, height * filling);
  });
}

/**
 * How full each cell is, 0 to 1.
 *
 * @param {NonNullable<UploadTask['parts']>} parts
 * @param {number} cells
 */
export function fillings({ count, size, done, flying }, cells) {
  const all = count ?? 0;
  const sums = new Float64Array(cells);
  const add = (/** @type {number} */ number, /** @type {number} */ fraction) => {
    const cell = Math.floor(((number - 1) * cells) / all);
    sums[cell] = (sums[cell] ?? 0) + fraction;
  };
  for (const number of done) add(number, 1);
  for (const [number, sent] of flying) add(number, size > 0 ? Math.min(1, sent / size) : 0);
  return Array.from(sums, (sum, index) => {
    const first = Math.ceil((index * all) / cells);
    return Math.min(1, sum / (Math.ceil(((index + 1) * all) / cells) - first));
  });
}
