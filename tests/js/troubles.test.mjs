/** Troubles that uploads are known for (docs/troubles.md), as far as no other file here has them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { fingerprint } from '../../static/client/fingerprint.js';
import { problem } from './replies.mjs';
import { LONG_AGO, scene, sentNumbers, storedText, text } from './scene.mjs';

/** @import { FakeCoordinator } from './coordinator.mjs' */
/** @import { VirtualSurroundings } from './surroundings.mjs' */

const TTL_MS = 900_000;

/**
 * A store that refuses a URL once it has lived as long as it may, as stores do.
 *
 * @param {FakeCoordinator} server
 * @param {VirtualSurroundings} time
 * @param {(number: number) => Promise<undefined>} takes  a part
 */
function withStrictStore(server, time, takes) {
  /** @type {number[]} */
  const signedAt = [];
  const seen = { expired: 0 };
  server.fault = ({ method, path }) => {
    if (method === 'POST' && /uploads$|sign$/.test(path)) signedAt.push(time.now());
    return undefined;
  };
  server.partFault = async ({ number, serial }) => {
    if (time.now() - (signedAt[serial - 1] ?? 0) < TTL_MS) return takes(number);
    seen.expired += 1;
    throw new TransferError('status', 403);
  };
  return seen;
}

test('many files on a slow line: no part sets out with a URL that has ended', async () => {
  const { server, uploader, time } = scene();
  const seen = withStrictStore(
    server,
    time,
    () => new Promise((resolve) => time.after(400_000, () => resolve(undefined))),
  );
  const files = Array.from({ length: 24 }, (_, index) => text(12, `file-${index}`, index));
  const uploads = files.map((file) => uploader.add(file));
  const begun = time.now();
  const over = () => uploads.every(({ state }) => state === 'completed');
  for (let leap = 0; leap < 100 && !over(); leap += 1) {
    for (let turn = 0; turn < 5; turn += 1) await time.settle();
    time.advance(100_000);
  }
  assert.deepEqual([over(), seen.expired], [true, 0]);
  assert.ok(time.now() - begun > 3 * TTL_MS, 'it takes many times as long as a URL lives');
  assert.equal(server.puts.length, 72, 'each part is sent once');
});

test('a part that waits for long between two tries does not go on with the URL of the first', async () => {
  const { server, uploader, time, reach } = scene();
  let tries = 0;
  const seen = withStrictStore(server, time, async () => {
    tries += 1;
    if (tries < 6) throw new TransferError('status', 503, 300_000);
    return undefined;
  });
  await reach(uploader.add(text(3)), 'completed');
  assert.deepEqual([seen.expired, tries], [0, 6]);
  assert.deepEqual(
    server.puts.map(({ serial }) => serial),
    [1, 1, 1, 2, 2, 2],
  );
});

test('everything is at the store already: it is completed at once, and nothing is sent', async () => {
  const { server, uploader, reach } = scene();
  const file = text(12);
  server.leaveUnfinished(
    {
      filename: 'film.mov',
      size: 12,
      fingerprint: await fingerprint(file),
      metadata: { last_modified: String(LONG_AGO) },
    },
    [1, 2, 3],
  );
  const upload = uploader.add(file);
  await reach(upload, 'completed');
  assert.deepEqual([upload.upload?.id, upload.progress.fraction, server.puts.length], ['upload-1', 1, 0]);
});

test('a file that reads as empty from some part on is not stored as if that were its content', async () => {
  const { server, uploader, reach } = scene({ concurrency: 1 });
  server.partSize = 100_000;
  const file = text(300_000);
  server.partFault = async () => {
    file.slice = () => new Blob([]);
    return undefined;
  };
  const upload = uploader.add(file);
  await reach(upload, 'failed');
  assert.deepEqual(
    server.puts.map(({ request }) => request.body.size),
    [100_000, 0, 0],
  );
  assert.equal(/** @type {any} */ (upload.error).code, 'file_changed');
  assert.equal(server.callsTo('POST', '/upload-1/complete').length, 0);
});

test('a completion whose answer is lost is asked for again, and nothing is sent twice', async () => {
  const { server, uploader, reach } = scene();
  let asked = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith('/complete')) return undefined;
    asked += 1;
    if (asked > 3) return undefined;
    Object.assign(server.uploads.get('upload-1'), { state: 'completed' });
    return { status: [0, 504, 500][asked - 1] ?? 0 };
  };
  const file = text(12);
  const upload = uploader.add(file);
  await reach(upload, 'completed');
  assert.deepEqual([asked, sentNumbers(server)], [4, [1, 2, 3]]);
  assert.equal(storedText(server), await file.text());
});

test('a completion that fails for good throws nothing away: trying again sends no part', async () => {
  const { server, uploader, reach } = scene();
  server.fault = ({ path }) => (path.endsWith('/complete') ? problem(500, 'internal') : undefined);
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal(server.callsTo('DELETE', '.*').length, 0);
  assert.deepEqual([upload.progress.partsDone, server.uploads.get('upload-1').state], [3, 'open']);
  server.fault = () => undefined;
  upload.resume();
  await reach(upload, 'completed');
  assert.equal(server.puts.length, 3);
});

test('no call grows with the number of parts', async () => {
  const { server, uploader, reach } = scene();
  server.partSize = 1;
  await reach(uploader.add(text(2_000)), 'completed');
  const sizes = server.calls.map(({ body }) => JSON.stringify(body ?? '').length);
  assert.ok(Math.max(...sizes) < 10_000, `${Math.max(...sizes)} characters in one call`);
  assert.deepEqual(server.callsTo('POST', '/upload-1/complete')[0]?.body, {});
  assert.ok(server.calls.length < 2_000 / 4, `${server.calls.length} calls for 2,000 parts`);
});

test('every call carries the token, also those that list, look and end', async () => {
  const { server, uploader, reach } = scene({ token: 'good' });
  server.fault = ({ headers }) =>
    headers.Authorization === 'Bearer good' ? undefined : problem(401, 'unauthenticated');
  server.partFault = async ({ number }) => {
    if (number === 2) throw new TransferError('status', 404);
    return undefined;
  };
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal((await uploader.unfinished()).length, 0);
  await upload.cancel();
  assert.deepEqual([upload.state, server.uploads.get('upload-1').state], ['cancelled', 'aborted']);
  server.partFault = () => undefined;
  await reach(uploader.add(text(13)), 'completed');
  await uploader.downloadUrl('upload-2');
  const kinds = server.calls.map(({ method, path }) => `${method} ${path.replace(/\?.*|-\d+/g, '')}`);
  assert.deepEqual([...new Set(kinds)].sort(), [
    'DELETE /v1/uploads/upload',
    'GET /v1/uploads',
    'GET /v1/uploads/upload',
    'GET /v1/uploads/upload/download',
    'GET /v1/uploads/upload/parts',
    'POST /v1/uploads',
    'POST /v1/uploads/upload/complete',
    'POST /v1/uploads/upload/parts/sign',
    'PUT /v1/uploads/upload/parts',
  ]);
  assert.ok(
    server.puts.every(({ request }) => !('Authorization' in request.headers)),
    'the store gets none',
  );
});

for (const [what, status, body] of /** @type {[string, number, any][]} */ ([
  ['a page of a proxy', 403, 'no problem document'],
  ['nothing at all', 404, null],
])) {
  test(`a refusal that says ${what} still has words and a code`, async () => {
    const { server, uploader, reach } = scene();
    server.fault = () => ({ status, body });
    const upload = uploader.add(text(12));
    await reach(upload, 'failed');
    assert.equal(/** @type {any} */ (upload.error).code, `http_${status}`);
    assert.match(upload.error?.message ?? '', new RegExp(`\\w+.*${status}`));
  });
}
