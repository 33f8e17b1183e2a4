import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { xhrTransport } from '../../static/client/transfer.js';
import { VirtualSurroundings } from './surroundings.mjs';

class FakeRequest {
  /** @type {any} */ upload = {};
  /** @type {() => void} */ onload = () => {};
  /** @type {() => void} */ onerror = () => {};
  status = 0;
  aborted = false;
  /** @type {Record<string, string>} */ sentHeaders = {};
  answerHeaders = '';
  /** @type {Blob | null} */ body = null;
  opened = '';

  open(/** @type {string} */ method, /** @type {string} */ url) {
    this.opened = `${method} ${url}`;
  }
  setRequestHeader(/** @type {string} */ name, /** @type {string} */ value) {
    this.sentHeaders[name] = value;
  }
  send(/** @type {Blob} */ body) {
    this.body = body;
  }
  abort() {
    this.aborted = true;
  }
  getAllResponseHeaders() {
    return this.answerHeaders;
  }
  answer(/** @type {number} */ status, /** @type {string} */ headers = '') {
    this.status = status;
    this.answerHeaders = headers;
    this.onload();
  }
}

function scene() {
  const time = new VirtualSurroundings();
  const request = new FakeRequest();
  const stop = new AbortController();
  /** @type {number[]} */
  const progress = [];
  const done = xhrTransport(
    time,
    () => /** @type {any} */ (request),
  )({
    url: 'https://store.test/part',
    headers: { 'content-md5': 'x' },
    body: new Blob(['0123456789']),
    onProgress: (sent) => progress.push(sent),
    signal: stop.signal,
    patience: () => ({ moving: 30_000, answer: 120_000 }),
  });
  done.catch(() => {});
  return { time, request, stop, progress, done };
}

/** @param {Partial<TransferError>} shape */
const failure = (shape) => (/** @type {unknown} */ error) => {
  assert.ok(error instanceof TransferError);
  for (const [name, value] of Object.entries(shape)) assert.equal(Reflect.get(error, name), value);
  return true;
};

test('sends exactly the signed headers and the body, and reads the ETag', async () => {
  const { request, progress, done } = scene();
  request.upload.onprogress({ loaded: 4 });
  request.upload.onprogress({ loaded: 11 });
  request.answer(200, 'content-type: text/plain\r\nETag: "abc"\r\n');
  assert.deepEqual(await done, { etag: '"abc"' });
  assert.deepEqual(progress, [4, 10]);
  assert.deepEqual(request.sentHeaders, { 'content-md5': 'x' });
  assert.equal(request.opened, 'PUT https://store.test/part');
  assert.equal(request.body?.size, 10);
});

test('an ETag that CORS hides is no failure', async () => {
  const { request, done } = scene();
  request.answer(200, 'content-length: 0\r\n');
  assert.deepEqual(await done, { etag: null });
});

test('a refusal carries its status and Retry-After', async () => {
  const { request, done } = scene();
  request.answer(503, 'retry-after: 2\r\n');
  await assert.rejects(done, failure({ kind: 'status', status: 503, retryAfter: 2000 }));
});

test('no readable answer', async () => {
  const { request, done } = scene();
  request.onerror();
  await assert.rejects(done, failure({ kind: 'network', status: 0 }));
});

test('a connection on which nothing moves for 30 seconds is given up; one that moves is not', async () => {
  const { time, request, done } = scene();
  for (let loaded = 1; loaded < 9; loaded += 1) {
    time.advance(29_999);
    request.upload.onprogress({ loaded });
  }
  assert.equal(request.aborted, false);
  time.advance(30_000);
  await assert.rejects(done, failure({ kind: 'stalled' }));
  assert.equal(request.aborted, true);
});

test('a store may take two minutes to answer once it has every byte', async () => {
  const { time, request, done } = scene();
  request.upload.onload();
  time.advance(119_999);
  request.answer(200);
  assert.deepEqual(await done, { etag: null });
});

test('an abort stops the request', async () => {
  const { request, stop, done } = scene();
  stop.abort();
  await assert.rejects(done, { name: 'AbortError' });
  assert.equal(request.aborted, true);
});
