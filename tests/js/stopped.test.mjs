/** A task that is paused between two steps stays so, whatever was on its way by then. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coordinator } from '../../static/client/api.js';
import { TransferError } from '../../static/client/errors.js';
import { Uploader } from '../../static/client/index.js';
import { FakeLocks } from './locks.mjs';
import { problem } from './replies.mjs';
import { forever, scene, text } from './scene.mjs';

const MOST_STEPS = 40;

/** @param {number} count */
async function steps(count) {
  for (let step = 0; step < count; step += 1) await null;
}

for (const kind of ['stream', 'file']) {
  const begin = (/** @type {Uploader} */ uploader) =>
    kind === 'file' ? uploader.add(text(2)) : uploader.addStream(new Blob(['ab']).stream(), { name: 'x' });

  test(`a ${kind} that is paused at any step before it begins`, async () => {
    for (let count = 0; count < MOST_STEPS; count += 1) {
      const { uploader, time, reach } = scene();
      const upload = begin(uploader);
      upload.pause();
      await time.settle();
      upload.resume();
      await steps(count);
      upload.pause();
      await time.settle();
      assert.equal(upload.state, 'paused', `after ${count} steps`);
      upload.resume();
      await reach(upload, 'completed');
    }
  });

  test(`a ${kind} that is paused at any step after its last part arrived`, async () => {
    for (let count = 0; count < MOST_STEPS; count += 1) {
      const { server, uploader, time, reach } = scene();
      /** @type {(() => void) | undefined} */
      let arrive;
      server.partFault = ({ uploadId, number }) =>
        new Promise((resolve) => {
          const etag = `"${number}"`;
          arrive = () => {
            server.store.get(uploadId)?.set(number, { size: 2, etag, bytes: 'ab' });
            resolve({ etag });
          };
        });
      const upload = begin(uploader);
      await time.until(() => arrive);
      arrive?.();
      await steps(count);
      upload.pause();
      const { state } = upload;
      await time.settle();
      if (state === 'paused') assert.equal(upload.state, 'paused', `after ${count} steps`);
      upload.resume();
      await reach(upload, 'completed');
    }
  });
}

test('a file that followed another tab and is paused while the browser is asked who sends it', async () => {
  const { server, uploader, time, reach } = scene();
  const locks = new FakeLocks();
  /** @type {(() => void)[]} */
  const asked = [];
  let slow = false;
  /** @type {any} */ (time).locks = {
    query: () => locks.query(),
    request: async (/** @type {[string, any, any]} */ ...request) => {
      if (slow) await new Promise((resolve) => asked.push(() => resolve(undefined)));
      return locks.request(...request);
    },
  };
  const { fetch, transport } = server;
  const endpoint = 'https://coordinator.test/';
  const other = new Uploader({ endpoint, fetch, transport, surroundings: time }).add(text(20));
  let held = true;
  server.partFault = () => (held ? new Promise(() => {}) : undefined);
  await time.until(() => server.puts.length > 0);
  const upload = uploader.add(text(20));
  await time.until(() => upload.elsewhere);
  for (const task of [upload, other]) task.pause();
  await time.settle();
  slow = true;
  upload.resume();
  await time.until(() => asked.length > 0);
  upload.pause();
  slow = false;
  asked.forEach((answer) => answer());
  await time.settle();
  assert.equal(upload.state, 'paused');
  held = false;
  upload.resume();
  await reach(upload, 'completed');
});

test('a signal that aborts cancels once, also where the coordinator refuses: the user may cancel again', async () => {
  const { server, uploader, time, reach } = scene();
  const stop = new AbortController();
  server.partFault = () => new Promise(() => {});
  server.fault = ({ method }) =>
    method === 'DELETE' && server.callsTo('DELETE', '/upload-1').length < 3
      ? problem(403, 'forbidden')
      : undefined;
  const upload = uploader.add(text(8), { signal: stop.signal });
  await reach(upload, 'uploading');
  stop.abort();
  await reach(upload, 'failed');
  for (let turn = 0; turn < 5; turn += 1) await time.settle();
  assert.deepEqual([upload.state, server.callsTo('DELETE', '/upload-1').length], ['failed', 1]);
  server.fault = () => undefined;
  await upload.cancel();
  assert.equal(upload.state, 'cancelled');
});

for (const when of ['the direct path fails', 'another upload goes through the coordinator'])
  test(`what a task needs where ${when} does not come: it can be paused and cancelled all the same`, async (t) => {
    const { server, uploader, time, reach } = scene({
      transport: async ({ url, body }) => {
        const [, id = '', number = ''] = /uploads\/(.+)\/parts\/(.+)$/.exec(url) ?? [];
        if (!id) throw new TransferError('network', 0);
        server.store.get(id)?.set(Number(number), { size: body.size, etag: '"x"', bytes: null });
        return { etag: '"x"' };
      },
    });
    const first = uploader.add(text(12, 'first'));
    if (when !== 'the direct path fails') await reach(first, 'completed');
    let asked = 0;
    const away = t.mock.method(Coordinator.prototype, 'ledger', () => ((asked += 1), forever()));
    const upload = when === 'the direct path fails' ? first : uploader.add(text(12, 'second'));
    await time.until(() => asked > 0);
    upload.pause();
    await time.settle();
    away.mock.restore();
    let over = false;
    upload.cancel().then(() => (over = true));
    await time.until(() => over);
    assert.equal(upload.state, 'cancelled');
  });
