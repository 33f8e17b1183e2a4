import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';

/** @type {{ vectors: { size: number, fingerprint: string }[] }} */
const { vectors } = JSON.parse(await readFile(new URL('fingerprint_vectors.json', import.meta.url), 'utf8'));

/** @param {number} size */
function content(size) {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

for (const { size, fingerprint: expected } of vectors) {
  test(`the fingerprint of ${size} bytes`, async () => {
    assert.equal(await fingerprint(new Blob([content(size)])), expected);
  });
}

test('only the head, the middle and the tail of a large file are read', async () => {
  const size = 10_000_001;
  const bytes = content(size);
  const middle = Math.floor((size - 65_536) / 2);
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(size));
  const hash = createHash('sha256').update(head);
  for (const offset of [0, middle, size - 65_536]) hash.update(bytes.subarray(offset, offset + 65_536));
  const expected = hash.digest('hex');
  assert.equal(await fingerprint(new Blob([bytes])), expected);
  bytes[middle - 1] = (bytes[middle - 1] ?? 0) ^ 1;
  assert.equal(await fingerprint(new Blob([bytes])), expected, 'a byte outside the samples');
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  assert.notEqual(await fingerprint(new Blob([bytes])), expected, 'the first byte of the middle sample');
});

test('a file that cannot be read, or is shorter than it says, is refused', async () => {
  const file = new Blob(['x'.repeat(300_000)]);
  file.slice = () => new Blob(['x']);
  await assert.rejects(fingerprint(file), { code: 'file_unreadable' });
});
