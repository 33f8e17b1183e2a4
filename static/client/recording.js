/**
 * A recording in progress as a stream for `Uploader.addStream`. An entrance of its own:
 *
 *     const recorder = new MediaRecorder(media);
 *     uploader.addStream(recordingStream(recorder), { name: 'talk.webm', type: recorder.mimeType });
 *     recorder.start(1000);
 *
 * To be called before the recorder is started. While the upload is paused or slower than the recording, the browser
 * keeps what was recorded; stopping the recorder ends the upload, and cancelling the upload stops the recorder.
 *
 * @param {MediaRecorder} recorder
 * @returns {ReadableStream<BufferSource>}
 */
export function recordingStream(recorder) {
  /** @type {TransformStream<Blob, BufferSource>} */
  const opened = new TransformStream({
    transform: async (piece, out) => out.enqueue(new Uint8Array(await piece.arrayBuffer())),
  });
  const writer = opened.writable.getWriter();
  // in the order they were recorded: a writer keeps its own queue
  recorder.addEventListener('dataavailable', ({ data }) => {
    if (data.size > 0) writer.write(data).catch(() => {});
  });
  recorder.addEventListener('stop', () => {
    writer.close().catch(() => {});
  });
  recorder.addEventListener('error', (event) => {
    writer.abort(event).catch(() => {});
  });
  writer.closed.catch(() => recorder.state !== 'inactive' && recorder.stop());
  return opened.readable;
}
