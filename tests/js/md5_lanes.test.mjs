import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Lanes } from '../../static/client/digests/lanes.js';
import { constants, LANES, md5Code } from '../../static/client/digests/md5_code.js';

const STEP = 2 ** 20;
const never = new AbortController().signal;

/** @param {Uint8Array} bytes */
const expected = (bytes) => createHash('md5').update(bytes).digest('hex');
/** @param {Uint8Array} sum */
const hex = (sum) => Buffer.from(sum).toString('hex');

/** @param {number} size */
const sample = (size) => /** @type {Uint8Array<ArrayBuffer>} */ (new Uint8Array(randomBytes(size)));

/** Lengths that matter: of nothing, around a block, around a step, and any. */
function anyLength() {
  const kinds = [
    () => 0,
    () => randomInt(1, 200),
    () => 64 * randomInt(1, 40) + randomInt(-9, 2),
    () => STEP * randomInt(1, 3) + randomInt(-65, 66),
    () => randomInt(1, 3 * STEP),
  ];
  return /** @type {() => number} */ (kinds[randomInt(kinds.length)])();
}

/**
 * A blob that breaks off at `at`.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {number} at
 */
function broken(bytes, at) {
  const blob = new Blob([bytes]);
  const stream = () => new Blob([bytes.subarray(0, at)]).stream();
  return /** @type {Blob} */ (
    new Proxy(blob, { get: (_, name) => (name === 'stream' ? stream : Reflect.get(blob, name, blob)) })
  );
}

/** A blob that gives nothing until it is stopped. */
function silent() {
  const stream = () => new ReadableStream({ type: 'bytes' });
  return /** @type {Blob} */ (/** @type {unknown} */ ({ size: 10 * STEP, stream }));
}

test('one lane alone agrees with another implementation at every length around a block', async () => {
  const lanes = await Lanes.open();
  for (let size = 0; size < 200; size += 1) {
    const bytes = sample(size);
    assert.equal(hex(await lanes.hash(new Blob([bytes]), never)), expected(bytes), `${size} bytes`);
  }
});

test('any lengths, beginning and ending whenever they do, some stopped and some broken off', async () => {
  const lanes = await Lanes.open();
  const outcomes = { hashed: 0, stopped: 0, broken: 0 };
  const worker = async () => {
    for (let turn = 0; turn < 30; turn += 1) {
      const bytes = sample(anyLength());
      const fate = randomInt(6);
      const stop = new AbortController();
      const note = `${bytes.length} bytes, fate ${fate}`;
      if (fate === 0 && bytes.length > 0) {
        const short = lanes.hash(broken(bytes, randomInt(bytes.length)), never);
        await assert.rejects(short, { name: 'ShortRead' }, note);
        outcomes.broken += 1;
      } else if (fate === 1) {
        const stopped = lanes.hash(silent(), stop.signal);
        setImmediate(() => stop.abort());
        await assert.rejects(stopped, { name: 'AbortError' }, note);
        outcomes.stopped += 1;
      } else {
        assert.equal(hex(await lanes.hash(new Blob([bytes]), never)), expected(bytes), note);
        outcomes.hashed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, worker));
  assert.ok(
    Object.values(outcomes).every((count) => count > 0),
    JSON.stringify(outcomes),
  );
});

test('no more than there are lanes, and a lane is free again when its blob is done, stopped or broken', async () => {
  const lanes = await Lanes.open();
  const stop = new AbortController();
  const held = Array.from({ length: LANES }, () => lanes.hash(silent(), stop.signal));
  await assert.rejects(lanes.hash(new Blob(), never), RangeError);
  stop.abort();
  for (const { status } of await Promise.allSettled(held)) assert.equal(status, 'rejected');
  assert.equal(hex(await lanes.hash(new Blob(), never)), expected(sample(0)));
  await assert.rejects(lanes.hash(new Blob(), stop.signal), { name: 'AbortError' });
});

test('lengths beyond 2^32 bits are counted', async () => {
  const lanes = await Lanes.open();
  const piece = sample(STEP);
  const control = createHash('md5');
  const pull = (/** @type {ReadableByteStreamController} */ controller) => controller.enqueue(piece.slice());
  const blob = { size: 520 * STEP, stream: () => new ReadableStream({ type: 'bytes', pull }) };
  for (let turn = 0; turn < 520; turn += 1) control.update(piece);
  assert.equal(hex(await lanes.hash(/** @type {any} */ (blob), never)), control.digest('hex'));
});

test('where a stream fills no buffer, the blob is read in slices', async () => {
  const lanes = await Lanes.open();
  const bytes = sample(2 * STEP + 5);
  const blob = new Blob([bytes]);
  const plain = { size: blob.size, slice: blob.slice.bind(blob), stream: () => new ReadableStream() };
  assert.equal(hex(await lanes.hash(/** @type {any} */ (plain), never)), expected(bytes));
  const short = { ...plain, slice: () => new Blob([bytes.subarray(0, 9)]) };
  await assert.rejects(lanes.hash(/** @type {any} */ (short), never), { name: 'ShortRead' });
});

test('a stream may give any number of bytes at a time', async () => {
  const lanes = await Lanes.open();
  const bytes = sample(STEP + 12_345);
  let at = 0;
  const pull = (/** @type {ReadableByteStreamController} */ controller) => {
    const until = at + randomInt(1, 70_000);
    controller.enqueue(bytes.slice(at, until));
    at = until;
    if (at >= bytes.length) controller.close();
  };
  const blob = { size: bytes.length, stream: () => new ReadableStream({ type: 'bytes', pull }) };
  assert.equal(hex(await lanes.hash(/** @type {any} */ (blob), never)), expected(bytes));
});

test('what broke a stream off is asked of the blob', async () => {
  const lanes = await Lanes.open();
  const stream = () =>
    new ReadableStream({
      type: 'bytes',
      pull: (controller) => controller.error(new TypeError('network error')),
    });
  const changed = async () => {
    throw new DOMException('changed', 'NotReadableError');
  };
  const blob = { size: 9, stream, slice: () => ({ arrayBuffer: changed }) };
  await assert.rejects(lanes.hash(/** @type {any} */ (blob), never), { name: 'NotReadableError' });
});

test('the module is a few kilobytes of valid code, and its constants are those of RFC 1321', () => {
  const code = md5Code(STEP);
  assert.ok(WebAssembly.validate(code) && code.length < 6_000, `${code.length}`);
  const table = constants();
  assert.deepEqual([table[0], table[1], table[63]], [0xd76aa478, 0xe8c7b756, 0xeb86d391]);
});
