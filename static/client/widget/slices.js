/** Thousands of files are taken a few hundred at a time: in between, the page draws and listens. */

const MOST = 200;

/**
 * The first ones are taken at once.
 *
 * @template T
 * @param {readonly T[]} all
 * @param {(some: T[], isLater: boolean) => void} take
 */
export async function inSlices(all, take) {
  for (let at = 0; at < all.length; at += MOST) {
    if (at > 0) await breath();
    take(all.slice(at, at + MOST), at > 0);
  }
}

/** @returns {Promise<void>} */
function breath() {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
