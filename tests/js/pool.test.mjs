import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { test } from 'node:test';
import { Pool } from '../../static/client/pool.js';

/** @import { Release } from '../../static/client/pool.js' */

/**
 * @param {Pool} pool
 * @param {{ name: string, waits: number }[]} owners
 */
function queue(pool, owners) {
  /** @type {{ name: string, release: Release }[]} */
  const granted = [];
  const signal = new AbortController().signal;
  setMaxListeners(0, signal);
  for (const owner of owners) {
    for (let index = 0; index < owner.waits; index += 1) {
      pool.acquire(owner, signal).then((release) => granted.push({ name: owner.name, release }));
    }
  }
  return granted;
}

/** @param {{ name: string }[]} granted */
const names = (granted) => granted.map(({ name }) => name).join('');
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a small file does not wait behind a large one', async () => {
  const granted = queue(new Pool(3), [
    { name: 'L', waits: 50 },
    { name: 's', waits: 2 },
  ]);
  await turn();
  assert.equal(names(granted), 'LLL', 'who comes first takes what is free');
  for (const { release } of [...granted]) {
    release();
    await turn();
  }
  assert.equal(names(granted), 'LLLsLL', 'a tie goes to who has waited longest');
});

test('places are shared evenly between files that want all of them', async () => {
  const granted = queue(new Pool(6), [
    { name: 'a', waits: 100 },
    { name: 'b', waits: 100 },
    { name: 'c', waits: 100 },
  ]);
  for (let round = 0; round < 90; round += 1) {
    await turn();
    granted[round]?.release();
  }
  const late = names(granted).slice(30, 90);
  for (const name of 'abc') assert.equal(late.split(name).length - 1, late.length / 3, name);
});

test('never more places than there are, however often one is given back', async () => {
  const granted = queue(new Pool(2), [{ name: 'a', waits: 9 }]);
  await turn();
  granted[0]?.release();
  granted[0]?.release();
  await turn();
  assert.equal(granted.length, 3);
});

test('who stops waiting leaves the queue', async () => {
  const pool = new Pool(1);
  const stop = new AbortController();
  const release = await pool.acquire({}, stop.signal);
  const waiting = pool.acquire({}, stop.signal);
  stop.abort();
  await assert.rejects(waiting);
  const [third] = [queue(pool, [{ name: 'c', waits: 1 }])];
  release();
  await turn();
  assert.equal(names(third), 'c');
});
