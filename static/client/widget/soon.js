/** What is drawn once for all that happens within a frame. By a timer: a tab in the background gets no frames. */

const FRAME_MS = 16;

/**
 * @param {() => void} draw
 * @param {AbortSignal} [signal]  nothing is drawn after it
 * @returns {() => void} asks for it
 */
export function soon(draw, signal) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    setTimeout(() => {
      asked = false;
      if (!signal?.aborted) draw();
    }, FRAME_MS);
  };
}
