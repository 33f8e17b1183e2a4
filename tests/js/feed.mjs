/** A stream fed by hand; `asked` counts what was read of it. */
export function feed() {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let out = /** @type {any} */ (null);
  const state = { asked: 0, cancelled: false };
  const stream = new ReadableStream(
    {
      start: (controller) => {
        out = controller;
      },
      pull: () => {
        state.asked += 1;
      },
      cancel: () => {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const say = (/** @type {string} */ words) => out.enqueue(new TextEncoder().encode(words));
  return {
    stream,
    state,
    say,
    end: () => out.close(),
    breakOff: () => out.error(new Error('the camera is gone')),
  };
}
