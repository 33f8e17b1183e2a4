import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { Pace } from '../../static/client/pace.js';
import { Pool } from '../../static/client/pool.js';
import { VirtualSurroundings } from './surroundings.mjs';

const MB = 1_000_000;

/** @param {{ most?: number, protocol?: string }} [options] */
function scene({ most, protocol = '' } = {}) {
  const time = new VirtualSurroundings();
  time.alpn = protocol;
  const pool = new Pool(1);
  const pace = new Pace(pool, most, time);
  const signal = new AbortController().signal;
  for (let waiter = 0; waiter < 40; waiter += 1) pool.acquire({}, signal);
  /** @param {number} seconds @param {(places: number) => number} rate  bytes a second with so many places */
  const send = (seconds, rate) => {
    for (let step = 0; step < seconds * 20; step += 1) {
      time.advance(50);
      pace.moved(rate(pool.places) / 20);
    }
  };
  return { time, pool, pace, send };
}

test('it starts with what HTTP/1.1 has connections for, and stays there', () => {
  const { pool, send } = scene();
  assert.equal(pool.places, 6);
  send(2, (places) => places * 10 * MB);
  assert.equal(pool.places, 6);
});

test('over HTTP/2 it grows on, as long as it gains', () => {
  const { pool, pace, send } = scene({ protocol: 'h2' });
  pace.arrived('https://store.test/1');
  send(5, (places) => places * 10 * MB);
  assert.equal(pool.places, 16);
  const other = scene({ protocol: 'h3' });
  other.pace.arrived('https://store.test/1');
  other.send(5, (places) => Math.min(places, 6) * 10 * MB);
  assert.ok(other.pool.places < 12, `${other.pool.places}: a full line ends the growth`);
});

test('what costs throughput is taken back, and tried again only later', () => {
  const { pool, pace, send } = scene({ protocol: 'h2' });
  pace.arrived('https://store.test/1');
  /** @type {number[]} */
  const seen = [];
  const crowded = (/** @type {number} */ places) => {
    seen.push(places);
    return places > 6 ? 20 * MB : 40 * MB;
  };
  send(9, crowded);
  assert.equal(pool.places, 6);
  const tries = seen.filter((places, index) => places > (seen[index - 1] ?? places)).length;
  assert.equal(tries, 1);
});

test('503 and 429 halve it, other failures take one away; a burst of them counts once', () => {
  for (const [status, left] of /** @type {const} */ ([
    [503, 3],
    [429, 3],
    [500, 5],
    [0, 5],
  ])) {
    const { pool, pace, send } = scene();
    send(2, (places) => places * 10 * MB);
    assert.equal(pool.places, 6);
    for (let burst = 0; burst < 6; burst += 1) pace.failed(new TransferError('status', status));
    assert.equal(pool.places, left, `after ${status}`);
  }
});

test('it never falls below one, and grows again when the store has recovered', () => {
  const { time, pool, pace, send } = scene();
  for (let blow = 0; blow < 9; blow += 1) {
    pace.failed(new TransferError('status', 503));
    time.advance(1_000);
  }
  assert.equal(pool.places, 1);
  send(9, (places) => places * 10 * MB);
  assert.equal(pool.places, 1, 'not at once');
  send(6, (places) => places * 10 * MB);
  assert.ok(pool.places > 3, `${pool.places}`);
});

test("a caller's own limit holds, and the relay leaves connections for the coordinator's calls", () => {
  const limited = scene({ most: 2 });
  limited.send(5, (places) => places * 10 * MB);
  assert.equal(limited.pool.places, 2);
  const relayed = scene();
  relayed.send(2, (places) => places * 10 * MB);
  relayed.pace.leads('relay');
  relayed.send(20, (places) => places * 10 * MB);
  assert.equal(relayed.pool.places, 4);
});

test('a pause tells nothing about the connection', () => {
  const { time, pool, pace, send } = scene();
  send(2, (places) => places * 10 * MB);
  const patience = pace.patience();
  time.advance(60_000);
  pace.look();
  send(1, (places) => places * 10 * MB);
  assert.deepEqual([pool.places, pace.patience()], [6, patience]);
});

test('an answer that came too late before is waited for twice as long', () => {
  const { pace, send } = scene();
  send(3, () => 50 * MB);
  const { moving, answer } = pace.patience();
  assert.deepEqual(pace.patience(2), { moving, answer: 4 * answer });
});

test('how long a part may stand still follows from the measured speed', () => {
  const unknown = scene().pace.patience();
  assert.deepEqual(unknown, { moving: 30_000, answer: 120_000 });
  const fast = scene();
  fast.send(3, () => 50 * MB);
  assert.deepEqual(fast.pace.patience(), { moving: 15_000, answer: 60_000 });
  const slow = scene();
  slow.send(60, () => 80_000);
  const { moving, answer } = slow.pace.patience();
  assert.ok(moving > 60_000 && moving <= 120_000, `${moving}`);
  assert.ok(answer > moving + 240_000 && answer <= 600_000, `${answer}`);
});
