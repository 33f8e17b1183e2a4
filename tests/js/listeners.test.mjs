/** Verbs that a listener calls, in the middle of the step that it hears of. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uploader } from '../../static/client/index.js';
import { FakeLocks } from './locks.mjs';
import { problem } from './replies.mjs';
import { forever, scene, storedText, text } from './scene.mjs';

/** @import { UploadTask, UploadState } from '../../static/client/index.js' */

/**
 * @param {UploadTask} upload
 * @param {UploadState} state
 * @param {() => void} call  the first time it gets there
 */
function upon(upload, state, call) {
  let once = true;
  upload.addEventListener('state', ({ detail }) => {
    if (detail !== state || !once) return;
    once = false;
    call();
  });
}

/** @param {UploadTask} upload */
function statesOf(upload) {
  /** @type {UploadState[]} */
  const states = [];
  upload.addEventListener('state', ({ detail }) => states.push(detail));
  return states;
}

test('a task that is resumed as soon as it is paused goes on, once', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = forever;
  const upload = uploader.add(text(8));
  await reach(upload, 'uploading');
  const states = statesOf(upload);
  upon(upload, 'paused', () => upload.resume());
  server.partFault = () => undefined;
  upload.pause();
  await reach(upload, 'completed');
  await time.settle();
  assert.deepEqual(states.slice(0, 2), ['paused', 'waiting']);
  assert.deepEqual(states.slice(2), ['preparing', 'uploading', 'finishing', 'completed']);
  assert.equal(storedText(server), await text(8).text());
});

test('a task that is paused as soon as it is resumed stays paused', async () => {
  const { uploader, time, reach } = scene();
  const upload = uploader.add(text(8));
  upload.pause();
  upon(upload, 'waiting', () => upload.pause());
  upload.resume();
  await time.settle();
  assert.equal(upload.state, 'paused');
  upload.resume();
  await reach(upload, 'completed');
});

test('a task that is paused as soon as it is uploading is silent from then on', async () => {
  const { uploader, time, reach } = scene();
  const upload = uploader.add(text(8));
  upon(upload, 'uploading', () => upload.pause());
  await reach(upload, 'paused');
  await time.settle();
  let told = 0;
  upload.addEventListener('progress', () => (told += 1));
  time.advance(2_000);
  assert.deepEqual([upload.state, told], ['paused', 0]);
});

test('a task that is paused by what its progress says is silent from then on', async () => {
  const { server, uploader, time, reach } = scene();
  server.partFault = forever;
  const upload = uploader.add(text(8));
  await reach(upload, 'uploading');
  let told = 0;
  upload.addEventListener('progress', () => {
    told += 1;
    upload.pause();
  });
  time.advance(300);
  await time.settle();
  const before = told;
  time.advance(2_000);
  assert.deepEqual([upload.state, told - before], ['paused', 0]);
});

test('a task that is tried again as soon as it fails tells by its new promise that it is done', async () => {
  const { server, uploader, reach } = scene();
  server.fault = () => problem(403, 'forbidden');
  const upload = uploader.add(text(8));
  const { done } = upload;
  upon(upload, 'failed', () => {
    server.fault = () => undefined;
    upload.resume();
  });
  await reach(upload, 'completed');
  assert.equal((await upload.done).id, 'upload-1');
  await assert.rejects(done, { code: 'forbidden' });
});

test('a task that is paused as soon as another tab lets go may be resumed', async () => {
  const { server, uploader, time, reach } = scene();
  Object.assign(time, { locks: new FakeLocks() });
  const { fetch, transport } = server;
  const other = new Uploader({ endpoint: 'https://coordinator.test/', fetch, transport, surroundings: time });
  server.partFault = forever;
  const sending = other.add(text(8));
  await reach(sending, 'uploading');
  const upload = uploader.add(text(8));
  await time.until(() => upload.elsewhere);
  upload.addEventListener('elsewhere', () => upload.pause(), { once: true });
  sending.pause();
  await time.until(() => !upload.elsewhere);
  await time.settle();
  assert.equal(upload.state, 'paused');
  server.partFault = () => undefined;
  upload.resume();
  await reach(upload, 'completed');
});
