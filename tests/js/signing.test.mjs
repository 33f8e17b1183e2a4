import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileSource } from '../../static/client/file_source.js';
import { Pool } from '../../static/client/pool.js';
import { Meter } from '../../static/client/progress.js';
import { Sender } from '../../static/client/sender.js';
import { abortable } from '../../static/client/surroundings.js';
import { Wishes } from '../../static/client/wishes.js';
import { VirtualSurroundings } from './surroundings.mjs';

const PLACES = 6;
/** Milliseconds of a call for signatures, and of a part on its way. */
const CALL = 50;
const PART = 100;

/**
 * One upload of parts with digests, in time that is counted from its beginning.
 *
 * @param {number} partCount
 * @param {(number: number) => number} hashing  milliseconds
 * @param {number} [places]
 */
function sending(partCount, hashing, places = PLACES) {
  const time = new VirtualSurroundings();
  const begun = time.now();
  const after = (/** @type {number} */ ms) =>
    new Promise((resolve) => time.after(ms, () => resolve(undefined)));
  const plan = { size: partCount, partSize: 1, partCount };
  const source = new FileSource(new Blob(['x'.repeat(partCount)]), plan);
  /** @type {Map<number, number>} part number to when its digest was known */
  const hashed = new Map();
  /** @type {{ number: number, begun: number, ended: number }[]} */
  const sent = [];
  /** @type {number[][]} */
  const signed = [];
  /** @type {number[]} whose digests were begun */
  const asked = [];
  const digests = {
    of: async (/** @type {number} */ number, /** @type {Blob} */ _blob, /** @type {AbortSignal} */ signal) => {
      asked.push(number);
      await abortable(after(hashing(number)), signal);
      hashed.set(number, time.now() - begun);
      return { md5: `digest of ${number}` };
    },
  };
  const sign = async (/** @type {string} */ _id, /** @type {any[]} */ wishes) => {
    await after(CALL);
    signed.push(wishes.map(({ part_number }) => part_number));
    const expires_at = new Date(time.now() + 900_000).toISOString();
    return wishes.map(({ part_number, md5 }) => {
      assert.equal(md5, `digest of ${part_number}`);
      return { part_number, size: 1, url: String(part_number), headers: {}, expires_at };
    });
  };
  const transport = async (/** @type {{ url: string }} */ { url }) => {
    const put = { number: Number(url), begun: time.now() - begun, ended: NaN };
    sent.push(put);
    await after(PART);
    put.ended = time.now() - begun;
    return { etag: url };
  };
  const sender = new Sender(
    /** @type {any} */ ({
      source,
      wanted: new Wishes({ digests, source, signedSize: () => undefined }),
      uploadId: 'upload',
      claims: false,
      meter: new Meter(plan),
      coordinator: { sign, now: time.now },
      pool: new Pool(places),
      pace: { relays: false, moved() {}, arrived() {}, patience: () => ({ moving: 0, answer: 0 }) },
      transport,
      surroundings: time,
      onTrouble() {},
    }),
  );
  let over = false;
  const stop = new AbortController();
  const end = sender.send(stop.signal).finally(() => (over = true));
  return { asked, hashed, sent, signed, sender, end, stop, time, isOver: () => over };
}

test('where hashing keeps up, a free place waits for no signature but in the first window', async () => {
  const { sent, signed, end, time, isOver } = sending(120, () => 10);
  await time.until(isOver);
  await end;
  assert.deepEqual(
    [...signed.flat()].sort((one, other) => one - other),
    sent.map((_, index) => index + 1),
  );
  const begun = sent.map((put) => put.begun).slice(PLACES);
  const free = sent.map((put) => put.ended).slice(0, -PLACES);
  assert.deepEqual(begun, free, 'each begins when one before it has ended');
});

test('in the first window a part waits for its own digest and no other', async () => {
  const { hashed, sent, end, time, isOver } = sending(20, (number) => (number === 1 ? 10 : 1000));
  await time.until(() => sent.length > 0);
  assert.deepEqual([...hashed], [[1, 10]]);
  assert.deepEqual([sent[0]?.number, sent[0]?.begun], [1, 10 + CALL]);
  await time.until(isOver);
  await end;
  assert.equal(sent.length, 20);
});

test('the second window is hashed once the digests of the first are known, not before and not later', async () => {
  const slow = sending(20, (number) => 10 * number);
  await slow.time.until(() => slow.hashed.size === PLACES - 1);
  assert.deepEqual(slow.asked, [1, 2, 3, 4, 5, 6]);
  const even = sending(20, () => 10);
  await even.time.until(() => even.hashed.size === PLACES);
  await even.time.settle();
  assert.deepEqual([even.asked, even.sent], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], []]);
  for (const { time, isOver, end, sent } of [slow, even]) {
    await time.until(isOver);
    await end;
    assert.equal(sent.length, 20);
  }
});

test('parts that leave before the first window is hashed do not keep the rest from being hashed ahead', async () => {
  const { asked, hashed, sent, end, time, isOver } = sending(20, (number) => 1000 + 500 * (number % 2), 2);
  await time.until(() => hashed.size === 2);
  await time.settle();
  assert.deepEqual([...hashed.keys()], [2, 1]);
  assert.deepEqual(asked, [1, 2, 3, 4, 5, 6], 'the third has its place, and three are ahead');
  await time.until(isOver);
  await end;
  assert.equal(sent.length, 20);
});

test('a first window that was stopped comes before the rest again', async () => {
  const { asked, hashed, sent, sender, end, stop, time } = sending(20, (number) => 10 * number);
  await time.settle();
  stop.abort(new Error('paused'));
  await assert.rejects(end, /paused/);
  asked.length = 0;
  let over = false;
  const again = sender.send(new AbortController().signal).finally(() => (over = true));
  await time.until(() => hashed.size === PLACES - 1);
  assert.deepEqual(asked, [1, 2, 3, 4, 5, 6]);
  await time.until(() => over);
  await again;
  assert.equal(sent.length, 20);
});
