import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { problem } from './replies.mjs';
import { LONG_AGO, scene, sentNumbers, storedText } from './scene.mjs';

/** @import { FakeCoordinator } from './coordinator.mjs' */

const log = (words = 'abcdefghijklmnopqrst', name = 'log.txt') =>
  new File([words], name, { type: 'text/plain', lastModified: LONG_AGO });

/**
 * What a start is answered that names no size.
 *
 * @param {FakeCoordinator} server
 * @param {string} code
 * @param {(policy: string | undefined) => boolean} [where]
 */
function refuseCompressed(server, code, where = () => true) {
  server.fault = ({ method, path, body }) =>
    method === 'POST' && path === '/v1/uploads' && body.size === null && where(body.policy)
      ? problem(422, code)
      : undefined;
}

/** @param {FakeCoordinator} server  sizes and encodings, as they were asked for */
const asked = (server) =>
  server.callsTo('POST', '').map(({ body }) => [body.policy, body.size, body.content_encoding]);

for (const code of ['encoding_not_allowed', 'size_not_allowed']) {
  test(`${code}: the file goes up as it is, once, and the policy is not asked again`, async () => {
    const { server, uploader, reach } = scene();
    refuseCompressed(server, code, (policy) => policy !== 'packed');
    const upload = uploader.add(log(), { gzip: true });
    /** @type {Error[]} */
    const errors = [];
    upload.addEventListener('error', () => errors.push(/** @type {Error} */ (upload.error)));
    await reach(upload, 'completed');
    assert.deepEqual(
      [errors, storedText(server), sentNumbers(server)],
      [[], await log().text(), [1, 2, 3, 4, 5]],
    );
    assert.match(server.callsTo('POST', '')[1]?.body.fingerprint, /^[0-9a-f]{64}$/);

    await reach(uploader.add(log('xyz'), { gzip: true }), 'completed');
    await reach(uploader.add(log('xyz'), { gzip: true, policy: 'plain' }), 'completed');
    await reach(uploader.add(log('xyz!'), { gzip: true, policy: 'plain' }), 'completed');
    await reach(uploader.add(log('packed'), { gzip: true, policy: 'packed' }), 'completed');
    assert.deepEqual(asked(server), [
      [undefined, null, 'gzip'],
      [undefined, 20, undefined],
      [undefined, 3, undefined],
      ['plain', null, 'gzip'],
      ['plain', 3, undefined],
      ['plain', 4, undefined],
      ['packed', null, 'gzip'],
    ]);
    assert.deepEqual(
      [...server.uploads.values()].map(({ state }) => state),
      Array(5).fill('completed'),
    );
  });
}

test('what may not be compressed is resumable, here and after a reload', async () => {
  const { server, uploader, time } = scene({ concurrency: 1 });
  refuseCompressed(server, 'encoding_not_allowed');
  let held = true;
  server.partFault = ({ number }) => (held && number > 2 ? new Promise(() => {}) : undefined);
  const upload = uploader.add(log(), { gzip: true });
  await time.until(() => server.store.get('upload-1')?.size === 2);
  upload.pause();
  upload.resume();
  await time.until(() => server.puts.filter(({ number }) => number === 3).length === 2);
  upload.pause();
  held = false;
  const reloaded = scene({ fetch: server.fetch, transport: server.transport });
  await reloaded.reach(reloaded.uploader.add(log(), { gzip: true }), 'completed');
  assert.deepEqual([storedText(server), server.uploads.size], [await log().text(), 1]);
  assert.deepEqual(sentNumbers(server), [1, 2, 3, 3, 3, 4, 5], 'finished parts are sent once');
});

test('the file of an unfinished upload goes on with that one', async () => {
  const { server, uploader, reach } = scene();
  await reach(uploader.add(log()), 'completed');
  const { fingerprint } = server.uploads.get('upload-1');
  const metadata = { last_modified: String(LONG_AGO) };
  const left = server.leaveUnfinished({ filename: 'log.txt', size: 20, fingerprint, metadata }, [1, 2, 3]);
  await reach(uploader.add(log(), { gzip: true, expected: left }), 'completed');
  assert.deepEqual([left.state, server.uploads.size], ['completed', 2]);
});

for (const [what, code, size] of /** @type {[string, string, number | null][]} */ ([
  ['another refusal', 'quota_exceeded', null],
  ["one of the file's own size", 'size_not_allowed', 20],
])) {
  test(`${what} is told`, async () => {
    const { server, uploader, reach } = scene();
    server.fault = ({ body }) =>
      body?.size === null || size !== null ? problem(422, code, { detail: `no: ${body.size}` }) : undefined;
    const upload = uploader.add(log(), { gzip: true });
    await reach(upload, 'failed');
    assert.equal(upload.error?.message, `no: ${size}`);
    assert.equal(server.uploads.size, 0);
    const once = server.calls.length;
    upload.resume();
    await reach(upload, 'failed');
    assert.equal(server.calls.length, once + 1);
  });
}

test('nothing is opened for a compression that waits for the coordinator, or that it refuses', async () => {
  const { server, uploader, reach, time } = scene();
  let opened = 0;
  const file = Object.assign(log(), { stream: () => ((opened += 1), new ReadableStream()) });
  server.fault = () => new Promise(() => {});
  const waiting = uploader.add(file, { gzip: true });
  await time.until(() => server.calls.length > 0);
  assert.deepEqual([waiting.state, opened], ['preparing', 0]);
  refuseCompressed(server, 'encoding_not_allowed');
  await reach(uploader.add(file, { gzip: true }), 'completed');
  assert.deepEqual([opened, storedText(server)], [0, await log().text()]);
});

test('nobody goes on to read for a compression that was cancelled', async () => {
  const { uploader, reach, time } = scene();
  let [opened, cancelled] = [false, false];
  const open = () => (
    (opened = true),
    new ReadableStream({ cancel: () => void (cancelled = true) }, { highWaterMark: 0 })
  );
  const upload = uploader.add(Object.assign(log(), { stream: open }), { gzip: true });
  await time.until(() => opened);
  upload.cancel();
  await reach(upload, 'cancelled');
  await time.until(() => cancelled);
});

test('cancelled while the coordinator refuses: nothing is begun', async () => {
  const { server, uploader, reach } = scene();
  /** @type {(value?: unknown) => void} */
  let answer = () => {};
  const asking = new Promise((resolve) => (answer = resolve));
  server.fault = async () => {
    upload.cancel();
    await asking;
    return problem(422, 'encoding_not_allowed');
  };
  const upload = uploader.add(log(), { gzip: true });
  await reach(upload, 'cancelling');
  answer();
  await reach(upload, 'cancelled');
  assert.deepEqual([asked(server).length, server.uploads.size], [1, 0]);
});

test('what the policy allows is compressed, and stopped and gone on with', async () => {
  const { server, uploader, reach, time } = scene({ concurrency: 1 });
  let held = true;
  server.partFault = ({ number }) => (held && number > 1 ? new Promise(() => {}) : undefined);
  const upload = uploader.add(log(), { gzip: true });
  await time.until(() => server.puts.some(({ number }) => number === 2));
  upload.pause();
  held = false;
  upload.resume();
  await reach(upload, 'completed');
  const last = new Map(server.puts.map(({ number, request }) => [number, request.body]));
  const stored = await new Blob(
    [...last].sort(([one], [other]) => one - other).map(([, body]) => body),
  ).arrayBuffer();
  assert.equal(gunzipSync(Buffer.from(stored)).toString(), await log().text());
  assert.equal(server.uploads.size, 1);
});

/**
 * A file whose bytes are those on a disk that changes, as a browser reads it that does not notice.
 *
 * @param {{ bytes: string }} disk
 */
function changing(disk) {
  const read = (begin = 0, end = disk.bytes.length) => new Blob([disk.bytes]).slice(begin, end);
  return Object.assign(log(disk.bytes), { slice: read, stream: () => read().stream() });
}

test('a file that changes while it is compressed is refused, and nothing is left of its upload', async () => {
  const { server, uploader, reach } = scene();
  server.partSize = 20_000;
  const disk = { bytes: randomBytes(200_000).toString('hex') };
  let parts = 0;
  server.partFault = () => {
    parts += 1;
    if (parts === 1) disk.bytes = randomBytes(200_000).toString('hex');
    return undefined;
  };
  const upload = uploader.add(changing(disk), { gzip: true });
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.deepEqual([parts > 0, server.uploads.get('upload-1').state], [true, 'aborted']);
  upload.resume();
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
});

test('a file that cannot be read on while it is compressed is taken for a changed one', async () => {
  const { server, uploader, reach } = scene();
  const stream = () =>
    new ReadableStream({ pull: (out) => out.error(new DOMException('it was modified', 'NotReadableError')) });
  const upload = uploader.add(Object.assign(log(), { stream }), { gzip: true });
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.equal(server.uploads.get('upload-1').state, 'aborted');
});
