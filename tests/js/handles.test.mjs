import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { fingerprint } from '../../static/client/fingerprint.js';
import { FakeLocks } from './locks.mjs';
import { forever, LONG_AGO, scene, sentNumbers, text } from './scene.mjs';

/** @param {{ permission?: string, file?: File | null, path?: string }} [options] */
async function withHandle({ permission = 'granted', file = text(12), path } = {}) {
  const found = scene();
  const left = found.server.leaveUnfinished(
    {
      filename: 'film.mov',
      size: 12,
      fingerprint: await fingerprint(text(12)),
      metadata: { last_modified: String(LONG_AGO), ...(path && { path }) },
    },
    [1],
  );
  const handle = /** @type {any} */ ({
    name: 'film.mov',
    requestPermission: async () => permission,
    getFile: async () => {
      if (!file) throw new DOMException('gone', 'NotFoundError');
      return file;
    },
  });
  return { ...found, left, handle };
}

test('an upload goes on with the file that its handle opens', async () => {
  const { uploader, left, handle, reach, server } = await withHandle();
  const task = await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await reach(task, 'completed');
  assert.equal(task.upload?.id, 'upload-1');
  assert.deepEqual(sentNumbers(server), [2, 3]);
});

test('of a folder too, whose files are told apart by their path', async () => {
  const { uploader, left, handle, reach } = await withHandle({ path: 'films/2024/film.mov' });
  const task = await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await reach(task, 'completed');
  assert.equal(task.upload?.id, 'upload-1');
});

for (const [what, options, code] of /** @type {[string, any, string][]} */ ([
  ['the browser may not read', { permission: 'denied' }, 'no_permission'],
  ['is no longer where it was', { file: null }, 'file_missing'],
])) {
  test(`a file that ${what} is to be chosen again, which is said in words`, async () => {
    const { uploader, left, handle, server } = await withHandle(options);
    await assert.rejects(
      uploader.resumeFrom({ upload: left, handle, elsewhere: false }),
      (/** @type {any} */ error) => {
        assert.equal(error.code, code);
        assert.match(error.message, /“film\.mov”.*[Cc]hoose the file/);
        return true;
      },
    );
    assert.equal(server.calls.length, 0);
    assert.equal(uploader.uploads.length, 0);
  });
}

test('where the browser keeps no handles, uploads are listed without', async () => {
  const { uploader, left } = await withHandle();
  assert.deepEqual(await uploader.resumable(), [{ upload: left, handle: null, elsewhere: false }]);
});

test('equal files of one name in two folders are two uploads, also after a reload', async () => {
  const { uploader, server, reach } = await withHandle({ path: 'one/film.mov' });
  const both = ['one/film.mov', 'two/film.mov'].map((path) => uploader.add(text(12), { path }));
  for (const task of both) await reach(task, 'completed');
  assert.deepEqual(
    both.map((task) => task.upload?.metadata.path),
    ['one/film.mov', 'two/film.mov'],
  );
  assert.deepEqual(sentNumbers(server), [1, 2, 2, 3, 3]);
});

test('a browser that never says which handles it keeps has none', async () => {
  const { uploader, time } = scene();
  const { indexedDB: own } = /** @type {any} */ (globalThis);
  Object.assign(globalThis, { indexedDB: { open: () => ({}) } });
  try {
    /** @type {any} */
    let found = null;
    uploader.resumable().then((listed) => (found = listed));
    await time.until(() => found);
    assert.deepEqual(found, []);
  } finally {
    Object.assign(globalThis, { indexedDB: own });
  }
});

test('what the browser says only later of the handles it keeps is told later', async () => {
  const { uploader, time, left, handle, server } = await withHandle();
  const other = server.leaveUnfinished({ filename: 'other.mov', size: 12 }, []);
  const kept = { id: left.id, fingerprint: left.fingerprint, handle, kept: Date.now() };
  const request = (/** @type {any} */ result, /** @type {number} */ ms) => {
    const asked = { result, onsuccess() {} };
    time.after(ms, () => asked.onsuccess());
    return asked;
  };
  const transaction = () => ({ objectStore: () => ({ getAll: () => request([kept], 0) }) });
  const { indexedDB: own } = /** @type {any} */ (globalThis);
  Object.assign(globalThis, { indexedDB: { open: () => request({ transaction, close() {} }, 5_000) } });
  try {
    /** @type {any} */
    let late = null;
    /** @type {any} */
    let found = null;
    uploader.resumable((known) => (late = known)).then((listed) => (found = listed));
    await time.until(() => found);
    assert.equal(late, null);
    assert.deepEqual(
      found.map((/** @type {any} */ one) => [one.upload.id, one.handle]),
      [left, other].map(({ id }) => [id, null]),
    );
    await time.until(() => late);
    assert.deepEqual(late, [{ upload: left, handle, elsewhere: false }]);
  } finally {
    Object.assign(globalThis, { indexedDB: own });
  }
});

const DAY_MS = 24 * 3_600_000;

/**
 * As much of IndexedDB as the handles need, with these kept in it.
 *
 * @param {import('node:test').TestContext} context
 * @param {{ id: string, kept: number }[]} first
 * @returns {Map<string, any>} what is kept, by upload id
 */
function keeping(context, first = []) {
  const kept = new Map(first.map((one) => [one.id, { fingerprint: null, handle: {}, ...one }]));
  const request = (/** @type {() => any} */ act) => {
    const asked = { result: undefined, onsuccess() {} };
    queueMicrotask(() => {
      asked.result = act();
      asked.onsuccess();
    });
    return asked;
  };
  const store = {
    getAll: () => request(() => [...kept.values()]),
    put: (/** @type {any} */ one) => request(() => kept.set(one.id, one)),
    delete: (/** @type {string} */ id) => request(() => kept.delete(id)),
  };
  const database = { transaction: () => ({ objectStore: () => store }), close() {} };
  const { indexedDB: own } = /** @type {any} */ (globalThis);
  Object.assign(globalThis, { indexedDB: { open: () => request(() => database) } });
  context.after(() => Object.assign(globalThis, { indexedDB: own }));
  return kept;
}

test('the handle of an upload that is discarded is forgotten', async (context) => {
  const { uploader, left, time, server } = await withHandle();
  const now = Date.now();
  const kept = keeping(context, [
    { id: left.id, kept: now },
    { id: 'gone', kept: now },
    { id: 'other', kept: now },
  ]);
  const discarding = uploader.discard(left.id);
  await time.until(() => !kept.has(left.id));
  await discarding;
  const refused = assert.rejects(uploader.discard('gone'), { status: 404 });
  await time.until(() => !kept.has('gone'));
  await refused;
  server.fault = () => ({ status: 403, body: { code: 'forbidden' } });
  await assert.rejects(uploader.discard('other'), { status: 403 });
  await time.settle();
  assert.deepEqual([...kept.keys()], ['other'], 'what could not be discarded may go on');
});

test('the handle of an upload that ended elsewhere is forgotten', async (context) => {
  const { uploader, left, handle, time, server, reach } = await withHandle();
  const kept = keeping(context);
  server.partFault = forever;
  const task = await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await time.until(() => kept.has(left.id) && server.puts.length > 0);
  task.pause();
  await time.settle();
  server.uploads.get(left.id).state = 'aborted';
  task.resume();
  await reach(task, 'failed');
  assert.equal(/** @type {any} */ (task.error).code, 'ended');
  await time.until(() => kept.size === 0);
});

/** @param {import('node:test').TestContext} context */
async function twoTabs(context) {
  const { time, server, uploader: first } = scene();
  const { fetch, transport } = server;
  Object.assign(time, { locks: new FakeLocks() });
  const { uploader: second } = scene({ fetch, transport, surroundings: time });
  const kept = keeping(context);
  const handle = /** @type {any} */ ({ name: 'film.mov' });
  server.partFault = ({ number }) => (number === 2 ? forever() : undefined);
  const sending = first.add(text(12), { handle });
  await time.until(() => server.store.get('upload-1')?.size === 2);
  const following = second.add(text(12), { handle });
  await time.until(() => following.elsewhere && kept.has('upload-1'));
  const state = () => server.uploads.get('upload-1').state;
  return { time, sending, following, kept, state };
}

test('cancelling a task that follows another tab keeps the handle of the upload that goes on there', async (context) => {
  const { time, sending, following, kept, state } = await twoTabs(context);
  following.cancel();
  await time.until(() => following.state === 'cancelled');
  await time.settle();
  assert.deepEqual([state(), [...kept.keys()]], ['open', ['upload-1']]);
  sending.cancel();
  await time.until(() => sending.state === 'cancelled');
  await time.until(() => kept.size === 0);
  assert.equal(state(), 'aborted');
});

test('it forgets the handle where the other tab has stopped: nobody goes on, and the upload ends', async (context) => {
  const { time, sending, following, kept, state } = await twoTabs(context);
  following.cancel();
  sending.pause();
  await time.until(() => following.state === 'cancelled');
  assert.equal(state(), 'aborted');
  await time.until(() => kept.size === 0);
});

test('cancelling a task whose upload another one of the page goes on with keeps the handle', async (context) => {
  const { uploader, left, handle, server, time, reach } = await withHandle();
  const kept = keeping(context);
  server.partFault = async () => Promise.reject(new TransferError('status', 400));
  const failed = await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await reach(failed, 'failed');
  server.partFault = forever;
  const count = server.puts.length;
  const second = await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await time.until(() => server.puts.length > count);
  failed.cancel();
  await reach(failed, 'cancelled');
  await time.settle();
  assert.deepEqual([left.state, [...kept.keys()]], ['open', [left.id]]);
  second.cancel();
  await time.until(() => kept.size === 0);
  assert.equal(left.state, 'aborted');
});

test('no handle is kept of what goes up compressed: no file can go on with it', async (context) => {
  const { uploader, server, time } = scene();
  const kept = keeping(context);
  server.partFault = forever;
  const handle = /** @type {any} */ ({ name: 'log.txt' });
  uploader.add(new File(['words'], 'log.txt'), { handle, gzip: true });
  await time.until(() => server.puts.length > 0);
  await time.settle();
  assert.equal(kept.size, 0);
});

test('handles of more than seven days are dropped whenever another one is kept', async (context) => {
  const later = Date.now() + DAY_MS;
  context.mock.method(Date, 'now', () => later);
  const { uploader, left, handle, time, server } = await withHandle();
  const kept = keeping(context, [
    { id: 'old', kept: later - 7 * DAY_MS - 1 },
    { id: 'young', kept: later - 7 * DAY_MS },
  ]);
  server.partFault = forever;
  await uploader.resumeFrom({ upload: left, handle, elsewhere: false });
  await time.until(() => !kept.has('old') && kept.has(left.id));
  assert.ok(kept.has('young'));
});

test('the handle of an upload without a fingerprint is not offered: nobody can tell whether it is the same file', async (context) => {
  const { uploader, left, handle, server, time } = await withHandle();
  const apart = server.leaveUnfinished({ filename: 'apart.mov', size: 12, fingerprint: null }, []);
  const kept = keeping(context, [{ id: apart.id, kept: Date.now() }]);
  kept.set(left.id, { id: left.id, fingerprint: left.fingerprint, handle, kept: Date.now() });
  /** @type {any} */
  let found = null;
  uploader.resumable().then((listed) => (found = listed));
  await time.until(() => found);
  assert.deepEqual(
    found.map((/** @type {any} */ one) => [one.upload.id, one.handle]),
    [
      [left.id, handle],
      [apart.id, null],
    ],
  );
});
