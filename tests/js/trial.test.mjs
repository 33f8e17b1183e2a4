/** What is stopped, or over, while it is found out whether the direct path is blocked. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { sleep } from '../../static/client/surroundings.js';
import { scene as uploading, text } from './scene.mjs';
import { blocked, moved, SECOND, ways } from './ways.mjs';

test('a trial that was stopped is begun anew', async () => {
  const scene = ways({ relayed: [/** @type {any} */ (new DOMException('paused', 'AbortError'))] });
  assert.equal(await blocked(scene), 'relay');
  scene.paths.choose(1);
  await assert.rejects(scene.send(1), { name: 'AbortError' });
  for (const number of [1, 2]) scene.paths.left(number);
  await moved(scene);
});

test('a trial whose part turned up at the store is begun anew by another one', async () => {
  const scene = ways();
  const { paths, fail, time } = scene;
  assert.equal(await blocked(scene), 'relay');
  for (const number of [1, 2]) paths.left(number);
  assert.equal(paths.choose(3), 'direct');
  await fail(3);
  time.advance(5 * SECOND);
  assert.deepEqual([await fail(3), await fail(3), await fail(3)], ['direct', 'direct', 'relay']);
});

test('parts that are under way no longer neither raise a suspicion nor keep one from the last', async () => {
  const { paths, fail, time } = ways();
  for (const number of [1, 2, 3]) paths.choose(number);
  for (const number of [1, 1, 1]) await fail(number);
  time.advance(5 * SECOND);
  paths.left(1);
  assert.equal(await fail(3), 'direct', 'one part, among others');
  paths.left(2);
  assert.equal(await fail(3), 'relay', 'the only one that is left');
});

test('paused while one part is tried through the coordinator, it takes that way when it is resumed', async () => {
  let relayed = 0;
  const { server, uploader, time, reach } = uploading({
    transport: async (put) => {
      const [, id, number] = /uploads\/([^/]+)\/parts\/(\d+)$/.exec(put.url) ?? [];
      if (id) {
        relayed += 1;
        await sleep(time, 5 * SECOND, put.signal);
        return server.transport({ ...put, url: `https://store.test/${id}/${number}` });
      }
      await sleep(time, 10, put.signal);
      throw new TransferError('network', 0);
    },
  });
  const upload = uploader.add(text(32));
  await time.until(() => relayed > 0);
  upload.pause();
  await time.settle();
  upload.resume();
  await reach(upload, 'completed');
  assert.deepEqual([upload.path, relayed], ['relay', 9]);
});
