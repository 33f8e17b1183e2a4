import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';
import { LONG_AGO, scene, sentNumbers, text } from './scene.mjs';

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
