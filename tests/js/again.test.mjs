/** A file that is added again while its first upload is being cleared away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problem } from './replies.mjs';
import { forever, scene, storedText, text } from './scene.mjs';

for (const removed of [false, true])
  test(`the same file, added again while it is being ${removed ? 'removed' : 'cancelled'}, is sent anew`, async () => {
    const { server, uploader, time, reach } = scene();
    server.partFault = ({ uploadId }) => (uploadId === 'upload-1' ? forever() : undefined);
    const first = uploader.add(text(12));
    await time.until(() => server.puts.length > 0);
    let there = true;
    server.fault = ({ method }) =>
      method === 'DELETE' && there ? problem(503, 'storage_unavailable') : undefined;
    const ended = removed ? uploader.remove(first) : first.cancel();
    const second = uploader.add(text(12));
    for (let turn = 0; turn < 4; turn += 1) await time.settle();
    assert.deepEqual([first.state, second.state], ['cancelling', 'preparing']);
    there = false;
    await reach(second, 'completed');
    await ended;
    assert.deepEqual([first.state, second.upload?.id], ['cancelled', 'upload-2']);
    assert.equal(storedText(server, 'upload-2'), await text(12).text());
    assert.ok(server.callsTo('POST', '').at(-1)?.body.fingerprint, 'and it can be resumed');
  });

test('a start whose answer names what was cancelled meanwhile is made again', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = ({ uploadId }) => (uploadId === 'upload-1' ? forever() : undefined);
  const first = uploader.add(text(12));
  await time.until(() => server.puts.length > 0);
  const standing = { ...server.uploads.get('upload-1') };
  await uploader.remove(first);
  let late = true;
  server.fault = ({ method }) => {
    if (method !== 'POST' || !late) return undefined;
    late = false;
    return { status: 200, body: { upload: standing, parts: [] } };
  };
  const second = uploader.add(text(12));
  await reach(second, 'completed');
  assert.equal(second.upload?.id, 'upload-2');
});

test('cancelling what waits for another one to be cancelled ends it at once', async () => {
  const { server, uploader, time } = scene();
  server.partFault = forever;
  const first = uploader.add(text(12));
  await time.until(() => server.puts.length > 0);
  server.fault = ({ method }) => (method === 'DELETE' ? /** @type {any} */ (forever()) : undefined);
  first.cancel();
  await time.until(() => server.callsTo('DELETE', '/upload-1').length === 1);
  const second = uploader.add(text(12));
  await time.until(() => server.callsTo('POST', '').length === 2);
  const cancelled = second.cancel();
  await time.until(() => second.state === 'cancelled');
  await cancelled;
});

test('cancelling what waits for the start of another file ends it at once, and lets nobody in before its turn', async () => {
  const { server, uploader, time } = scene();
  server.fault = () => new Promise(() => {});
  const [first, second, third] = [1, 2, 3].map((when) => uploader.add(text(12, 'film.mov', when)));
  await time.until(() => server.calls.length > 0);
  second?.cancel();
  await time.settle();
  assert.deepEqual([first?.state, second?.state, third?.state], ['preparing', 'cancelled', 'preparing']);
  assert.equal(server.calls.length, 1, 'the third one waits for the first');
});

test('files of other names are started at once, whatever they have in common', async () => {
  const { server, uploader, time } = scene();
  server.fault = () => new Promise(() => {});
  for (const name of ['one', 'two', 'three']) uploader.add(text(12, name));
  await time.until(() => server.calls.length === 3);
});

test('copies that are started at the same time get an upload each', async () => {
  const { server, uploader, time } = scene();
  const copies = ['one', 'two', 'three'].map((name) => uploader.add(text(12, name)));
  await time.until(() => copies.every(({ state }) => state === 'completed'));
  assert.equal(new Set(copies.map(({ upload }) => upload?.id)).size, 3);
  for (const { upload, file } of copies) {
    assert.equal(upload?.filename, file.name);
    assert.equal(storedText(server, upload?.id), await text(12).text());
  }
});

test('empty files are started once each: they have nothing to be found again by', async () => {
  const { server, uploader, time } = scene();
  const files = ['one', 'two', 'three'].map((name) => uploader.add(text(0, name)));
  await time.until(() => files.every(({ state }) => state === 'completed'));
  assert.deepEqual(
    server
      .callsTo('POST', '')
      .map(({ body }) => [body.filename, body.fingerprint])
      .sort(),
    [
      ['one', undefined],
      ['three', undefined],
      ['two', undefined],
    ],
  );
});

test('a file that was paused before its start was answered, and removed, may be added again', async () => {
  const { server, uploader, time, reach } = scene();
  let away = true;
  server.fault = ({ method }) => (away && method === 'POST' ? { status: 0 } : undefined);
  const file = text(12);
  const first = uploader.add(file);
  await time.until(() => server.calls.length > 1);
  first.pause();
  await uploader.remove(first);
  away = false;
  await time.until(() => server.uploads.size === 1);
  await time.settle();
  assert.deepEqual(
    (await uploader.unfinished()).map(({ id }) => id),
    ['upload-1'],
  );
  const second = uploader.add(file);
  await reach(second, 'completed');
  assert.equal(second.upload?.id, 'upload-1');
});
