import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uploader } from '../../static/client/index.js';
import { resumable } from '../../static/client/resumable.js';
import { FakeLocks } from './locks.mjs';
import { forever, scene as oneTab, sentNumbers, text } from './scene.mjs';

/** Two tabs of one browser, one coordinator. */
function twoTabs() {
  const found = oneTab();
  const { time, server } = found;
  const locks = /** @type {any} */ (new FakeLocks());
  const tab = () =>
    new Uploader({
      endpoint: 'https://coordinator.test/',
      fetch: server.fetch,
      transport: server.transport,
      surroundings: Object.assign(time, { locks }),
    });
  return { ...found, first: tab(), second: tab() };
}

/** @param {ReturnType<typeof twoTabs>} scene  the first tab sends part 1 and hangs at part 2, the second one follows */
async function following({ time, server, first, second }) {
  server.partFault = ({ number }) => (number === 2 ? forever() : undefined);
  const sending = first.add(text(12));
  await time.until(() => server.store.get('upload-1')?.size === 2);
  const upload = second.add(text(12));
  /** @type {boolean[]} */
  const told = [];
  upload.addEventListener('elsewhere', (event) => told.push(/** @type {CustomEvent} */ (event).detail));
  await time.until(() => upload.elsewhere);
  return { sending, upload, told };
}

function gate() {
  let open = () => {};
  /** @type {Promise<any>} */
  const passed = new Promise((resolve) => (open = () => resolve(undefined)));
  return { passed, open: () => open() };
}

test('a second tab with the same file sends nothing, and shows how far the first one is', async () => {
  const scene = twoTabs();
  const { upload, sending } = await following(scene);
  await scene.time.until(() => upload.progress.partsDone === 2);
  assert.equal(upload.state, 'uploading');
  assert.equal(upload.upload?.id, sending.upload?.id);
  assert.deepEqual(sentNumbers(scene.server), [1, 2, 3]);
});

test('it takes over when the first one stops, and sends only what is missing', async () => {
  const scene = twoTabs();
  const { upload, sending, told } = await following(scene);
  scene.server.partFault = () => undefined;
  sending.pause();
  await scene.reach(upload, 'completed');
  assert.deepEqual(sentNumbers(scene.server), [1, 2, 2, 3]);
  assert.deepEqual(told, [true, false]);
});

test('leaving the second tab interrupts nothing until it takes over', async () => {
  const scene = twoTabs();
  const { first, second, time, server } = scene;
  const { upload, sending } = await following(scene);
  assert.deepEqual([upload.active, second.active, first.active], [false, false, true]);
  sending.pause();
  await time.until(() => !upload.elsewhere && server.puts.length === 4);
  assert.deepEqual([upload.active, second.active, first.active], [true, true, false]);
});

test('removing the second one ends its waiting, and nothing else', async () => {
  const scene = twoTabs();
  const { second, server, time } = scene;
  const { upload, sending } = await following(scene);
  const removed = second.remove(upload);
  await time.until(() => upload.state === 'cancelled');
  await removed;
  server.partFault = () => undefined;
  sending.pause();
  await time.settle();
  assert.equal(server.uploads.get('upload-1').state, 'open');
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
});

test('it is done when the first one is, without sending anything', async () => {
  const scene = twoTabs();
  const { time, server, first, second } = scene;
  /** @type {(value: undefined) => void} */
  let release = () => {};
  server.partFault = ({ number }) => (number === 2 ? new Promise((resolve) => (release = resolve)) : undefined);
  const sending = first.add(text(12));
  await time.until(() => server.store.get('upload-1')?.size === 2);
  const upload = second.add(text(12));
  await time.until(() => upload.elsewhere);
  release(undefined);
  await scene.reach(sending, 'completed');
  await scene.reach(upload, 'completed');
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
});

test('cancelling the second one ends nothing but its waiting', async () => {
  const scene = twoTabs();
  const { upload } = await following(scene);
  const cancelled = upload.cancel();
  await scene.time.until(() => upload.state === 'cancelled');
  await cancelled;
  assert.equal(scene.server.uploads.get('upload-1').state, 'open');
});

test('cancelling the first one ends the second too', async () => {
  const scene = twoTabs();
  const { upload, sending } = await following(scene);
  const cancelled = sending.cancel();
  await scene.reach(upload, 'failed');
  await cancelled;
  assert.equal(/** @type {any} */ (upload.error).code, 'ended');
});

test('pausing the second one stops its waiting; resuming waits again', async () => {
  const scene = twoTabs();
  const { upload, sending, told } = await following(scene);
  upload.pause();
  await scene.time.settle();
  scene.server.partFault = () => undefined;
  upload.resume();
  await scene.time.until(() => upload.state === 'uploading');
  sending.pause();
  await scene.reach(upload, 'completed');
  assert.deepEqual(told, [true, false]);
});

test('what another tab sends right now is listed as such', async () => {
  const scene = twoTabs();
  const { sending } = await following(scene);
  const uploads = [/** @type {any} */ (sending.upload), { ...sending.upload, id: 'upload-9' }];
  const listed = await resumable(uploads, scene.time);
  assert.deepEqual(
    listed.map(({ elsewhere, handle }) => [elsewhere, handle]),
    [
      [true, null],
      [false, null],
    ],
  );
});

test('without locks both tabs send, and the upload completes once', async () => {
  const { server, uploader, reach } = oneTab();
  const other = new Uploader({
    endpoint: 'https://coordinator.test/',
    fetch: server.fetch,
    transport: server.transport,
    surroundings: server.surroundings,
  });
  const both = [uploader.add(text(12)), other.add(text(12))];
  for (const upload of both) await reach(upload, 'completed');
  assert.equal(server.uploads.size, 1);
});

test('a browser that refuses its locks is one without', async () => {
  const { server, uploader, reach, time } = oneTab();
  const refuse = async () => {
    throw new DOMException('site data is blocked', 'SecurityError');
  };
  Object.assign(time, { locks: { request: refuse, query: refuse } });
  const upload = uploader.add(text(12));
  await reach(upload, 'completed');
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
  const listed = await resumable([/** @type {any} */ (upload.upload)], time);
  assert.deepEqual(
    listed.map(({ elsewhere }) => elsewhere),
    [false],
  );
});

test('pausing while the lock is asked for stays paused, and goes on when told', async () => {
  const scene = twoTabs();
  const { first, second, server, time, reach } = scene;
  server.partFault = forever;
  const sending = first.add(text(12));
  await time.until(() => server.puts.length > 0);
  const { locks } = /** @type {any} */ (time);
  const ask = locks.request.bind(locks);
  const upload = second.add(text(12));
  locks.request = (/** @type {any[]} */ ...asked) => {
    upload.pause();
    return ask(...asked);
  };
  await reach(upload, 'paused');
  await time.settle();
  assert.equal(upload.state, 'paused');
  locks.request = ask;
  server.partFault = () => undefined;
  sending.pause();
  upload.resume();
  await reach(upload, 'completed');
});

test('a lock that comes while the second tab looks how far the first one is', async () => {
  const scene = twoTabs();
  const { upload, sending } = await following(scene);
  const looking = gate();
  let looks = 0;
  scene.server.fault = ({ method }) => {
    looks += method === 'GET' ? 1 : 0;
    return looks === 1 ? looking.passed : undefined;
  };
  await scene.time.until(() => looks === 1);
  scene.server.partFault = () => undefined;
  sending.pause();
  await scene.time.settle();
  looking.open();
  await scene.reach(upload, 'completed');
});

test('what is cancelled in one tab is not finished by the other one', async () => {
  const scene = twoTabs();
  const { upload, sending } = await following(scene);
  scene.server.partFault = () => undefined;
  const aborting = gate();
  scene.server.fault = ({ method }) => (method === 'DELETE' ? aborting.passed : undefined);
  const cancelled = sending.cancel();
  await scene.time.until(() => scene.server.callsTo('DELETE', '/upload-1').length === 1);
  await scene.time.settle();
  assert.equal(upload.elsewhere, true);
  aborting.open();
  await cancelled;
  await scene.reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'ended');
});

/** @param {ReturnType<typeof twoTabs>} scene  the second tab was paused while the first one sent, and stopped */
async function stoppedMeanwhile(scene) {
  const { time, server, first, second } = scene;
  let most = 1;
  server.partFault = ({ number }) => (number > most ? forever() : undefined);
  const sending = first.add(text(12));
  await time.until(() => server.store.get('upload-1')?.size === 1);
  const upload = second.add(text(12));
  await time.until(() => upload.elsewhere && upload.progress.partsDone === 1);
  upload.pause();
  sending.pause();
  most = 2;
  sending.resume();
  await time.until(() => server.store.get('upload-1')?.size === 2);
  sending.pause();
  await time.settle();
  return upload;
}

test('a tab that was paused while the other one sent and stopped sends what is missing, and says so', async () => {
  const scene = twoTabs();
  const upload = await stoppedMeanwhile(scene);
  const before = scene.server.puts.length;
  scene.server.partFault = () => undefined;
  upload.resume();
  await scene.reach(upload, 'completed');
  assert.equal(upload.elsewhere, false);
  assert.deepEqual(
    scene.server.puts.slice(before).map((put) => put.number),
    [3],
  );
});

test('a tab that was paused while another one took over asks what that one sent', async () => {
  const scene = twoTabs();
  const { server, time, reach } = scene;
  const { upload, sending } = await following(scene);
  let most = 1;
  server.store.get('upload-1')?.delete(3);
  server.partFault = ({ number }) => (number > most ? forever() : undefined);
  sending.pause();
  most = 2;
  await time.until(() => upload.state === 'uploading' && !upload.elsewhere);
  await time.until(() => server.store.get('upload-1')?.has(2));
  upload.pause();
  await time.settle();
  const before = server.puts.length;
  server.partFault = () => undefined;
  sending.resume();
  await reach(sending, 'completed');
  assert.deepEqual(
    server.puts.slice(before).map((put) => put.number),
    [3],
  );
});

for (const resumed of [true, false])
  test(`cancelling it${resumed ? ', resumed,' : ''} ends the upload, as no other tab sends it`, async () => {
    const scene = twoTabs();
    const upload = await stoppedMeanwhile(scene);
    if (resumed) {
      upload.resume();
      await scene.reach(upload, 'uploading');
    }
    const cancelled = upload.cancel();
    await scene.reach(upload, 'cancelled');
    await cancelled;
    assert.equal(scene.server.uploads.get('upload-1').state, 'aborted');
  });

test('cancelling a paused one leaves the upload to the tab that sends it', async () => {
  const scene = twoTabs();
  const { upload, sending } = await following(scene);
  upload.pause();
  await scene.time.settle();
  await upload.cancel();
  assert.deepEqual([upload.state, scene.server.uploads.get('upload-1').state], ['cancelled', 'open']);
  scene.server.partFault = () => undefined;
  sending.pause();
  sending.resume();
  await scene.reach(sending, 'completed');
});

test('files that wait for another tab take no places; one takes its place again before it sends', async () => {
  const scene = twoTabs();
  const { server, time, first, second } = scene;
  const names = Array.from({ length: 18 }, (_, index) => `file-${index}`);
  const all = (/** @type {Uploader} */ tab, /** @type {string} */ folder) =>
    names.map((name, index) => tab.add(text(index + 1, name), { path: `${folder}/${name}` }));
  server.partFault = forever;
  const sending = all(first, 'a');
  await time.until(() => sending.every(({ state }) => state === 'uploading'));
  const waiting = all(second, 'a');
  await time.until(() => waiting.every(({ elsewhere }) => elsewhere));
  const own = Array.from({ length: 18 }, (_, index) => second.add(text(100 + index, `own-${index}`)));
  await time.until(() => own.every(({ state }) => state === 'uploading'));
  const [turn] = waiting;
  const [theirs] = sending;
  if (!turn || !theirs) throw new Error('there are 18');
  theirs.pause();
  await time.until(() => !turn.elsewhere);
  await time.settle();
  assert.equal(turn.state, 'preparing', 'the places are taken');
  own[0]?.pause();
  await time.until(() => turn.state === 'uploading');
});
