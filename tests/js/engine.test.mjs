import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { RateLimit } from '../../static/client/rate_limit.js';
import { Wishes } from '../../static/client/wishes.js';
import { forever, scene, sentNumbers, storedText, text } from './scene.mjs';
import { VirtualSurroundings } from './surroundings.mjs';

const MIB = 1_048_576;
const GB = 1_000_000_000;

/** @param {import('../../static/client/index.js').UploadTask} upload */
const codeOf = (upload) => /** @type {any} */ (upload.error)?.code;

/** A file that exists only as its length: each slice is counted while anybody could still use it. */
class Synthetic extends File {
  sliced = 0;
  #bytes;
  constructor(/** @type {number} */ bytes) {
    super([], 'disk.img', { lastModified: 1 });
    this.#bytes = bytes;
  }
  /** @override */
  get size() {
    return this.#bytes;
  }
  /** @override */
  slice(from = 0, to = this.#bytes) {
    this.sliced += 1;
    const size = to - from;
    // what is read is read as zeros; a part is never read here, only sent
    return /** @type {any} */ (size <= 65_536 ? new Blob([new Uint8Array(size)]) : { size });
  }
}

test('10 GB: slices are taken one by one as parts are sent, and memory does not grow with the file', async () => {
  const file = new Synthetic(10 * GB);
  let most = 0;
  let underWay = 0;
  let sent = 0;
  const { server, uploader, time, reach } = scene({
    transport: async ({ body, onProgress }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      onProgress(body.size);
      sent += body.size;
      underWay -= 1;
      const number = server.store.get('upload-1')?.size ?? 0;
      server.store.get('upload-1')?.set(number + 1, { size: body.size, etag: '"x"', bytes: null });
      time.advance(5);
      return { etag: '"x"' };
    },
  });
  server.partSize = 8 * MIB;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const upload = uploader.add(file);
  await reach(upload, 'completed');
  assert.equal(sent, 10 * GB);
  assert.ok(most <= 6, `${most} at once`);
  // three samples each for the fingerprint before and after
  assert.equal(file.sliced, Math.ceil((10 * GB) / (8 * MIB)) + 6);
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 64 * MIB, `${grown} bytes of heap for a file of 10 GB`);
});

test('a free slot never waits for a signature: with 50 ms a call and fast parts, after the first windows', async () => {
  const { server, uploader, time, reach } = scene({
    concurrency: 4,
    transport: async ({ url, body, signal }) => {
      const [, id = '', number = '0'] = new URL(url).pathname.split('/');
      await new Promise((resolve) => time.after(30, () => resolve(undefined)));
      signal.throwIfAborted();
      server.store.get(id)?.set(Number(number), { size: body.size, etag: '"x"', bytes: null });
      return { etag: '"x"' };
    },
  });
  server.fault = async ({ path }) => {
    if (path.endsWith('/sign')) await new Promise((resolve) => time.after(50, () => resolve(undefined)));
    return /** @type {any} */ (undefined);
  };
  const begun = time.now();
  await reach(uploader.add(text(4 * 400)), 'completed');
  const signed = server.callsTo('POST', '/upload-1/parts/sign').flatMap((call) => call.body.parts);
  assert.equal(signed.length + server.callsTo('POST', '')[0]?.body.sign, 400, 'each part is signed once');
  // 400 parts of 30 ms, four at once, are 3 seconds; a wait of 50 ms for every window would add two more
  const took = time.now() - begun;
  assert.ok(took <= 3_060, `${took} ms`);
});

test('a thousand files: all arrive, and no more are begun at once than there are places', async () => {
  const { server, uploader, time } = scene();
  let most = 0;
  server.fault = () => {
    most = Math.max(most, uploader.uploads.filter((upload) => upload.state === 'preparing').length);
    return undefined;
  };
  const files = Array.from({ length: 1000 }, (_, index) => text(3, `file-${index}`, index));
  for (const file of files) uploader.add(file, { path: `folder/${file.name}` });
  await time.until(() => uploader.uploads.every((upload) => upload.state === 'completed'));
  assert.equal(server.uploads.size, 1000);
  assert.ok(most <= 18, `${most}`);
  const paths = server.callsTo('POST', '').map((call) => call.body.metadata.path);
  assert.deepEqual(new Set(paths), new Set(files.map((file) => `folder/${file.name}`)));
});

test('a folder keeps its paths, also as the browser says them, and a caller may say another', async () => {
  const { server, uploader, reach } = scene();
  const file = text(3);
  Object.defineProperty(file, 'webkitRelativePath', { value: 'photos/sea/film.mov' });
  await reach(uploader.add(file, { metadata: { album: 'sea' } }), 'completed');
  const { path, album } = server.callsTo('POST', '')[0]?.body.metadata ?? {};
  assert.deepEqual([path, album], ['photos/sea/film.mov', 'sea']);
});

test('what the page does not take is refused before anything is sent, with the reason in the error', async () => {
  const limits = { maxSize: 10, minSize: 2, maxFiles: 2, types: ['image/*', 'video/mp4', '.PDF'] };
  const { server, uploader, reach } = scene({ limits });
  const image = (/** @type {number} */ size, name = `${size}.png`) =>
    new File(['x'.repeat(size)], name, { type: 'image/png' });
  for (const [file, code] of /** @type {const} */ ([
    [image(11), 'too_large'],
    [image(1), 'too_small'],
    [new File(['abc'], 'a.exe'), 'wrong_type'],
    [new File(['abc'], 'a.mp4', { type: 'video/webm' }), 'wrong_type'],
  ])) {
    const upload = uploader.add(file);
    await reach(upload, 'failed');
    assert.equal(codeOf(upload), code);
    assert.ok(upload.error?.message.includes(file.name), upload.error?.message);
    await assert.rejects(upload.done, { code });
  }
  assert.equal(server.calls.length, 0);
  const taken = [uploader.add(image(5)), uploader.add(new File(['abc'], 'b.pdf'))];
  const third = uploader.add(image(6));
  await reach(third, 'failed');
  assert.equal(codeOf(third), 'too_many');
  assert.equal(/** @type {any} */ (third.error).values.limit, 2);
  for (const upload of taken) await reach(upload, 'completed');
});

test('an AbortSignal cancels, before and while it is sent, and what was stored is cleared', async () => {
  const { server, uploader, time } = scene();
  const stop = new AbortController();
  server.partFault = forever;
  const upload = uploader.add(text(40), { signal: stop.signal });
  await time.until(() => server.puts.length > 0);
  stop.abort();
  await time.until(() => upload.state === 'cancelled');
  assert.equal(server.uploads.get('upload-1').state, 'aborted');
  const never = uploader.add(text(41), { signal: stop.signal });
  await time.until(() => never.state === 'cancelled');
  assert.equal(server.uploads.size, 1);
  await assert.rejects(never.done, { code: 'cancelled' });
});

test('a store that slows down is sent fewer parts at once, and recovers', async () => {
  const { server, uploader, reach, time } = scene();
  let failures = 0;
  server.partFault = async () => {
    if (failures < 4) {
      failures += 1;
      throw new TransferError('status', 503, 1_000);
    }
    return undefined;
  };
  const upload = uploader.add(text(60));
  await time.until(() => failures === 4);
  assert.ok(uploader.concurrency <= 2, `${uploader.concurrency}`);
  await reach(upload, 'completed');
});

test('one part in five fails in every way there is: the file arrives whole', async () => {
  const { server, uploader, reach } = scene();
  const ways = [
    new TransferError('status', 503, 100),
    new TransferError('status', 500),
    new TransferError('network', 0),
    new TransferError('stalled', 0),
    new TransferError('status', 403),
    new TransferError('status', 429),
    new TransferError('status', 408),
  ];
  let tries = 0;
  server.partFault = async () => {
    tries += 1;
    if (tries % 5 === 0) throw ways[(tries / 5) % ways.length];
    return undefined;
  };
  const file = text(4 * 100);
  await reach(uploader.add(file), 'completed');
  assert.equal(storedText(server), await file.text());
  assert.ok(server.puts.length >= 120);
});

test('a stalled part is restarted alone', async () => {
  const { server, uploader, reach } = scene();
  let stalled = false;
  server.partFault = async ({ number, request }) => {
    if (number !== 2 || stalled) return undefined;
    stalled = true;
    request.onProgress(2);
    throw new TransferError('stalled', 0);
  };
  await reach(uploader.add(text(12)), 'completed');
  assert.deepEqual(sentNumbers(server), [1, 2, 2, 3]);
});

test('a method put upload: what was signed is sent, nothing is reported, three requests in all', async () => {
  const { server, uploader, reach } = scene();
  server.method = 'put';
  await reach(uploader.add(text(3)), 'completed');
  assert.deepEqual(
    [...server.calls.map((call) => `${call.method} ${call.path}`), server.puts.length],
    ['POST /v1/uploads', 'POST /v1/uploads/upload-1/complete', 1],
  );
});

test('a rate limit holds parts back, in order, and a part that is taken back gives its time to the next', async () => {
  const time = new VirtualSurroundings();
  const limit = new RateLimit(1000, time);
  const begun = time.now();
  /** @type {number[]} */
  const let_through = [];
  const signal = new AbortController().signal;
  const stop = new AbortController();
  const take = (/** @type {AbortSignal} */ by) =>
    limit.take(500, by).then(() => let_through.push(time.now() - begun));
  const all = [take(signal), take(signal), take(stop.signal).catch(() => {}), take(signal)];
  await time.settle();
  assert.deepEqual(let_through, [0]);
  stop.abort();
  await time.until(() => let_through.length === 3);
  await Promise.all(all);
  assert.deepEqual(let_through, [0, 500, 1500]);
  await limit.take(500, signal);
  assert.ok(time.now() - begun >= 1500);
});

test('with a rate limit a file takes the time that its bytes may', async () => {
  const { server, uploader, time, reach } = scene({ rateLimit: 4 });
  const begun = time.now();
  await reach(uploader.add(text(40)), 'completed');
  assert.ok(time.now() - begun >= 9_000, 'ten parts of a second each, the first at once');
  assert.equal(server.puts.length, 10);
});

test('digests are computed a few parts ahead, each once, and go into URL and claim', async () => {
  /** @type {number[]} */
  const asked = [];
  let open = 0;
  let most = 0;
  const digests = {
    of: async (/** @type {number} */ number, /** @type {Blob} */ blob) => {
      asked.push(number);
      open += 1;
      most = Math.max(most, open);
      const md5 = await blob.text();
      open -= 1;
      return { md5 };
    },
  };
  const signal = new AbortController().signal;
  const source = { body: (/** @type {number} */ number) => new Blob([`part ${number}`]) };
  const wishes = new Wishes({ digests, source, signedSize: () => undefined });
  await new Promise((resolve) => {
    const more = () => {
      wishes.ahead([1, 2, 3, 4, 5, 6, 7, 8], signal, more);
      if (wishes.ready(8)) resolve(undefined);
    };
    more();
  });
  assert.deepEqual([most, asked.length, new Set(asked).size], [4, 8, 8]);
  assert.deepEqual(await wishes.of(3, signal), { part_number: 3, size: undefined, md5: 'part 3' });
  await wishes.check(3, signal);
  const changed = new Wishes({ digests, source, signedSize: () => undefined });
  await changed.of(1, signal);
  digests.of = async () => ({ md5: 'other' });
  await assert.rejects(changed.check(1, signal), { code: 'file_changed' });
});

test('what is refused for itself takes no place among the files that a page takes', async () => {
  const { uploader, reach } = scene({ limits: { maxSize: 10, maxFiles: 1 } });
  const [large, good, more] = [text(11, 'large'), text(5, 'good'), text(6, 'more')].map((file) =>
    uploader.add(file),
  );
  if (!large || !good || !more) throw new Error('three were added');
  await reach(good, 'completed');
  await reach(more, 'failed');
  assert.deepEqual([codeOf(large), codeOf(more)], ['too_large', 'too_many']);
});

test('no URL grows old while its part is held back by the rate limit', async () => {
  const { server, uploader, time, reach } = scene({ rateLimit: 0.01 });
  /** @type {number[]} */
  const signedAt = [];
  server.fault = ({ path }) => {
    if (path === '/v1/uploads' || path.endsWith('/parts/sign')) signedAt.push(time.now());
    return undefined;
  };
  server.partFault = async ({ serial }) => {
    if (time.now() - (signedAt[serial - 1] ?? 0) > 900_000) throw new TransferError('status', 403);
    return undefined;
  };
  const begun = time.now();
  await reach(uploader.add(text(40)), 'completed');
  assert.deepEqual(sentNumbers(server), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.ok(time.now() - begun >= 9 * 400_000, 'each part takes longer than a quarter of what a URL lives');
});

test('what a refused part did not send is not counted', async () => {
  const { server, uploader, time, reach } = scene({ rateLimit: 4 });
  /** @type {number[]} */
  const times = [];
  server.partFault = async ({ request }) => {
    times.push(time.now());
    if (times.length > 1) return undefined;
    request.onProgress(1);
    throw new TransferError('status', 403);
  };
  await reach(uploader.add(text(4)), 'completed');
  assert.equal((times[1] ?? 0) - (times[0] ?? 0), 250, 'one byte of four was sent in vain');
});
