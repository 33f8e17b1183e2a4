import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlySizes, SigningWindow, windowSize } from '../../static/client/window.js';
import { VirtualSurroundings } from './surroundings.mjs';

/** @import { SignedPart } from '../../static/client/types.js' */

const wanted = onlySizes(() => undefined);
const signal = new AbortController().signal;

/**
 * @param {number} count
 * @param {{ size?: number, ttl?: number }} [options]
 */
function scene(count, { size = 12, ttl = 900_000 } = {}) {
  const time = new VirtualSurroundings();
  const pending = Array.from({ length: count }, (_, index) => index + 1);
  /** @type {number[][]} */
  const asked = [];
  const window = new SigningWindow({
    sign: async (wishes) => {
      const numbers = wishes.map((wish) => wish.part_number);
      asked.push(numbers);
      return numbers.map((number) => signed(number, `${asked.length}`, time.now() + ttl));
    },
    source: { upcoming: (most) => pending.slice(0, most), sizeOf: () => 1 },
    wanted,
    size: () => size,
    now: time.now,
  });
  const take = async () => window.take(/** @type {number} */ (pending.shift()), signal);
  return { time, pending, asked, window, take };
}

/**
 * @param {number} part_number
 * @param {string} url
 * @param {number} expires
 * @returns {SignedPart}
 */
function signed(part_number, url, expires) {
  const expires_at = new Date(expires).toISOString();
  return { part_number, offset: 0, size: 1, method: 'PUT', url, headers: {}, expires_at };
}

test('the window is twice the concurrency, at most 32', () => {
  assert.deepEqual([1, 6, 16, 100].map(windowSize), [2, 12, 32, 32]);
});

test('never all are signed at the start, and every call is small', async () => {
  const { asked, take } = scene(10_000);
  await take();
  assert.deepEqual(asked.flat().length, 12);
  for (let count = 1; count < 500; count += 1) await take();
  assert.ok(asked.flat().length <= 500 + 12, `${asked.flat().length} signed for 500 taken`);
  assert.ok(Math.max(...asked.map((numbers) => numbers.length)) <= 12);
});

test('URLs are signed before they are needed: after the first, nobody waits', async () => {
  const { asked, window, pending, take } = scene(100);
  await take();
  for (let count = 0; count < 60; count += 1) {
    const before = asked.length;
    const number = /** @type {number} */ (pending.shift());
    const taken = window.take(number, signal);
    assert.ok(!asked.slice(before).flat().includes(number), `part ${number} was ready`);
    await taken;
  }
});

test('each part is signed once, also when many are taken at the same time', async () => {
  const { asked, pending, window } = scene(40);
  await Promise.all(pending.splice(0, 6).map((number) => window.take(number, signal)));
  while (pending.length > 0) await window.take(/** @type {number} */ (pending.shift()), signal);
  assert.equal(asked.flat().length, 40);
});

test('a URL within 30 seconds of its end is signed again', async () => {
  const { time, asked, take } = scene(10);
  await take();
  time.advance(870_000 - 1);
  assert.equal((await take()).url, '1');
  time.advance(1);
  assert.equal((await take()).url, '2');
  assert.equal(asked.length, 2);
});

test('a clock that is wrong by hours costs calls, never a loop', async () => {
  const { asked, take } = scene(5, { ttl: -7_200_000 });
  for (let count = 0; count < 5; count += 1) await take();
  assert.ok(asked.length <= 10);
});

test('a failed background call is made again by whoever needs the part', async () => {
  let calls = 0;
  const window = new SigningWindow({
    sign: async (wishes) => {
      calls += 1;
      if (calls === 1) throw new Error('not now');
      return wishes.map((wish) => signed(wish.part_number, 'later', Date.parse('2100-01-01')));
    },
    source: { upcoming: () => [2, 3], sizeOf: () => 1 },
    wanted,
    size: () => 4,
    now: () => Date.parse('2026-01-01'),
  });
  window.put([signed(1, 'first', Date.parse('2100-01-01'))]);
  assert.equal((await window.take(1, signal)).url, 'first');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await window.take(2, signal)).url, 'later');
});

test('a part that a stopped run still asks for is asked for again', async () => {
  /** @type {AbortSignal[]} */
  const asked = [];
  const window = new SigningWindow({
    sign: async (wishes, stop) => {
      asked.push(stop);
      if (asked.length === 1)
        await new Promise((_, reject) => {
          stop.addEventListener('abort', () => setImmediate(() => reject(stop.reason)));
        });
      return wishes.map((wish) => signed(wish.part_number, 'again', Date.now() + 900_000));
    },
    source: { upcoming: () => [2, 3], sizeOf: () => 1 },
    wanted,
    size: () => 12,
    now: Date.now,
  });
  const stop = new AbortController();
  const first = window.take(1, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('paused'));
  const second = window.take(2, signal);
  await assert.rejects(first, /paused/);
  assert.equal((await second).url, 'again');
});
