import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Crew } from '../../static/client/digests/crew.js';
import { hash } from '../../static/client/digests/hashing.js';
import { LANES } from '../../static/client/digests/md5_code.js';
import { Md5 } from '../../static/client/digests/md5.js';
import { digestOf, digestsFor, openDigests } from '../../static/client/digests/open.js';
import { VirtualSurroundings } from './surroundings.mjs';

/** @import { Answer, Order } from '../../static/client/digests/worker.js' */

const never = new AbortController().signal;

/** @param {number} size */
const noise = (size) => Uint8Array.from({ length: size }, (_, index) => (index * 2_654_435_761) >>> 13);

/**
 * @param {string} algorithm
 * @param {Uint8Array} bytes
 */
const expected = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('base64');

/** A worker that answers when it is told to. */
class Hand {
  /** @type {Order[]} */
  orders = [];
  #answered = 0;
  terminated = false;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;
  /** @param {Order} order */
  postMessage = (order) => this.orders.push(order);
  terminate = () => {
    this.terminated = true;
  };
  /** @param {Answer} data */
  answer = (data) => this.onmessage?.({ data });
  /** @returns {{ id: number, algorithm: string, blob: Blob }[]} */
  get asked() {
    return this.orders.flatMap((order) => ('id' in order ? [order] : []));
  }
  /** @param {{ digest: string } | { failure: string, message: string }} outcome  of the blob longest asked for */
  next(outcome) {
    const { id } = /** @type {{ id: number }} */ (this.asked[this.#answered]);
    this.#answered += 1;
    this.answer({ id, ...outcome });
  }
}

/** @param {{ most?: number, hire?: () => any }} [options] */
function crewed({ most = 2, hire } = {}) {
  const time = new VirtualSurroundings();
  /** @type {Hand[]} */
  const hands = [];
  const crew = new Crew({
    hire:
      hire ??
      (() => {
        const hand = new Hand();
        hands.push(hand);
        return hand;
      }),
    alone: ({ algorithm, blob, signal }) => hash(algorithm, blob, signal),
    most,
    after: time.after,
    now: time.now,
  });
  return { time, hands, crew };
}

test('MD5 agrees with another implementation at every length around its blocks, however the bytes come', () => {
  for (let size = 0; size < 200; size += 1) {
    const bytes = noise(size);
    for (const cut of [0, 1, Math.floor(size / 2), size]) {
      const sum = new Md5();
      sum.update(bytes.slice(0, cut));
      sum.update(bytes.slice(cut));
      assert.equal(Buffer.from(sum.digest()).toString('base64'), expected('md5', bytes), `${size} bytes`);
    }
  }
});

test('MD5 counts bits beyond 32 of them', () => {
  const sum = new Md5();
  const control = createHash('md5');
  const piece = noise(2 ** 20);
  for (let mebibytes = 0; mebibytes < 520; mebibytes += 1) {
    sum.update(piece);
    control.update(piece);
  }
  assert.equal(Buffer.from(sum.digest()).toString('base64'), control.digest('base64'));
});

for (const algorithm of /** @type {const} */ (['sha256', 'md5'])) {
  test(`${algorithm} of a blob, over several steps and of nothing`, async () => {
    for (const size of [0, 5, 4 * 2 ** 20, 17 * 2 ** 20 + 7]) {
      const bytes = noise(size);
      assert.equal(await hash(algorithm, new Blob([bytes]), never), expected(algorithm, bytes));
    }
  });
}

test('fewer bytes than a blob should have are not hashed', async () => {
  for (const algorithm of /** @type {const} */ (['sha256', 'md5'])) {
    const streamed = { size: 10, stream: () => new Blob(['four']).stream() };
    await assert.rejects(hash(algorithm, /** @type {any} */ (streamed), never), { name: 'ShortRead' });
    const sliced = { size: 10, stream: () => new ReadableStream(), slice: () => new Blob(['four']) };
    await assert.rejects(hash(algorithm, /** @type {any} */ (sliced), never), { name: 'ShortRead' });
  }
});

test('memory of a part is used again for the next one that fits, and given up for one that is larger', async () => {
  /** @type {ArrayBuffer[]} */
  const spare = [];
  const sizes = [1000, 700, 1000, 2000, 0];
  for (const size of sizes) {
    const bytes = noise(size);
    assert.equal(await hash('sha256', new Blob([bytes]), never, spare), expected('sha256', bytes), `${size}`);
  }
  assert.deepEqual(
    spare.map(({ byteLength }) => byteLength),
    [2000],
  );
});

test('whole parts are read one after the other into one memory, past one that is stopped', async () => {
  /** @type {ArrayBuffer[]} */
  const spare = [];
  const stop = new AbortController();
  const silent = { size: 9, stream: () => new ReadableStream({ type: 'bytes' }) };
  const stopped = hash('sha256', /** @type {any} */ (silent), stop.signal, spare);
  const parts = [noise(1000), noise(900), noise(1000)];
  const sums = parts.map((bytes) => hash('sha256', new Blob([bytes]), never, spare));
  stop.abort();
  await assert.rejects(stopped, { name: 'AbortError' });
  assert.deepEqual(
    await Promise.all(sums),
    parts.map((bytes) => expected('sha256', bytes)),
  );
  assert.equal(spare.length, 1);
});

test('a slice that cannot be read, or has become shorter, says that the file was changed', async () => {
  const { crew, hands } = crewed();
  for (const failure of ['NotReadableError', 'NotFoundError', 'ShortRead']) {
    const wanted = assert.rejects(digestOf(crew, 'md5', new Blob(), never), { code: 'file_changed' });
    hands[0]?.next({ failure, message: '' });
    await wanted;
  }
  const other = assert.rejects(digestOf(crew, 'md5', new Blob(), never), { name: 'TypeError' });
  hands[0]?.next({ failure: 'TypeError', message: '' });
  await other;
});

test('four blobs share a worker for MD5, and two for SHA-256; another is hired when none has room', async () => {
  for (const [algorithm, room] of /** @type {const} */ ([
    ['md5', LANES],
    ['sha256', 2],
  ])) {
    const { crew, hands } = crewed();
    const blobs = Array.from({ length: 2 * room + 1 }, (_, index) => new Blob([String(index)]));
    const digests = blobs.map((blob) => crew.hash(algorithm, blob, never));
    const sent = () => hands.map((hand) => hand.asked.map(({ blob }) => blob));
    assert.deepEqual(sent(), [blobs.slice(0, room), blobs.slice(room, 2 * room)], 'the blobs, not their bytes');
    hands[1]?.next({ digest: 'first of the second' });
    assert.equal(hands[1]?.asked.at(-1)?.blob, blobs.at(-1), 'a place that is free is taken');
    for (let turn = 0; turn < room; turn += 1)
      hands.forEach((hand, index) => hand.next({ digest: `${index}` }));
    const answers = await Promise.all(digests);
    assert.deepEqual(answers.slice(0, room + 1), [...Array(room).fill('0'), 'first of the second']);
    assert.equal(hands.length, 2);
  }
});

test('one that needs more room than there is waits, and those behind it wait too', () => {
  const { crew, hands } = crewed({ most: 1 });
  for (const algorithm of /** @type {const} */ (['md5', 'md5', 'sha256', 'md5']))
    crew.hash(algorithm, new Blob(), never);
  const algorithms = () => hands[0]?.asked.map(({ algorithm }) => algorithm);
  assert.deepEqual(algorithms(), ['md5', 'md5']);
  hands[0]?.next({ digest: '' });
  assert.deepEqual(algorithms(), ['md5', 'md5', 'sha256', 'md5']);
});

test('workers that idle go, and another starts when there is work again', async () => {
  const { crew, hands, time } = crewed();
  const digest = crew.hash('md5', new Blob(), never);
  hands[0]?.answer({ here: true });
  time.advance(3_600_000);
  assert.ok(!hands[0]?.terminated, 'it is busy, whatever its disk takes');
  hands[0]?.next({ digest: 'done' });
  await digest;
  time.advance(60_000);
  assert.ok(hands[0]?.terminated);
  crew.hash('md5', new Blob(), never);
  assert.equal(hands.length, 2);
});

test('who no longer wants a digest gets none, and the worker stops with that one alone', async () => {
  const { crew, hands } = crewed({ most: 1 });
  const stop = new AbortController();
  const running = crew.hash('sha256', new Blob(), stop.signal);
  const kept = crew.hash('sha256', new Blob(['kept']), never);
  const queued = crew.hash('sha256', new Blob(), stop.signal);
  const other = crew.hash('sha256', new Blob(['other']), never);
  stop.abort(new Error('paused'));
  await assert.rejects(running, /paused/);
  await assert.rejects(queued, /paused/);
  const [first] = hands[0]?.asked ?? [];
  assert.deepEqual(hands[0]?.orders.at(-1), { stop: first?.id });
  assert.equal(hands[0]?.asked.length, 2, 'its place is free when it has answered');
  hands[0]?.next({ failure: 'AbortError', message: '' });
  hands[0]?.next({ digest: 'kept' });
  hands[0]?.next({ digest: 'other' });
  assert.deepEqual(await Promise.all([kept, other]), ['kept', 'other']);
  await assert.rejects(crew.hash('md5', new Blob(), stop.signal), /paused/);
});

test('where no worker can be had, the page hashes by itself', async () => {
  const { crew } = crewed({
    hire: () => {
      throw new DOMException('cross-origin', 'SecurityError');
    },
  });
  const bytes = noise(70_000);
  const both = [crew.hash('md5', new Blob([bytes]), never), crew.hash('sha256', new Blob([bytes]), never)];
  assert.deepEqual(await Promise.all(both), [expected('md5', bytes), expected('sha256', bytes)]);
});

test('a worker whose script is not let in hands its blobs back', async () => {
  const { crew, hands } = crewed({ most: 1 });
  const both = [noise(100), noise(200)];
  const digests = both.map((bytes) => crew.hash('md5', new Blob([bytes]), never));
  let prevented = false;
  hands[0]?.onerror?.({ preventDefault: () => (prevented = true) });
  assert.deepEqual(
    await Promise.all(digests),
    both.map((bytes) => expected('md5', bytes)),
  );
  assert.ok(hands[0]?.terminated && prevented);
});

test('after a worker that did not come another one is asked for, later and later', async () => {
  const { crew, hands, time } = crewed({ most: 1 });
  const bytes = noise(100);
  const digested = () => crew.hash('md5', new Blob([bytes]), never);
  const lost = async (/** @type {number} */ wait) => {
    const digest = digested();
    const before = hands.length;
    hands.at(-1)?.onerror?.({});
    assert.equal(await digest, expected('md5', bytes));
    time.advance(wait - 1);
    assert.equal(await digested(), expected('md5', bytes), 'the page hashes still');
    assert.equal(hands.length, before);
    time.advance(1);
  };
  await lost(30_000);
  await lost(60_000);
  const digest = digested();
  assert.equal(hands.length, 3);
  hands[2]?.next({ digest: 'of a worker' });
  assert.equal(await digest, 'of a worker');
  await lost(30_000);
});

test('a worker that says nothing for 30 seconds is given up: the page hashes, and another one is asked for', async () => {
  const { crew, hands, time } = crewed({ most: 1 });
  const bytes = noise(100);
  const digested = () => crew.hash('md5', new Blob([bytes]), never);
  crew.warm('md5');
  const both = [digested(), digested()];
  time.advance(29_999);
  assert.ok(!hands[0]?.terminated);
  time.advance(1);
  assert.ok(hands[0]?.terminated);
  assert.deepEqual(await Promise.all(both), [expected('md5', bytes), expected('md5', bytes)]);
  time.advance(30_000);
  const digest = digested();
  assert.equal(hands.length, 2);
  hands[1]?.next({ digest: 'of a worker' });
  assert.equal(await digest, 'of a worker');
});

test('a worker says that it has come before it reads anything', async () => {
  /** @type {Answer[]} */
  const said = [];
  const worker = Object.assign(/** @type {any} */ (globalThis), {
    postMessage: (/** @type {Answer} */ answer) => said.push(answer),
  });
  try {
    await import('../../static/client/digests/worker.js');
    assert.deepEqual(said, [{ here: true }]);
    worker.onmessage({ data: { id: 7, algorithm: 'md5', blob: new Blob(['abc']) } });
    await new VirtualSurroundings().until(() => said.length > 1);
    assert.deepEqual(said[1], { id: 7, digest: expected('md5', new TextEncoder().encode('abc')) });
  } finally {
    delete worker.postMessage;
    delete worker.onmessage;
  }
});

test('the port names the algorithm', async () => {
  const { crew, hands } = crewed();
  const wanted = openDigests('sha256', crew).of(1, new Blob(), never);
  hands[0]?.next({ digest: 'sum' });
  assert.deepEqual(await wanted, { sha256: 'sum' });
});

test('what a store enforces is computed, whatever the size of a part', async () => {
  /** @type {any[]} */
  const asked = [];
  const hasher = /** @type {any} */ ({
    hash: async (/** @type {string} */ algorithm) => void asked.push(algorithm),
  });
  const chosen = async (/** @type {string[]} */ algorithms, /** @type {number} */ size) => {
    const upload = /** @type {any} */ ({ part_digests: { rule: 'required', algorithms }, part_size: size });
    await digestsFor(upload, null, hasher)?.of(1, new Blob(), never);
    return asked.pop();
  };
  const large = 100 * 2 ** 20;
  assert.equal(await chosen(['sha256'], large), 'sha256');
  assert.equal(await chosen(['sha256', 'md5'], large), 'md5');
  assert.equal(await chosen(['sha256', 'md5'], 2 ** 20), 'sha256');
  assert.throws(
    () =>
      digestsFor(
        /** @type {any} */ ({ part_digests: { rule: 'required', algorithms: [] }, part_size: 1 }),
        'on',
        hasher,
      ),
    { name: 'UploadError', code: 'no_digests' },
  );
});

test('a worker hired ahead of need takes the first blob', () => {
  const { crew, hands } = crewed();
  crew.warm('md5');
  assert.deepEqual(
    hands.map(({ orders }) => orders),
    [[{ ready: 'md5' }]],
  );
  crew.warm('md5');
  crew.hash('md5', new Blob(), never);
  assert.equal(hands.length, 1);
  assert.equal(hands[0]?.orders.length, 2);
});
