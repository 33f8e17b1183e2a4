import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoordinatorError, TransferError, UploadError } from '../../static/client/errors.js';
import { openPaths } from '../../static/client/relay.js';
import { scene as uploading, text } from './scene.mjs';
import { VirtualSurroundings } from './surroundings.mjs';
import { blocked, how, moved, never, SECOND, ways } from './ways.mjs';

/** @import { PathName, Paths } from '../../static/client/ports.js' */

/** @param {number} status */
const refusal = (status, code = '') =>
  new TransferError('status', status, null, code ? JSON.stringify({ code, detail: `about ${code}` }) : 'nginx');

test('a path that stays blocked while the coordinator answers moves all parts, after one that was tried', async () => {
  const scene = ways();
  assert.equal(await blocked(scene), 'relay');
  assert.equal(scene.paths.choose(2), 'direct', 'the others wait for what becomes of the first');
  assert.equal(scene.paths.choose(1), 'relay');
  assert.deepEqual(scene.told, []);
  assert.deepEqual(await scene.send(1, { md5: 'sum', sha256: 'other' }), { etag: '"1"', recorded: true });
  assert.deepEqual(scene.told, ['relay']);
  assert.equal(await scene.fail(2), 'relay', 'what had set out before follows at once');
  assert.equal(scene.paths.choose(3), 'relay');
  assert.deepEqual(scene.puts[0].headers, {
    Authorization: 'Bearer one',
    'Content-MD5': 'sum',
    'x-amz-checksum-sha256': 'other',
  });
});

test('neither a few failures at once, nor one part among others, nor an arrival between makes a suspicion', async () => {
  const { time, paths, fail } = ways();
  for (const number of [1, 2, 3, 4]) paths.choose(number);
  for (const number of [1, 2, 3, 4]) assert.equal(await fail(number), 'direct', 'all in one moment');
  paths.arrived(5);
  time.advance(60 * SECOND);
  for (let times = 0; times < 9; times += 1) {
    time.advance(SECOND);
    assert.equal(await fail(2), 'direct', 'the others are under way');
  }
});

test('the only part of an upload is enough, later', async () => {
  const { time, paths, fail } = ways();
  for (let times = 0; times < 3; times += 1) {
    paths.choose(1);
    assert.equal(await fail(1), 'direct');
    time.advance(2 * SECOND);
  }
  assert.equal(await fail(1), 'relay');
});

test('parts that sent nothing for half a minute count at once', async () => {
  const { fail } = ways();
  assert.equal(await fail(1, 'stalled'), 'direct');
  assert.equal(await fail(2, 'stalled'), 'relay');
});

test('while the coordinator does not answer either, it is the network that is away', async () => {
  const scene = ways({ answers: false });
  assert.equal(await blocked(scene), 'direct');
  assert.equal(scene.paths.choose(1), 'direct');
  assert.equal(scene.puts.length, 0);
});

test('a store that is away for the coordinator too is waited for, and tried again later', async () => {
  const scene = ways({ relayed: [refusal(503, 'storage_unavailable')] });
  const { time, paths, fail, send, told } = scene;
  assert.equal(await blocked(scene), 'relay');
  paths.choose(1);
  await assert.rejects(send(1), { name: 'TransferError', status: 503 });
  assert.equal(paths.choose(1), 'direct');
  for (let times = 0; times < 6; times += 1) {
    time.advance(2 * SECOND);
    assert.equal(await fail(1 + (times % 2)), 'direct', 'not so soon');
  }
  time.advance(4 * SECOND);
  assert.equal(await fail(1), 'relay');
  paths.choose(1);
  await send(1);
  assert.deepEqual(told, ['relay']);
});

test('every minute one part looks whether the direct path is open, and takes the others along', async () => {
  const scene = ways();
  const { time, paths, told } = scene;
  await moved(scene);
  time.advance(59 * SECOND);
  assert.equal(paths.choose(3), 'relay');
  time.advance(SECOND);
  assert.equal(paths.choose(4), 'direct');
  assert.equal(paths.choose(5), 'relay', 'one is enough');
  assert.equal(paths.choose(4), 'relay', 'it came back');
  time.advance(59 * SECOND);
  assert.equal(paths.choose(6), 'relay');
  paths.arrived(2);
  assert.deepEqual(told, ['relay'], 'one that had set out long before says nothing');
  time.advance(SECOND);
  assert.equal(paths.choose(7), 'direct');
  paths.arrived(7);
  assert.deepEqual(told, ['relay', 'direct']);
  assert.equal(paths.choose(8), 'direct');
});

for (const [what, answer] of /** @type {const} */ ([
  ['a coordinator that does not relay', refusal(403, 'relay_off')],
  ['a proxy that takes no such body', refusal(413)],
  ['an older coordinator', refusal(405)],
])) {
  test(`${what} is not asked again`, async () => {
    const scene = ways({ relayed: [answer] });
    await blocked(scene);
    scene.paths.choose(1);
    await assert.rejects(scene.send(1), { name: 'TransferError' });
    scene.time.advance(120 * SECOND);
    for (const number of [1, 2, 1, 2, 1, 2]) {
      assert.equal(scene.paths.choose(number), 'direct');
      scene.time.advance(3 * SECOND);
      assert.equal(await scene.fail(number), 'direct');
    }
    assert.deepEqual(scene.told, []);
  });
}

test('a refused credential is renewed once', async () => {
  const scene = ways({ relayed: [refusal(401, 'token_expired')], tokens: ['one', 'two'] });
  await moved(scene);
  assert.deepEqual(
    scene.puts.map((put) => put.headers.Authorization),
    ['Bearer one', 'Bearer two'],
  );
  const hopeless = ways({ relayed: [refusal(401, 'unauthenticated'), refusal(401, 'unauthenticated')] });
  await assert.rejects(hopeless.send(1), { name: 'CoordinatorError', code: 'unauthenticated' });
});

test('what the coordinator says of the part is passed on, by its class', async () => {
  const scene = ways({
    relayed: [
      refusal(422, 'digest_mismatch'),
      refusal(408, 'too_slow'),
      new TransferError('network', 0),
      refusal(409, 'part_changed'),
      refusal(410, 'upload_gone'),
      refusal(502, 'storage_misconfigured'),
    ],
  });
  for (const again of [422, 408, 0])
    await assert.rejects(scene.send(1), { name: 'TransferError', status: again });
  await assert.rejects(scene.send(1), (error) => error instanceof UploadError && error.code === 'file_changed');
  for (const code of ['upload_gone', 'storage_misconfigured'])
    await assert.rejects(scene.send(1), (error) => error instanceof CoordinatorError && error.code === code);
});

/**
 * Uploads of one Uploader; `refusals` are the answers to the first parts that they send through the coordinator.
 *
 * @param {TransferError[]} refusals
 */
function sharing(...refusals) {
  /** @type {PathName[]} */
  const told = [];
  const time = new VirtualSurroundings();
  const owner = {};
  const open = () =>
    openPaths(
      /** @type {any} */ ({
        uploadId: 'upload-1',
        coordinator: { answers: async () => true, relay: async () => ({ url: 'x:', headers: {} }) },
        transport: async () => {
          const refused = refusals.shift();
          if (refused) throw refused;
          return { etag: '"1"' };
        },
        surroundings: time,
        onPath: (/** @type {PathName} */ path) => told.push(path),
      }),
      owner,
    );
  /** @param {Paths} paths  one upload's, as `blocked` and `moved` take it */
  const one = (paths) =>
    /** @type {any} */ ({
      time,
      paths,
      fail: (/** @type {number} */ number) => paths.failed({ number, kind: 'network', sent: 0 }, never),
      send: (/** @type {number} */ number) =>
        paths.send({ number, body: new Blob(['x']), digest: undefined, ...how }),
    });
  return { time, told, open, one };
}

test('what one upload found, the next ones of its Uploader begin with; one part a minute looks for all of them', async () => {
  const { time, told, open, one } = sharing();
  const first = open();
  const early = open();
  await moved(one(first));
  const next = open();
  assert.equal(next.choose(1), 'relay');
  assert.equal(
    await early.failed({ number: 1, kind: 'network', sent: 0 }, never),
    'relay',
    'without a trial of its own',
  );
  time.advance(60 * SECOND);
  assert.equal(next.choose(2), 'direct');
  assert.deepEqual([first.choose(3), early.choose(3), open().choose(1)], ['relay', 'relay', 'relay']);
  next.arrived(2);
  assert.deepEqual([first.choose(4), early.choose(4), open().choose(1)], ['direct', 'direct', 'direct']);
  assert.deepEqual(told, ['relay', 'relay', 'relay', 'relay', 'direct', 'direct', 'direct']);
});

for (const [what, answer, again] of /** @type {const} */ ([
  ['that there is no relay', refusal(403, 'relay_off'), 'direct'],
  ['that its parts are too large for a proxy', refusal(413), 'relay'],
])) {
  test(`one upload finds ${what}: the next ones of its Uploader take the path ${again}`, async () => {
    const { told, open, one } = sharing(answer);
    const refused = open();
    await assert.rejects(moved(one(refused)), { name: 'TransferError' });
    assert.equal(await blocked(one(refused)), 'direct', 'it is not asked again');
    assert.equal(await blocked(one(open())), again);
    assert.deepEqual(told, []);
  });
}

test('another Uploader finds out for itself', async () => {
  const one = ways();
  await moved(one);
  assert.equal(ways().paths.choose(1), 'direct');
});

test('a file that comes after a blocked one begins with the relay', async () => {
  /** @type {string[]} */
  const direct = [];
  const { server, uploader, time, reach } = uploading({
    transport: async (put) => {
      const [, id, number] = /uploads\/([^/]+)\/parts\/(\d+)$/.exec(put.url) ?? [];
      if (id)
        return server.transport(/** @type {any} */ ({ ...put, url: `https://store.test/${id}/${number}` }));
      direct.push(put.url);
      time.advance(3 * SECOND);
      throw new TransferError('network', 0);
    },
  });
  await reach(uploader.add(text(8, 'one')), 'completed');
  assert.ok(direct.length > 0);
  const tried = direct.length;
  const next = uploader.add(text(8, 'two'));
  await reach(next, 'completed');
  assert.deepEqual([direct.length, next.path], [tried, 'relay']);
});

test('a part that stalls on its way through the coordinator is given more time to be answered', async () => {
  /** @type {number[]} */
  const given = [];
  const { server, uploader, time, reach } = uploading({
    transport: async (put) => {
      const [, id, number] = /uploads\/([^/]+)\/parts\/(\d+)$/.exec(put.url) ?? [];
      time.advance(3 * SECOND);
      if (!id) throw new TransferError('network', 0);
      given.push(put.patience().answer);
      if (given.length === 2 || given.length === 3) throw new TransferError('stalled', 0);
      return server.transport({ ...put, url: `https://store.test/${id}/${number}` });
    },
  });
  await reach(uploader.add(text(8)), 'completed');
  assert.deepEqual(given, [120_000, 120_000, 240_000, 480_000]);
});

test('while the coordinator takes no more parts at once, those of an upload wait, however often they are told', async () => {
  let busy = 0;
  let relayed = 0;
  const { server, uploader, time, reach } = uploading({
    transport: async (put) => {
      const [, id, number] = /uploads\/([^/]+)\/parts\/(\d+)$/.exec(put.url) ?? [];
      time.advance(3 * SECOND);
      if (!id) throw new TransferError('network', 0);
      relayed += 1;
      if (relayed > 1 && busy < 60) {
        busy += 1;
        throw refusal(503, 'relay_busy');
      }
      return server.transport({ ...put, url: `https://store.test/${id}/${number}` });
    },
  });
  await reach(uploader.add(text(8)), 'completed');
  assert.equal(busy, 60);
});
