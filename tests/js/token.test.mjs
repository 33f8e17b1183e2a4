import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credential } from '../../static/client/credential.js';
import { CoordinatorError, TransferError } from '../../static/client/errors.js';
import { Http } from '../../static/client/http.js';
import { Ledger } from '../../static/client/ledger.js';
import { problem } from './replies.mjs';
import { forever, scene, text } from './scene.mjs';
import { VirtualSurroundings } from './surroundings.mjs';

test('a token is asked for again after a 401, once for all calls', async () => {
  /** @type {boolean[]} */
  const asked = [];
  const { server, uploader, reach } = scene({
    token: async ({ refused }) => {
      asked.push(refused);
      return refused ? 'good' : 'old';
    },
  });
  server.fault = ({ headers }) =>
    headers.Authorization === 'Bearer good' ? undefined : problem(401, 'token_expired');
  const uploads = [uploader.add(text(8, 'one')), uploader.add(text(9, 'two'))];
  for (const upload of uploads) await reach(upload, 'completed');
  assert.deepEqual(asked, [false, true]);
});

test('a fixed token that is refused: the error says so', async () => {
  const { server, uploader, reach } = scene({ token: 'wrong' });
  server.fault = () => problem(401, 'unauthenticated');
  const upload = uploader.add(text(8));
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'unauthenticated');
  assert.equal(server.calls.length, 1);
});

test('calls that are refused at the same time renew the token once', async () => {
  let asked = 0;
  const credential = new Credential(() => {
    asked += 1;
    return `token-${asked}`;
  });
  assert.equal(await credential.current(), 'token-1');
  assert.deepEqual(await Promise.all([credential.renew('token-1'), credential.renew('token-1')]), [true, true]);
  assert.equal(await credential.current(), 'token-2');
});

test('a token source that throws, at once or later, is asked again the next time', async () => {
  for (const fails of [
    () => {
      throw new Error('not signed in');
    },
    () => Promise.reject(new Error('not signed in')),
  ]) {
    let asked = 0;
    const credential = new Credential(() => {
      asked += 1;
      return asked === 1 ? fails() : 'good';
    });
    await assert.rejects(credential.current(), /not signed in/);
    assert.equal(await credential.current(), 'good');
  }
});

for (const refused of [false, true])
  test(`cancelling ends the waiting for a token${refused ? ' after a 401' : ''}`, async () => {
    let waits = false;
    const { server, uploader, time } = scene({
      token: (why) => {
        if (refused && !why.refused) return 'old';
        waits = true;
        return forever().then(() => null);
      },
    });
    server.fault = () => problem(401, 'token_expired');
    const upload = uploader.add(text(8));
    await time.until(() => waits);
    const cancelled = upload.cancel();
    await time.until(() => upload.state === 'cancelled');
    await cancelled;
    assert.equal(server.uploads.size, 0);
  });

test('a token source that cannot reach its own service is asked again, with pauses', async () => {
  let asked = 0;
  const { server, uploader, time, reach } = scene({
    token: async () => {
      asked += 1;
      if (asked < 4) throw new TypeError('Failed to fetch');
      return 'good';
    },
  });
  const begun = time.now();
  await reach(uploader.add(text(8)), 'completed');
  assert.equal(asked, 4);
  assert.ok(time.now() - begun >= 1_750, 'half of 0.5, 1 and 2 seconds');
  assert.equal(server.calls[0]?.headers.Authorization, 'Bearer good');
});

test('a source that never yields fails the upload in the end, with its own words', async () => {
  let asked = 0;
  const { uploader, reach } = scene({
    token: () => {
      asked += 1;
      throw new Error('Please sign in again.');
    },
  });
  const upload = uploader.add(text(8));
  await reach(upload, 'failed');
  assert.deepEqual([upload.error?.message, asked], ['Please sign in again.', 20]);
});

test('a source may say that asking again is no use', async () => {
  const { uploader, reach } = scene({
    token: () => Promise.reject(new CoordinatorError(403, { detail: 'Please sign in again.' })),
  });
  const upload = uploader.add(text(8));
  await reach(upload, 'failed');
  assert.equal(upload.error?.message, 'Please sign in again.');
});

test('a source that throws after a 401 is asked again', async () => {
  let failures = 0;
  const { server, uploader, reach } = scene({
    token: ({ refused }) => {
      if (!refused) return 'old';
      failures += 1;
      if (failures < 3) throw new TypeError('Failed to fetch');
      return 'good';
    },
  });
  server.fault = ({ headers }) =>
    headers.Authorization === 'Bearer good' ? undefined : problem(401, 'token_expired');
  await reach(uploader.add(text(8)), 'completed');
  assert.equal(failures, 3);
});

test('a part that takes the way through the coordinator waits for its token, until it is stopped', async () => {
  const time = new VirtualSurroundings();
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked === 1) throw new TypeError('Failed to fetch');
    return asked === 2 ? 'good' : forever().then(() => null);
  };
  const ledger = new Ledger(new Http({ endpoint: 'https://coordinator.test', token, surroundings: time }));
  const stop = new AbortController();
  /** @type {any} */
  let headers = null;
  ledger.relay('upload-1', 1, stop.signal).then((way) => ({ headers } = way));
  await time.until(() => headers);
  assert.deepEqual(headers, { Authorization: 'Bearer good' });
  const second = ledger.relay('upload-1', 1, stop.signal, 'Bearer good');
  await time.until(() => asked === 3);
  stop.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
});

test('a source that throws while the coordinator is asked whether it answers fails nothing', async () => {
  let blocked = true;
  let threw = 0;
  const { server, uploader, time, reach } = scene({
    token: ({ refused }) => {
      if (!refused) return 'old';
      threw += 1;
      if (threw === 1) throw new TypeError('Failed to fetch');
      return 'good';
    },
  });
  server.partFault = () => (blocked ? Promise.reject(new TransferError('network', 0)) : undefined);
  server.fault = ({ method, headers }) =>
    method === 'GET' && headers.Authorization === 'Bearer old' ? problem(401, 'token_expired') : undefined;
  const upload = uploader.add(text(40));
  await time.until(() => threw > 0);
  await time.settle();
  blocked = false;
  await reach(upload, 'completed');
});
