import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { problem } from './replies.mjs';
import { scene, sentNumbers, storedText, text } from './scene.mjs';

test('any 403 is signed again at once', async () => {
  const { server, uploader, reach } = scene();
  server.partFault = async ({ number, serial }) => {
    if (number === 2 && serial === 1) throw new TransferError('status', 403);
    return undefined;
  };
  const file = text(12);
  await reach(uploader.add(file), 'completed');
  assert.equal(storedText(server), await file.text());
  assert.equal(server.puts.filter((put) => put.number === 2).length, 2);
  assert.deepEqual(
    server.callsTo('POST', '/upload-1/parts/sign').map((call) => call.body.parts),
    [[{ part_number: 2 }]],
  );
});

test('three fresh signatures refused: it fails and says so; trying again goes on', async () => {
  const { server, uploader, reach, time } = scene();
  /** @type {number[]} */
  const at = [];
  const began = time.now();
  server.partFault = async ({ number }) => {
    if (number !== 2) return undefined;
    at.push(time.now() - began);
    throw new TransferError('status', 403);
  };
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'refused');
  assert.deepEqual(at, [0, 0, 2_000, 10_000], 'the first one at once, the others when a new key may be known');
  await assert.rejects(upload.done, { code: 'refused' });
  server.partFault = () => undefined;
  const before = server.puts.length;
  upload.resume();
  await reach(upload, 'completed');
  assert.deepEqual(
    server.puts.slice(before).map((put) => put.number),
    [2],
    'only what was missing',
  );
  assert.equal(server.callsTo('GET', '/upload-1/parts\\?.*').length, 1, 'the ledger was asked again');
});

test('no answer at all: a fresh signature once, then patience', async () => {
  const { server, uploader, reach } = scene();
  let failures = 0;
  server.partFault = async ({ number }) => {
    if (number === 1 && failures++ < 5) throw new TransferError('network', 0);
    return undefined;
  };
  await reach(uploader.add(text(8)), 'completed');
  const serials = server.puts.filter((put) => put.number === 1).map((put) => put.serial);
  assert.deepEqual(serials, [1, 2, 2, 2, 2, 2]);
});

test('503 waits for Retry-After and keeps its signature', async () => {
  const { server, uploader, time, reach } = scene();
  /** @type {number[]} */
  const times = [];
  server.partFault = async () => {
    times.push(time.now());
    if (times.length === 1) throw new TransferError('status', 503, 20_000);
    return undefined;
  };
  await reach(uploader.add(text(3)), 'completed');
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 20_000);
  assert.equal(server.callsTo('POST', '/upload-1/parts/sign').length, 0);
});

test('a store that never works again: it fails in the end', async () => {
  const { server, uploader, reach } = scene();
  server.partFault = async () => {
    throw new TransferError('status', 500);
  };
  const upload = uploader.add(text(3));
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'part_failed');
  assert.equal(server.puts.length, 20);
});

test('without a network it waits, however long, and goes on by itself', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = async () => {
    if (!time.isOnline) throw new TransferError('network', 0);
    return undefined;
  };
  time.isOnline = false;
  server.fault = () => (time.isOnline ? undefined : { status: 0 });
  const upload = uploader.add(text(30));
  await time.until(() => server.calls.length > 0);
  for (let minute = 0; minute < 60; minute += 1) {
    time.advance(60_000);
    await time.settle();
  }
  assert.ok(server.calls.length <= 61, `${server.calls.length}: a look now and then, and no more`);
  assert.equal(upload.state, 'preparing');
  time.goOnline();
  await reach(upload, 'completed');
});

test('a browser that wrongly says that there is no network is not believed for ever', async () => {
  const { server, uploader, time, reach } = scene();
  let lost = false;
  server.partFault = async () => {
    if (lost) return undefined;
    lost = true;
    time.isOnline = false;
    throw new TransferError('network', 0);
  };
  const upload = uploader.add(text(30));
  await reach(upload, 'completed');
  assert.equal(time.isOnline, false);
});

test('an odd answer gets three more chances with fresh signatures', async () => {
  const { server, uploader, reach } = scene();
  server.partFault = async () => {
    throw new TransferError('status', 400);
  };
  const upload = uploader.add(text(3));
  await reach(upload, 'failed');
  assert.deepEqual(
    server.puts.map((put) => put.serial),
    [1, 2, 3, 4],
  );
});

test('412: the object was there already, completion looks for itself', async () => {
  const { server, uploader, time } = scene();
  server.partFault = async ({ request }) => {
    server.store.get('upload-1')?.set(1, { size: request.body.size, etag: '"x"', bytes: null });
    throw new TransferError('status', 412);
  };
  const upload = uploader.add(text(3));
  await time.until(() => upload.state === 'completed');
  assert.equal(server.puts.length, 1);
});

test('parts that the store lost are sent again before it is completed', async () => {
  const { server, uploader, reach } = scene();
  let completions = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith('/complete') || completions++ > 0) return undefined;
    server.store.get('upload-1')?.delete(2);
    return problem(422, 'parts_mismatch', { part_numbers: [2] });
  };
  const file = text(16);
  await reach(uploader.add(file), 'completed');
  assert.deepEqual(sentNumbers(server), [1, 2, 2, 3, 4]);
  assert.equal(storedText(server), await file.text());
});

test('202: completion is asked for until it is over', async () => {
  const { server, uploader, time, reach } = scene();
  const begun = time.now();
  let asked = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith('/complete') || asked++ >= 2) return undefined;
    return {
      status: 202,
      body: { ...server.uploads.get('upload-1'), state: 'completing' },
      headers: { 'Retry-After': '5' },
    };
  };
  await reach(uploader.add(text(4)), 'completed');
  assert.ok(time.now() - begun >= 10_000, 'twice the five seconds of Retry-After');
  assert.equal(asked, 3);
});

test('an upload that the store lost is begun anew, once, by itself', async () => {
  const { server, uploader, reach } = scene();
  server.partFault = async ({ uploadId }) => {
    if (uploadId !== 'upload-1') return undefined;
    Object.assign(server.uploads.get('upload-1'), { state: 'failed', reason: 'lost' });
    throw new TransferError('status', 404);
  };
  const file = text(12);
  const upload = uploader.add(file);
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-2');
  assert.equal(storedText(server, 'upload-2'), await file.text());
  const keys = server.callsTo('POST', '').map((call) => call.headers['Idempotency-Key']);
  assert.equal(new Set(keys).size, 2);
});

test('an upload that someone cancelled elsewhere stays cancelled', async () => {
  const { server, uploader, reach } = scene();
  server.partFault = async () => {
    Object.assign(server.uploads.get('upload-1'), { state: 'aborted', reason: 'admin' });
    throw new TransferError('status', 404);
  };
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'ended');
  assert.equal(server.uploads.size, 1);
  assert.ok(
    server.callsTo('GET', '/upload-1/parts\\?refresh=true').length > 0,
    'the coordinator looks at the store',
  );
  assert.equal(server.callsTo('POST', '/upload-1/parts/sign').length, 0, 'before anything is tried again');
});

test('completed by another window meanwhile: completed here', async () => {
  const { server, uploader, reach } = scene({ concurrency: 1 });
  server.partFault = async ({ number }) => {
    if (number === 3) {
      server.uploads.get('upload-1').state = 'completed';
      throw new TransferError('status', 403);
    }
    return undefined;
  };
  await reach(uploader.add(text(40)), 'completed');
});

test('a refusal of the coordinator is shown with its own words', async () => {
  const { server, uploader, reach } = scene();
  server.fault = () =>
    problem(422, 'size_not_allowed', {
      detail: 'At most 5 GB.',
      errors: [{ path: '$.size', message: 'too large' }],
    });
  const upload = uploader.add(text(8));
  await reach(upload, 'failed');
  assert.equal(upload.error?.message, 'At most 5 GB.');
  assert.deepEqual(/** @type {any} */ (upload.error).errors, [{ path: '$.size', message: 'too large' }]);
});

test('a network that comes and goes, however often, is no failure', async () => {
  const { server, uploader, time } = scene();
  let drops = 0;
  server.partFault = async () => {
    drops += 1;
    if (drops > 40) return undefined;
    time.isOnline = false;
    throw new TransferError('network', 0);
  };
  const upload = uploader.add(text(3));
  await time.until(() => {
    if (time.isAwaited) time.goOnline();
    return upload.state === 'completed';
  });
  assert.equal(server.puts.length, 41);
});

test('a clock that is hours fast costs nothing where the coordinator tells the time', async () => {
  const { server, uploader, reach } = scene();
  server.skew = -7_200_000;
  await reach(uploader.add(text(32)), 'completed');
  assert.equal(server.callsTo('POST', '/upload-1/parts/sign').length, 0, 'the URLs of the start were good');
});

test('a part that stalled is given more time to be answered', async () => {
  const { server, uploader, reach } = scene();
  /** @type {number[]} */
  const given = [];
  server.partFault = async ({ request }) => {
    given.push(request.patience().answer);
    if (given.length > 2) return undefined;
    request.onProgress(request.body.size);
    throw new TransferError('stalled', 0);
  };
  await reach(uploader.add(text(3)), 'completed');
  assert.deepEqual(given, [120_000, 240_000, 480_000]);
});
