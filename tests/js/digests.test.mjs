import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Crew } from '../../static/client/digests/crew.js';
import { hash } from '../../static/client/digests/hashing.js';
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
  get last() {
    const order = this.orders.at(-1);
    return order === 'stop' ? order : order?.algorithm;
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
  const short = { size: 10, arrayBuffer: async () => new ArrayBuffer(4), slice: () => short };
  for (const algorithm of /** @type {const} */ (['sha256', 'md5']))
    await assert.rejects(hash(algorithm, /** @type {any} */ (short), never), { name: 'ShortRead' });
});

test('a slice that cannot be read, or has become shorter, says that the file was changed', async () => {
  const { crew, hands } = crewed();
  for (const failure of ['NotReadableError', 'NotFoundError', 'ShortRead']) {
    const wanted = assert.rejects(digestOf(crew, 'md5', new Blob(), never), { code: 'file_changed' });
    hands[0]?.answer({ failure, message: '' });
    await wanted;
  }
  const other = assert.rejects(digestOf(crew, 'md5', new Blob(), never), { name: 'TypeError' });
  hands[0]?.answer({ failure: 'TypeError', message: '' });
  await other;
});

test('blobs go to the workers in order, to as many as there may be, and workers that idle go', async () => {
  const { crew, hands, time } = crewed();
  const blobs = ['a', 'b', 'c'].map((text) => new Blob([text]));
  const digests = blobs.map((blob) => crew.hash('md5', blob, never));
  assert.equal(hands.length, 2);
  const sent = () => hands.map((hand) => hand.orders.map((order) => order !== 'stop' && order.blob));
  assert.deepEqual(sent(), [[blobs[0]], [blobs[1]]]);
  hands[1]?.answer({ digest: 'second' });
  assert.deepEqual(sent(), [[blobs[0]], [blobs[1], blobs[2]]], 'the blob itself is posted, not its bytes');
  hands[0]?.answer({ digest: 'first' });
  hands[1]?.answer({ digest: 'third' });
  assert.deepEqual(await Promise.all(digests), ['first', 'second', 'third']);
  time.advance(60_000);
  assert.deepEqual(
    hands.map((hand) => hand.terminated),
    [true, true],
  );
  crew.hash('md5', new Blob(), never);
  assert.equal(hands.length, 3, 'and another starts when there is work again');
});

test('who no longer wants a digest gets none, and the worker stops', async () => {
  const { crew, hands } = crewed({ most: 1 });
  const stop = new AbortController();
  const running = crew.hash('md5', new Blob(), stop.signal);
  const queued = crew.hash('sha256', new Blob(), stop.signal);
  const other = crew.hash('md5', new Blob(['other']), never);
  stop.abort(new Error('paused'));
  await assert.rejects(running, /paused/);
  await assert.rejects(queued, /paused/);
  assert.equal(hands[0]?.last, 'stop');
  hands[0]?.answer({ failure: 'AbortError', message: '' });
  hands[0]?.answer({ digest: 'kept' });
  assert.equal(await other, 'kept');
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

test('a worker whose script is not let in hands its blob back', async () => {
  const { crew, hands } = crewed({ most: 1 });
  const bytes = noise(100);
  const digest = crew.hash('md5', new Blob([bytes]), never);
  let prevented = false;
  hands[0]?.onerror?.({ preventDefault: () => (prevented = true) });
  assert.equal(await digest, expected('md5', bytes));
  assert.ok(hands[0]?.terminated && prevented);
});

test('the port names the algorithm', async () => {
  const { crew, hands } = crewed();
  const wanted = openDigests('sha256', crew).of(1, new Blob(), never);
  hands[0]?.answer({ digest: 'sum' });
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
  crew.warm();
  assert.equal(hands.length, 1);
  crew.hash('md5', new Blob(), never);
  assert.equal(hands.length, 1);
  assert.equal(hands[0]?.orders.length, 1);
});
