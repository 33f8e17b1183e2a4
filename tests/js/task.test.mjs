import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { fingerprint } from '../../static/client/fingerprint.js';
import { Uploader, UploadTask } from '../../static/client/index.js';
import { Pool } from '../../static/client/pool.js';
import { forever, scene, storedText, text } from './scene.mjs';

test('a file arrives whole, in parts, with its claims reported before completing', async () => {
  const { server, uploader, reach } = scene();
  const file = text(41);
  const upload = uploader.add(file);
  /** @type {string[]} */
  const states = [];
  upload.addEventListener('state', (event) => states.push(/** @type {CustomEvent} */ (event).detail));
  await reach(upload, 'completed');
  assert.equal(storedText(server), await file.text());
  assert.deepEqual(states, ['preparing', 'uploading', 'finishing', 'completed']);
  assert.equal((await upload.done).id, 'upload-1');
  assert.equal(upload.progress.fraction, 1);
  const reported = server.callsTo('PUT', '/upload-1/parts').flatMap((call) => call.body.parts);
  assert.equal(reported.length, 11);
  assert.deepEqual(reported[0], {
    part_number: reported[0].part_number,
    size: 4,
    etag: `"etag-${reported[0].part_number}"`,
  });
  assert.match(server.calls.at(-1)?.path ?? '', /complete$/);
  assert.deepEqual(server.puts[0]?.request.headers, { 'x-signed': String(server.puts[0]?.number) });
});

test('starting names the file, its fingerprint and a window of parts, under one Idempotency-Key', async () => {
  const { server, uploader, reach } = scene({ concurrency: 3, policy: 'photos' });
  let failures = 0;
  server.fault = ({ method }) => {
    failures += 1;
    return method === 'POST' && failures <= 3
      ? { status: [0, 503, 409][failures - 1] ?? 0, body: { code: 'idempotency_in_progress' } }
      : undefined;
  };
  const file = new File(['hello'], 'π.txt', { type: 'text/plain' });
  await reach(uploader.add(file), 'completed');
  const starts = server.callsTo('POST', '');
  assert.equal(starts.length, 4);
  const body = {
    filename: 'π.txt',
    size: 5,
    content_type: 'text/plain',
    fingerprint: await fingerprint(file),
    policy: 'photos',
    metadata: { last_modified: String(file.lastModified) },
    sign: 6,
  };
  assert.deepEqual(starts[3]?.body, body);
  assert.equal(new Set(starts.map((call) => call.headers['Idempotency-Key'])).size, 1);
  assert.match(starts[0]?.headers['Idempotency-Key'] ?? '', /^[0-9a-f]{32}$/);
});

test('a start that is tried again says the same under its key, however many places there are by then', async () => {
  const { server, uploader, reach } = scene();
  let lost = true;
  server.fault = ({ method, path }) =>
    lost && method === 'POST' && path === '/v1/uploads' ? { status: 0 } : undefined;
  const upload = uploader.add(text(8, 'one'));
  await reach(upload, 'failed');
  lost = false;
  const places = uploader.concurrency;
  server.partFault = () =>
    server.puts.length === 1 ? Promise.reject(new TransferError('status', 503)) : undefined;
  await reach(uploader.add(text(8, 'two')), 'completed');
  assert.ok(uploader.concurrency < places);
  upload.resume();
  await reach(upload, 'completed');
  const starts = server.callsTo('POST', '').filter(({ body }) => body.filename === 'one');
  assert.equal(new Set(starts.map(({ headers }) => headers['Idempotency-Key'])).size, 1);
  for (const { body } of starts) assert.deepEqual(body, starts[0]?.body);
});

test('never all parts are signed at the start', async () => {
  const { server, uploader, reach } = scene({ concurrency: 2 });
  server.partFault = forever;
  const upload = uploader.add(text(400));
  await reach(upload, 'uploading');
  assert.equal(server.callsTo('POST', '')[0]?.body.sign, 4);
  const signed = server.callsTo('POST', '/upload-1/parts/sign').flatMap((call) => call.body.parts);
  assert.ok(4 + signed.length <= 2 + 4, `${signed.length} more signed with two under way`);
});

test('an empty file is one part of no bytes', async () => {
  const { server, uploader, reach } = scene();
  const upload = uploader.add(new File([], 'empty'));
  await reach(upload, 'completed');
  assert.deepEqual(
    server.puts.map((put) => put.request.body.size),
    [0],
  );
  assert.equal(upload.progress.fraction, 1);
});

test('a hidden ETag: the claim goes without it, and the upload completes', async () => {
  const { server, uploader, reach } = scene();
  server.hideEtag = true;
  await reach(uploader.add(text(8)), 'completed');
  const claims = server.callsTo('PUT', '/upload-1/parts').flatMap((call) => call.body.parts);
  assert.deepEqual(claims[0], { part_number: claims[0].part_number, size: 4 });
});

test('no more parts under way than allowed, over all files, and every file moves', async () => {
  const { server, uploader, time, reach } = scene({ concurrency: 4 });
  /** @type {(() => void)[]} */
  const held = [];
  server.partFault = () => new Promise((resolve) => held.push(() => resolve(undefined)));
  const uploads = [uploader.add(text(80, 'large'))];
  await time.until(() => server.puts.length === 4);
  // only now: whichever is read sooner begins sooner, and this one has but three parts
  uploads.push(uploader.add(text(12, 'small')));
  await time.until(() => uploads.every(({ state }) => state === 'uploading'));
  for (const release of held.splice(0)) release();
  await time.until(() => server.puts.length === 8);
  assert.deepEqual(new Set(server.puts.slice(4).map((put) => put.uploadId)).size, 2);
  server.partFault = () => undefined;
  for (const release of held) release();
  for (const upload of uploads) await reach(upload, 'completed');
  assert.equal(server.most, 4);
});

test('progress counts bytes in flight', async () => {
  const { server, uploader, time } = scene();
  server.partFault = ({ request, number }) => {
    request.onProgress(number === 1 ? 3 : 1);
    return forever();
  };
  const upload = uploader.add(text(8));
  /** @type {number[]} */
  const seen = [];
  upload.addEventListener('progress', (event) =>
    seen.push(/** @type {CustomEvent} */ (event).detail.bytesSent),
  );
  await time.until(() => seen.includes(4));
  assert.equal(upload.progress.partsDone, 0);
  assert.equal(upload.progress.fraction, 0.5);
});

test('the download URL is asked for when it is wanted', async () => {
  const { server, uploader, reach } = scene();
  const upload = uploader.add(text(4));
  await reach(upload, 'completed');
  assert.equal(server.callsTo('GET', '/upload-1/download').length, 0);
  assert.equal(await uploader.downloadUrl('upload-1'), 'https://store.test/upload-1');
});

test('something is at stake only while bytes are on their way', async () => {
  const { server, uploader, time, reach } = scene();
  assert.equal(uploader.active, false);
  server.partFault = forever;
  const upload = uploader.add(text(8));
  await time.until(() => server.puts.length > 0);
  assert.equal(uploader.active, true);
  upload.pause();
  assert.equal(uploader.active, false);
  server.partFault = () => undefined;
  upload.resume();
  await reach(upload, 'completed');
  assert.equal(uploader.active, false);
});

test('a signal that outlives its uploads holds none of them', async () => {
  const { uploader, reach } = scene();
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (/** @type {any[]} */ ...given) => {
    listeners += 1;
    Reflect.apply(add, signal, given);
  };
  signal.removeEventListener = (/** @type {any[]} */ ...given) => {
    listeners -= 1;
    Reflect.apply(remove, signal, given);
  };
  await reach(uploader.add(text(8), { signal }), 'completed');
  assert.equal(listeners, 0);
});

test('removing what is under way cancels it', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = forever;
  const upload = uploader.add(text(8));
  await time.until(() => server.puts.length > 0);
  uploader.remove(upload);
  await reach(upload, 'cancelled');
  assert.deepEqual([uploader.uploads, server.uploads.get('upload-1').state], [[], 'aborted']);
});

test('what is paused and resumed in the turn it was added in is begun once, and stops when it is told to', async () => {
  const { server, uploader, time, reach } = scene({ concurrency: 1 });
  server.partFault = ({ number }) => (number === 2 ? forever() : undefined);
  const upload = uploader.add(text(40));
  let completed = 0;
  upload.addEventListener('complete', () => {
    completed += 1;
  });
  upload.pause();
  upload.resume();
  await time.until(() => server.puts.length === 2);
  upload.pause();
  server.partFault = () => undefined;
  await time.settle();
  assert.deepEqual([upload.state, server.puts.length], ['paused', 2]);
  upload.resume();
  await reach(upload, 'completed');
  await time.settle();
  assert.deepEqual([completed, server.puts.length], [1, 11]);
});

test('what is paused in the turn it was added in begins nothing', async () => {
  const { server, uploader, time, reach } = scene();
  const upload = uploader.add(text(8));
  upload.pause();
  await time.settle();
  assert.deepEqual([upload.state, server.calls.length], ['paused', 0]);
  upload.resume();
  await reach(upload, 'completed');
});

test('cancelling twice waits for the same end', async () => {
  const { server, uploader, time } = scene();
  server.partFault = forever;
  const upload = uploader.add(text(8));
  await time.until(() => server.puts.length > 0);
  upload.cancel();
  await upload.cancel();
  assert.equal(upload.state, 'cancelled');
});

test('options that nothing can be sent with are refused at once', () => {
  for (const options of [{ concurrency: 0 }, { concurrency: NaN }, { rateLimit: -1 }, { rateLimit: NaN }])
    assert.throws(() => new Uploader(options), RangeError);
  new Uploader({ concurrency: 1, rateLimit: 0 });
});

test('files go in the order in which they were added, whichever is ready first; who is refused takes no place', async () => {
  const context = /** @type {any} */ ({ small: new Pool(1), claimed: new Map() });
  /** @type {string[]} */
  const went = [];
  /** @type {(() => void)[]} */
  const ready = [];
  const tasks = ['a', 'refused', 'b', 'c'].map((name) => {
    const run = async () => void went.push(name);
    const deliver = async () => {
      await new Promise((resolve) => ready.push(() => resolve(undefined)));
      if (name === 'refused') throw new TypeError(name);
      return /** @type {any} */ ({ run });
    };
    return new UploadTask(text(1, name), context, deliver);
  });
  const ends = Promise.allSettled(tasks.map(({ done }) => done));
  while (ready.length < tasks.length) await null;
  for (const be of ready.reverse()) be();
  await ends;
  assert.deepEqual(went, ['a', 'b', 'c']);
  assert.deepEqual(
    tasks.map(({ state }) => state),
    ['completed', 'failed', 'completed', 'completed'],
  );
});
