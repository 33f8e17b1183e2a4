import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wishes } from '../../static/client/wishes.js';

const never = new AbortController().signal;

test('a part that left those to come, because it waits for its place, is hashed in its turn', async () => {
  /** @type {{ number: number, done: () => void }[]} */
  const asked = [];
  const of = (/** @type {number} */ number) =>
    new Promise((resolve) => asked.push({ number, done: () => resolve({ md5: `${number}` }) }));
  const digests = /** @type {any} */ ({ of });
  const wishes = new Wishes({ digests, source: { body: () => new Blob() }, signedSize: () => undefined });
  const settle = () => new Promise(setImmediate);
  let signal = never;
  wishes.ahead([1, 2, 3, 4, 5, 6, 7, 8], never, () =>
    wishes.ahead(signal === never ? [6, 7, 8] : [], signal, () => {}),
  );
  asked[0]?.done();
  await settle();
  assert.deepEqual(
    asked.map(({ number }) => number),
    [1, 2, 3, 4, 5],
  );
  ({ signal } = new AbortController());
  wishes.ahead([], signal, () => {});
  for (const { done } of asked) done();
  await settle();
  assert.equal(asked.length, 5, 'what another run wanted is forgotten');
});

test('what a part was bound to stays so, also where its file is found to be another one', async () => {
  let bytes = 'before';
  const digests = { of: async () => ({ md5: bytes }) };
  const wishes = new Wishes({ digests, source: { body: () => new Blob() }, signedSize: () => undefined });
  await wishes.of(1, never);
  await wishes.check(1, never);
  bytes = 'after';
  for (let tries = 0; tries < 2; tries += 1)
    await assert.rejects(wishes.check(1, never), { code: 'file_changed' });
  assert.deepEqual(wishes.digest(1), { md5: 'before' });
});
