/** A stream whose upload is given up: it is ended, and what was read of it never taken for the whole. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UploadError } from '../../static/client/errors.js';
import { StreamSource } from '../../static/client/stream_source.js';
import { tell } from '../../static/client/words.js';
import { feed } from './feed.mjs';
import { problem } from './replies.mjs';
import { scene } from './scene.mjs';

/** @import { UploadTask } from '../../static/client/index.js' */

test('a stream whose cancelling failed is never completed with what was read of it', async () => {
  const { server, uploader, reach, time } = scene();
  const { stream, state, say } = feed();
  const upload = uploader.addStream(stream, { name: 'x' });
  say('abcdefghij');
  await time.until(() => server.store.get('upload-1')?.size === 2);
  server.fault = ({ method }) => (method === 'DELETE' ? problem(503, 'unavailable') : undefined);
  upload.cancel();
  await reach(upload, 'failed');
  upload.resume();
  await reach(upload, 'failed');
  assert.deepEqual(
    [/** @type {any} */ (upload.error).code, state.cancelled, server.uploads.get('upload-1').state],
    ['stream_broken', true, 'open'],
  );
  server.fault = () => undefined;
  upload.resume();
  await reach(upload, 'failed');
  assert.equal(server.uploads.get('upload-1').state, 'aborted', 'nobody can finish it');
});

test('a source that was cancelled has not ended', async () => {
  const { stream, say } = feed();
  const source = new StreamSource(stream, 4, () => assert.fail('it ended'));
  const { signal } = new AbortController();
  say('abcdefghij');
  assert.deepEqual([await source.next(signal), await source.next(signal)], [1, 2]);
  const third = source.next(signal);
  await source.cancel();
  await assert.rejects(third, { code: 'stream_broken' });
  assert.equal(source.size, null);
});

/** @type {[string, (upload: UploadTask, settle: () => Promise<void>) => unknown, object][]} */
const EARLY = [
  ['in the turn it was added in', (upload) => upload.cancel(), {}],
  [
    'after a pause in that turn',
    async (upload, settle) => {
      upload.pause();
      await settle();
      upload.cancel();
    },
    {},
  ],
  ['by a signal that was aborted before', () => {}, { signal: AbortSignal.abort() }],
];
for (const [when, cancel, options] of EARLY)
  test(`a stream that is cancelled ${when} is ended`, async () => {
    const { server, uploader, time, reach } = scene();
    const { stream, state } = feed();
    const upload = uploader.addStream(stream, { name: 'x', ...options });
    await cancel(upload, () => time.settle());
    await reach(upload, 'cancelled');
    assert.deepEqual([state.cancelled, server.calls.length], [true, 0]);
  });

test('a stream that the page does not take is left alone, until its task is cancelled or removed', async () => {
  for (const way of ['cancel', 'remove']) {
    const { uploader, reach } = scene({ limits: { types: ['.txt'] } });
    const { stream, state } = feed();
    const upload = uploader.addStream(stream, { name: 'talk.webm' });
    await reach(upload, 'failed');
    assert.deepEqual([state.cancelled, stream.locked], [false, false]);
    await (way === 'cancel' ? upload.cancel() : uploader.remove(upload));
    assert.deepEqual([upload.state, state.cancelled], ['cancelled', true], way);
  }
});

test('a stream whose paused or failed task is removed is ended, and nothing is left of its upload', async () => {
  const { server, uploader, time } = scene();
  const { stream, state, say } = feed();
  const upload = uploader.addStream(stream, { name: 'x' });
  say('abcdef');
  await time.until(() => server.store.get('upload-1')?.size === 1);
  upload.pause();
  await uploader.remove(upload);
  assert.deepEqual([state.cancelled, server.uploads.get('upload-1').state], [true, 'aborted']);
});

/**
 * @param {number} size
 * @param {(bytes: number) => void} onEnd
 */
function longSource(size, onEnd) {
  let left = size;
  const stream = new ReadableStream({
    pull(out) {
      if (left === 0) return out.close();
      const piece = new Uint8Array(Math.min(left, 1_000));
      left -= piece.length;
      out.enqueue(piece);
    },
  });
  return new StreamSource(stream, 1, onEnd);
}

/** @param {StreamSource} source */
async function readThrough(source) {
  let most = 0;
  for (let number; (number = await source.next(new AbortController().signal)) !== null;) {
    source.arrived(number);
    most = Math.max(most, ...source.upcoming(32));
  }
  return most;
}

test('a stream of exactly as many parts as an upload may have ends with the last of them', async () => {
  let size = 0;
  assert.equal(await readThrough(longSource(10_000, (bytes) => (size = bytes))), 10_000);
  assert.equal(size, 10_000);
});

test('a stream of more parts is too long, and what it may have is said', async () => {
  const error = await readThrough(longSource(10_001, () => {})).catch((caught) => caught);
  tell(error);
  assert.deepEqual([error.code, error.values], ['stream_too_long', { limit: 10_000, partSize: 1 }]);
  assert.match(error.message, /in parts of 1 bytes may have 10000 bytes.*`partSize`/);
});

test('the upload of a stream that is too long is cleared away, and its parts are of the size that was asked for', async (t) => {
  t.mock.method(StreamSource.prototype, 'next', () =>
    Promise.reject(new UploadError('stream_too_long', { limit: 10_000, partSize: 1 })),
  );
  const { server, uploader, reach } = scene();
  const { stream, state } = feed();
  const upload = uploader.addStream(stream, { name: 'x', partSize: 7_000_000 });
  await reach(upload, 'failed');
  assert.deepEqual([server.uploads.get('upload-1').state, state.cancelled], ['aborted', true]);
  assert.equal(server.callsTo('POST', '')[0]?.body.part_size, 7_000_000);
});

test('a stream whose upload was begun and then found impossible leaves nothing of it', async () => {
  for (const again of [false, true]) {
    const { server, uploader, reach } = scene({ digests: 'on' });
    // whoever asks twice under one key is answered the same
    server.fault = ({ path }) =>
      path === '/v1/uploads' && server.uploads.size > 0
        ? { status: 201, body: { upload: server.uploads.get('upload-1'), parts: [] } }
        : undefined;
    const kept = server.uploads.set.bind(server.uploads);
    server.uploads.set = (id, upload) =>
      kept(id, Object.assign(upload, { part_digests: { rule: 'required', algorithms: [] } }));
    const { stream, state } = feed();
    const upload = uploader.addStream(stream, { name: 'x' });
    await reach(upload, 'failed');
    if (again) {
      upload.resume();
      await reach(upload, 'failed');
    }
    assert.equal(/** @type {any} */ (upload.error).code, 'no_digests');
    await upload.cancel();
    assert.deepEqual([state.cancelled, server.store.has('upload-1')], [true, false]);
  }
});
