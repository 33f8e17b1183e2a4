import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reporter } from '../../static/client/report.js';
import { VirtualSurroundings } from './surroundings.mjs';

/** @import { PartClaim } from '../../static/client/types.js' */

function scene() {
  const time = new VirtualSurroundings();
  /** @type {number[][]} */
  const batches = [];
  /** @type {(claims: PartClaim[]) => Promise<void>} */
  let send = async () => {};
  const reporter = new Reporter(async (claims) => {
    batches.push(claims.map((claim) => claim.part_number));
    await send(claims);
  }, time);
  const add = (/** @type {number} */ from, /** @type {number} */ to) => {
    for (let part_number = from; part_number <= to; part_number += 1) reporter.add({ part_number, size: 1 });
  };
  const answer = (/** @type {typeof send} */ how) => {
    send = how;
  };
  return { time, batches, reporter, add, answer };
}

test('claims of one second make one call', async () => {
  const { time, batches, add } = scene();
  add(1, 3);
  time.advance(999);
  add(4, 5);
  assert.deepEqual(batches, []);
  time.advance(1);
  assert.deepEqual(batches, [[1, 2, 3, 4, 5]]);
});

test('a hundred claims do not wait for the second to end', async () => {
  const { batches, add } = scene();
  add(1, 100);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [100],
  );
});

test('flush sends everything, in batches, and waits for the answers', async () => {
  const { batches, reporter, add } = scene();
  add(1, 250);
  await reporter.flush();
  assert.deepEqual(batches.flat().length, 250);
  assert.ok(batches.every((batch) => batch.length <= 100));
});

test('a batch that failed in the background is sent again, and flush meets the error', async () => {
  const { time, batches, reporter, add, answer } = scene();
  answer(async () => {
    throw new Error('refused');
  });
  add(1, 2);
  time.advance(1000);
  await time.settle();
  await assert.rejects(reporter.flush(), /refused/);
  answer(async () => {});
  await reporter.flush();
  assert.deepEqual(batches, [
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
});

test('nothing is sent after drop', async () => {
  const { time, batches, reporter, add } = scene();
  add(1, 2);
  reporter.drop();
  time.advance(5000);
  await reporter.flush();
  assert.deepEqual(batches, []);
});
