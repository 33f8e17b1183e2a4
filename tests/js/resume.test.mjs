import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { fingerprint } from '../../static/client/fingerprint.js';
import { forever, scene, sentNumbers, text } from './scene.mjs';

test('pause stops what is under way and keeps what is finished; resume sends only the rest', async () => {
  const { server, uploader, time, reach } = scene({ concurrency: 2 });
  server.partFault = ({ number, request }) => {
    if (number <= 3) return undefined;
    request.onProgress(2);
    return forever();
  };
  const upload = uploader.add(text(40));
  let shown = 0;
  upload.addEventListener('progress', (event) => {
    shown = /** @type {CustomEvent} */ (event).detail.bytesSent;
  });
  await time.until(() => shown === 3 * 4 + 2 * 2);
  upload.pause();
  await time.settle();
  assert.equal(upload.state, 'paused');
  assert.ok(server.puts.slice(3).every((put) => put.request.signal.aborted));
  assert.equal(upload.progress.bytesPerSecond, null);
  assert.equal(shown, 3 * 4, 'what was in flight counts no longer');
  const before = server.puts.length;
  time.advance(60_000);
  await time.settle();
  assert.equal(server.puts.length, before, 'nothing is sent while paused');
  assert.equal(
    server.callsTo('PUT', '/upload-1/parts').flatMap((call) => call.body.parts).length,
    3,
    'reported all the same',
  );
  server.partFault = () => undefined;
  upload.resume();
  await reach(upload, 'completed');
  assert.deepEqual(
    server.puts.slice(before).map((put) => put.number),
    [4, 5, 6, 7, 8, 9, 10],
  );
});

test('pausing while it starts, and resuming, starts once', async () => {
  const { server, uploader, time, reach } = scene();
  /** @type {() => void} */
  let answer = () => {};
  server.fault = ({ method }) =>
    method === 'POST' && server.uploads.size === 0
      ? new Promise((resolve) => {
          answer = () => resolve(/** @type {any} */ (undefined));
        })
      : undefined;
  const upload = uploader.add(text(8));
  await time.until(() => server.calls.length === 1);
  upload.pause();
  upload.resume();
  answer();
  await reach(upload, 'completed');
  assert.equal(server.callsTo('POST', '').length, 1);
});

test('cancel stops, and has the coordinator clear what was stored', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = forever;
  const upload = uploader.add(text(40));
  await time.until(() => server.puts.length === 6);
  await upload.cancel();
  assert.equal(upload.state, 'cancelled');
  assert.ok(server.puts.every((put) => put.request.signal.aborted));
  assert.equal(server.uploads.get('upload-1').state, 'aborted');
  await assert.rejects(upload.done, { code: 'cancelled' });
  upload.resume();
  await time.settle();
  assert.equal(upload.state, 'cancelled');
  server.partFault = () => undefined;
  await reach(uploader.add(text(40)), 'completed');
});

test('cancel while the start is still under way leaves nothing behind', async () => {
  const { server, uploader, time } = scene();
  /** @type {() => void} */
  let answer = () => {};
  server.fault = ({ method }) =>
    method === 'POST'
      ? new Promise((resolve) => {
          answer = () => resolve(/** @type {any} */ (undefined));
        })
      : undefined;
  const upload = uploader.add(text(8));
  await time.until(() => server.calls.length === 1);
  const cancelled = upload.cancel();
  await time.settle();
  answer();
  await cancelled;
  assert.equal(upload.state, 'cancelled');
  assert.equal(server.uploads.get('upload-1').state, 'aborted');
});

test('the same file after a reload: no byte of a finished part is sent again', async () => {
  const { server, uploader, reach } = scene();
  server.pageSize = 2;
  const file = text(40);
  server.leaveUnfinished(
    { filename: 'film.mov', size: 40, fingerprint: await fingerprint(file) },
    [1, 2, 3, 6, 9],
  );
  const upload = uploader.add(file);
  await reach(upload, 'completed');
  assert.deepEqual(sentNumbers(server), [4, 5, 7, 8, 10]);
  const asked = server.callsTo('GET', '/upload-1/parts\\?.*').map((call) => call.path);
  assert.ok(asked.length >= 3 && asked.every((path) => path.includes('refresh=true')), asked.join());
});

test('a held part of another size than planned is sent again', async () => {
  const { server, uploader, reach } = scene();
  const file = text(12);
  server.leaveUnfinished({ filename: 'film.mov', size: 12, fingerprint: await fingerprint(file) }, [1, 2]);
  server.store.get('upload-1')?.set(2, { size: 3, etag: '"short"', bytes: null });
  await reach(uploader.add(file), 'completed');
  assert.deepEqual(sentNumbers(server), [2, 3]);
});

test('another file than the one an unfinished upload began with is refused', async () => {
  const { server, uploader, reach } = scene();
  const left = server.leaveUnfinished(
    { filename: 'film.mov', size: 12, fingerprint: await fingerprint(text(12)) },
    [1],
  );
  const longer = uploader.add(text(13), { expected: left });
  await reach(longer, 'failed');
  assert.equal(/** @type {any} */ (longer.error).code, 'other_file');
  assert.match(longer.error?.message ?? '', /film\.mov/);
  assert.equal(server.calls.length, 0);
  const different = uploader.add(new File(['ABCDEFGHIJKL'], 'film.mov'), { expected: left });
  await reach(different, 'failed');
  assert.equal(/** @type {any} */ (different.error).code, 'other_file');
  assert.equal(server.puts.length, 0);
  assert.equal(server.uploads.get('upload-1').state, 'open', 'the unfinished upload is untouched');
  assert.equal(server.calls.length, 0, 'and nothing was begun');
  const right = uploader.add(text(12), { expected: left });
  await reach(right, 'completed');
  assert.deepEqual(sentNumbers(server), [2, 3]);
});

test('a file that changes on disk is refused, and never completed', async () => {
  const { server, uploader, time, reach } = scene();
  const file = text(40);
  server.partFault = forever;
  const upload = uploader.add(file);
  await time.until(() => server.puts.length > 0);
  upload.pause();
  file.arrayBuffer = () => Promise.reject(new DOMException('changed', 'NotReadableError'));
  file.slice = () => /** @type {any} */ ({ ...file, size: 0 });
  Object.defineProperty(file, 'size', { value: 41 });
  server.partFault = () => undefined;
  upload.resume();
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.equal(server.callsTo('POST', '/upload-1/complete').length, 0);
});

test('the same file twice on one page is sent once', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = forever;
  uploader.add(text(12));
  await time.until(() => server.puts.length > 0);
  const again = uploader.add(text(12));
  await reach(again, 'failed');
  assert.equal(/** @type {any} */ (again.error).code, 'already_here');
  await again.cancel();
  assert.equal(server.uploads.get('upload-1').state, 'open');
});

test("unfinished uploads are listed, page by page, without the page's own", async () => {
  const { server, uploader, time } = scene();
  server.pageSize = 1;
  for (const name of ['a', 'b', 'c'])
    server.leaveUnfinished({ filename: name, size: 5, fingerprint: name }, [1]);
  server.partFault = forever;
  const own = uploader.add(text(12));
  await time.until(() => own.state === 'uploading');
  assert.deepEqual(
    (await uploader.unfinished()).map((upload) => upload.filename),
    ['a', 'b', 'c'],
  );
  await uploader.discard('upload-2');
  assert.deepEqual(
    (await uploader.unfinished()).map((upload) => upload.filename),
    ['a', 'c'],
  );
});

test('a file whose content changes while it is sent is never completed', async () => {
  const { server, uploader, reach } = scene();
  server.partSize = 100_000;
  const file = text(300_000);
  server.partFault = async ({ number }) => {
    if (number === 3) file.slice = (from = 0, to = 0) => new Blob(['-'.repeat(to - from)]);
    return undefined;
  };
  const upload = uploader.add(file);
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.equal(server.puts.length, 3);
  assert.equal(server.callsTo('POST', '/upload-1/complete').length, 0);
});

test('a part that gets no answer because its file changed is not tried again', async () => {
  const { server, uploader, reach } = scene();
  server.partSize = 100_000;
  const file = text(300_000);
  server.partFault = async () => {
    file.slice = () => new Blob([]);
    throw new TransferError('network', 0);
  };
  const upload = uploader.add(file);
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.ok(server.puts.length <= 3);
});

test('cancelling a second copy before its start was answered leaves the first alone', async () => {
  const { server, uploader, time } = scene();
  server.partFault = forever;
  const first = uploader.add(text(12));
  await time.until(() => server.puts.length > 0);
  /** @type {() => void} */
  let answer = () => {};
  server.fault = ({ method, path }) =>
    method === 'POST' && path === '/v1/uploads'
      ? new Promise((resolve) => {
          answer = () => resolve(/** @type {any} */ (undefined));
        })
      : undefined;
  const second = uploader.add(text(12));
  await time.until(() => server.callsTo('POST', '').length === 2);
  const cancelled = second.cancel();
  answer();
  await cancelled;
  assert.equal(second.state, 'cancelled');
  assert.deepEqual([first.state, server.uploads.get('upload-1').state], ['uploading', 'open']);
});

test('cancel does not wait for another try of a start that reaches nobody', async () => {
  for (const add of [
    (/** @type {import('../../static/client/index.js').Uploader} */ uploader) => uploader.add(text(8)),
    (/** @type {import('../../static/client/index.js').Uploader} */ uploader) =>
      uploader.addStream(new ReadableStream(), { name: 'recording' }),
  ]) {
    const { server, uploader, time } = scene();
    server.fault = () => ({ status: 0 });
    const upload = add(uploader);
    await time.until(() => server.calls.length === 3);
    await time.settle();
    const cancelled = upload.cancel();
    await time.settle();
    assert.equal(upload.state, 'cancelled');
    await cancelled;
    assert.equal(server.calls.length, 3);
  }
});

test('cancel without a network does not wait for one', async () => {
  const { server, uploader, time } = scene();
  time.isOnline = false;
  server.fault = () => ({ status: 0 });
  const upload = uploader.add(text(8));
  await time.until(() => server.calls.length === 1);
  await time.settle();
  upload.cancel();
  await time.settle();
  assert.equal(upload.state, 'cancelled');
});

test('a signal that aborts while nothing can be cancelled cancels as soon as something can', async () => {
  const { server, uploader, time, reach } = scene();
  const stop = new AbortController();
  let completions = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith('/complete')) return undefined;
    completions += 1;
    if (completions > 1) return undefined;
    stop.abort();
    server.store.get('upload-1')?.delete(1);
    return undefined;
  };
  const upload = uploader.add(text(8), { signal: stop.signal });
  await reach(upload, 'cancelled');
  await time.settle();
  assert.equal(completions, 1);
  assert.equal(server.uploads.get('upload-1').state, 'aborted');
});

test('a signal that aborts while the upload completes changes nothing', async () => {
  const { server, uploader, time, reach } = scene();
  const stop = new AbortController();
  server.fault = ({ path }) => (path.endsWith('/complete') ? void stop.abort() : undefined);
  const upload = uploader.add(text(8), { signal: stop.signal });
  await reach(upload, 'completed');
  await time.settle();
  assert.equal(upload.state, 'completed');
});

test('what was stored is cleared only when nothing is on its way any more', async () => {
  /** @type {(() => void)[]} */
  const stop = [];
  const { server, uploader, time } = scene({
    transport: ({ signal }) => new Promise((_, reject) => stop.push(() => reject(signal.reason))),
  });
  const upload = uploader.add(text(40));
  await time.until(() => stop.length === 6);
  const cancelled = upload.cancel();
  await time.settle();
  assert.equal(server.callsTo('DELETE', '/upload-1').length, 0);
  for (const call of stop) call();
  await cancelled;
  assert.equal(server.callsTo('DELETE', '/upload-1').length, 1);
});

test('an unfinished upload that ended before its file was chosen is begun anew', async () => {
  const { server, uploader, reach } = scene();
  const left = server.leaveUnfinished(
    { filename: 'film.mov', size: 12, fingerprint: await fingerprint(text(12)) },
    [1],
  );
  left.state = 'aborted';
  const upload = uploader.add(text(12), { expected: left });
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-2');
});
