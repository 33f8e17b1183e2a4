import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';
import { Uploader } from '../../static/client/index.js';
import { problem } from './replies.mjs';
import { forever, LONG_AGO, scene, sentNumbers, storedText, text } from './scene.mjs';

const LATER = LONG_AGO + 60_000;

/**
 * A scene with an unfinished upload of `text(12)`, its first part held.
 *
 * @param {Record<string, string>} [metadata]
 */
async function withUnfinished(metadata = { last_modified: String(LONG_AGO) }) {
  const found = scene();
  const left = found.server.leaveUnfinished(
    { filename: 'film.mov', size: 12, fingerprint: await fingerprint(text(12)), metadata },
    [1],
  );
  return { ...found, left };
}

/** @param {import('../../static/client/index.js').UploadTask} upload */
const codeOf = (upload) => /** @type {any} */ (upload.error)?.code;

test('a start keeps the time of the last modification, and leaves a value of the caller alone', async () => {
  const { server, uploader, reach } = scene();
  await reach(uploader.add(text(8), { metadata: { album: 'sea' } }), 'completed');
  await reach(uploader.add(text(9), { metadata: { last_modified: 'in spring' } }), 'completed');
  assert.deepEqual(
    server.callsTo('POST', '').map((call) => call.body.metadata),
    [{ last_modified: String(LONG_AGO), album: 'sea' }, { last_modified: 'in spring' }],
  );
});

test('a file with the name, the samples and the time of an unfinished upload goes on with it', async () => {
  const { server, uploader, reach } = await withUnfinished();
  const upload = uploader.add(text(12));
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-1');
  assert.deepEqual(sentNumbers(server), [2, 3]);
});

test("a caller's own last_modified is what is compared", async () => {
  const { uploader, reach } = await withUnfinished({ last_modified: 'in spring' });
  const other = uploader.add(text(12), { metadata: { last_modified: 'in autumn' } });
  await reach(other, 'failed');
  assert.equal(codeOf(other), 'file_changed');
  const same = uploader.add(text(12, 'film.mov', LATER), { metadata: { last_modified: 'in spring' } });
  await reach(same, 'completed');
  assert.equal(same.upload?.id, 'upload-1');
});

test('a file of another name is another file, whatever its samples say', async () => {
  const { server, uploader, reach } = await withUnfinished();
  const other = uploader.add(text(12, 'disk2.img'));
  await reach(other, 'completed');
  assert.equal(other.upload?.id, 'upload-2');
  assert.equal(storedText(server, 'upload-2'), await text(12).text());
  assert.ok(server.puts.every((put) => put.uploadId === 'upload-2'));
  const [first, second] = server.callsTo('POST', '');
  assert.ok(first?.body.fingerprint);
  assert.equal('fingerprint' in (second?.body ?? {}), false);
  assert.notEqual(first?.headers['Idempotency-Key'], second?.headers['Idempotency-Key']);
  assert.equal(server.uploads.get('upload-1').state, 'open', 'and the unfinished upload waits on');
});

test('cancelling another file leaves the unfinished upload alone, also before its start was answered', async () => {
  const { server, uploader, time } = await withUnfinished();
  /** @type {() => void} */
  let answer = () => {};
  server.fault = ({ method, body }) =>
    method === 'POST' && body.fingerprint
      ? new Promise((resolve) => {
          answer = () => resolve(/** @type {any} */ (undefined));
        })
      : undefined;
  const other = uploader.add(text(12, 'disk2.img'));
  await time.until(() => server.callsTo('POST', '').length === 1);
  const cancelled = other.cancel();
  answer();
  await cancelled;
  assert.equal(server.uploads.get('upload-1').state, 'open');
  assert.ok([...server.uploads.values()].slice(1).every((upload) => upload.state === 'aborted'));
});

test('a repeated start that is answered as if it had created the upload is judged all the same', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  server.fault = ({ method, body }) =>
    method === 'POST' && body.fingerprint ? { status: 201, body: { upload: left, parts: [] } } : undefined;
  const other = uploader.add(text(12, 'disk2.img'));
  await reach(other, 'completed');
  assert.equal(other.upload?.id, 'upload-2');
  assert.ok(server.puts.every((put) => put.uploadId === 'upload-2'));
});

test('the same name with another time is refused in words, and nothing is sent', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  left.created_at = '2031-05-06T12:00:00Z';
  const changed = uploader.add(text(12, 'film.mov', LATER));
  await reach(changed, 'failed');
  assert.equal(codeOf(changed), 'file_changed');
  assert.match(changed.error?.message ?? '', /“film\.mov” began \([^)]*2031/);
  assert.match(changed.error?.message ?? '', /discard the unfinished upload first/);
  assert.equal(changed.standing?.id, 'upload-1');
  assert.equal(server.puts.length, 0);
  await changed.cancel();
  assert.equal(left.state, 'open', 'it was not its own');
  assert.deepEqual(
    (await uploader.unfinished()).map((upload) => upload.id),
    ['upload-1'],
    'and can still be discarded',
  );
});

test('resuming a refused file is refused again; sending it anew discards what stood in the way', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  const changed = uploader.add(text(12, 'film.mov', LATER));
  await reach(changed, 'failed');
  changed.resume();
  assert.equal(changed.state, 'waiting');
  await reach(changed, 'failed');
  assert.equal(codeOf(changed), 'file_changed');
  changed.sendAnew();
  assert.equal(changed.standing, null);
  await reach(changed, 'completed');
  assert.equal(left.state, 'aborted');
  assert.equal(changed.upload?.id, 'upload-2');
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
  assert.ok(server.callsTo('POST', '').at(-1)?.body.fingerprint, 'and it can be resumed');
  const keys = server.callsTo('POST', '').map((call) => call.headers['Idempotency-Key']);
  assert.equal(new Set(keys).size, 3, 'a key stands for the upload that its first answer named');
  changed.sendAnew();
  assert.equal(changed.state, 'completed');
});

test('discarding that fails is tried again, and what was completed meanwhile stands in nobody’s way', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  const changed = uploader.add(text(12, 'film.mov', LATER));
  await reach(changed, 'failed');
  server.fault = ({ method }) => (method === 'DELETE' ? problem(409, 'completing') : undefined);
  changed.sendAnew();
  await reach(changed, 'failed');
  assert.equal(codeOf(changed), 'completing');
  assert.equal(server.puts.length, 0);
  server.fault = () => undefined;
  left.state = 'completed';
  changed.resume();
  await reach(changed, 'completed');
  assert.equal(changed.upload?.id, 'upload-2');
});

test('a file chosen for its upload may have been renamed', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  const renamed = uploader.add(text(12, 'cut.mov'), { expected: left });
  await reach(renamed, 'completed');
  assert.equal(renamed.upload?.id, 'upload-1');
  assert.deepEqual(sentNumbers(server), [2, 3]);
});

test('a file chosen for its upload but changed since is refused before anything is begun', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  const changed = uploader.add(text(12, 'cut.mov', LATER), { expected: left });
  await reach(changed, 'failed');
  assert.equal(codeOf(changed), 'file_changed');
  assert.equal(server.callsTo('POST', '').length, 0);
  changed.sendAnew();
  await reach(changed, 'completed');
  assert.equal(left.state, 'aborted');
  assert.equal(changed.upload?.filename, 'cut.mov');
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
});

test('a file chosen for an upload that another one took the place of is not taken for that one', async () => {
  const { server, uploader, left, reach } = await withUnfinished();
  left.state = 'aborted';
  server.leaveUnfinished({ filename: 'disk2.img', size: 12, fingerprint: left.fingerprint }, [1]);
  const upload = uploader.add(text(12), { expected: left });
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-3');
});

test('an upload that another client began, without a time, goes on with a file of its name', async () => {
  const { server, uploader, reach } = await withUnfinished({});
  await reach(uploader.add(text(12, 'disk2.img')), 'completed');
  assert.ok(server.puts.every((put) => put.uploadId === 'upload-2'));
  const upload = uploader.add(text(12, 'film.mov', LATER));
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-1');
});

for (const [what, other] of /** @type {[string, () => File][]} */ ([
  ['another name', () => text(12, 'disk2.img')],
  ['another time', () => text(12, 'film.mov', LATER)],
]))
  test(`an upload that this page sends is not shared with a file of ${what}`, async () => {
    const { server, uploader, time, reach } = scene();
    server.partFault = ({ uploadId }) => (uploadId === 'upload-1' ? forever() : undefined);
    const first = uploader.add(text(12));
    await time.until(() => server.puts.length === 3);
    const second = uploader.add(other());
    await reach(second, 'completed');
    assert.equal(second.upload?.id, 'upload-2');
    assert.equal('fingerprint' in (server.callsTo('POST', '').at(-1)?.body ?? {}), false);
    assert.equal(first.state, 'uploading');
  });

test('an upload that failed on this page is not taken over by another file', async () => {
  const { server, uploader, reach } = scene();
  server.fault = ({ path }) => (path.endsWith('/complete') ? problem(403, 'forbidden') : undefined);
  const first = uploader.add(text(12));
  await reach(first, 'failed');
  server.fault = () => undefined;
  const second = uploader.add(text(12, 'disk2.img'));
  await reach(second, 'completed');
  assert.equal(second.upload?.id, 'upload-2');
  first.resume();
  await reach(first, 'completed');
  assert.equal(first.upload?.id, 'upload-1');
});

test('cancelling what failed leaves its upload to the same file, added again and under way', async () => {
  const { server, uploader, time, reach } = scene();
  server.fault = ({ path }) => (path.endsWith('/complete') ? problem(403, 'forbidden') : undefined);
  const first = uploader.add(text(12));
  await reach(first, 'failed');
  server.fault = ({ path }) =>
    path.endsWith('/complete') ? /** @type {Promise<any>} */ (forever()) : undefined;
  const second = uploader.add(text(12));
  await time.until(() => second.state === 'finishing');
  await first.cancel();
  assert.equal(first.state, 'cancelled');
  assert.equal(server.uploads.get('upload-1').state, 'open');
});

for (const size of [0, 12])
  test(`equal files of ${size} bytes that are added at once all arrive, each on its own`, async () => {
    const { server, uploader, reach } = scene();
    const names = ['c1.bin', 'c2.bin', 'c3.bin'];
    const uploads = [...names.map((name) => uploader.add(text(size, name)))];
    // the same name and content, from another folder
    uploads.push(uploader.add(text(size, 'c1.bin', LATER)));
    for (const upload of uploads) await reach(upload, 'completed');
    assert.equal(new Set(uploads.map((upload) => upload.upload?.id)).size, 4);
    assert.deepEqual(
      uploads.map((upload) => upload.upload?.filename),
      [...names, 'c1.bin'],
    );
    for (const { upload } of uploads)
      assert.equal(storedText(server, upload?.id), await text(size).text(), upload?.filename);
  });

test('which file an upload began with is known before the next one like it is judged', async () => {
  const { server, time, reach } = scene();
  /** @type {() => void} */
  let deliver = () => {};
  const uploader = new Uploader({
    endpoint: 'https://coordinator.test',
    fetch: async (...request) => {
      const answer = await server.fetch(...request);
      if (answer.status === 201 && server.uploads.size === 1)
        await new Promise((resolve) => {
          deliver = () => resolve(undefined);
        });
      return answer;
    },
    transport: server.transport,
    surroundings: time,
  });
  const first = uploader.add(text(12));
  const second = uploader.add(text(12, 'film.mov', LATER));
  await time.until(() => server.uploads.size === 1);
  await time.settle();
  deliver();
  await reach(first, 'completed');
  await reach(second, 'completed');
  assert.deepEqual([first.upload?.id, second.upload?.id], ['upload-1', 'upload-2']);
});

test('a start in progress elsewhere is waited for, and then judged', async () => {
  const { server, uploader, reach } = await withUnfinished();
  let answers = 0;
  server.fault = ({ method, body }) => {
    if (method !== 'POST' || !body.fingerprint) return undefined;
    answers += 1;
    return answers <= 2 ? problem(409, 'idempotency_in_progress', {}, { 'Retry-After': '1' }) : undefined;
  };
  const upload = uploader.add(text(12, 'disk2.img'));
  await reach(upload, 'completed');
  assert.equal(answers, 3);
  assert.equal(upload.upload?.id, 'upload-2');
});

test('the same file twice at once is sent once', async () => {
  const { server, uploader, time } = scene();
  const uploads = [uploader.add(text(12)), uploader.add(text(12))];
  const ended = (/** @type {string} */ state) => uploads.filter((upload) => upload.state === state);
  // which of them is recognised first is chance
  await time.until(() => ended('failed').length === 1 && ended('completed').length === 1);
  const [refused] = /** @type {[any]} */ (ended('failed'));
  assert.equal(codeOf(refused), 'already_here');
  assert.equal(refused.standing, null);
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
});

test('a start that fails does not keep the next one of its kind waiting', async () => {
  const { server, uploader, reach } = scene();
  server.fault = ({ method, body }) =>
    method === 'POST' && body.filename === 'a' ? problem(422, 'validation_failed') : undefined;
  const [first, second] = [uploader.add(text(12, 'a')), uploader.add(text(12, 'b'))];
  await reach(first, 'failed');
  await reach(second, 'completed');
});
