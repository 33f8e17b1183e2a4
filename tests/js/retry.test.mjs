import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoordinatorError, TransferError } from '../../static/client/errors.js';
import { stepAfterPart } from '../../static/client/recovery.js';
import { backoff, parseRetryAfter, stepAfterCall } from '../../static/client/retry.js';

for (const [status, step] of /** @type {const} */ ([
  [403, 'sign'],
  [404, 'ask'],
  [412, 'stored'],
  [0, 'reach'],
  [408, 'wait'],
  [425, 'wait'],
  [429, 'wait'],
  [500, 'wait'],
  [502, 'wait'],
  [503, 'wait'],
  [504, 'wait'],
  [400, 'few'],
  [405, 'few'],
  [411, 'few'],
  [301, 'few'],
])) {
  test(`a part answered ${status}: ${step}`, () => {
    assert.equal(stepAfterPart(new TransferError('status', status)), step);
  });
}

test('a part without an answer', () => {
  assert.equal(stepAfterPart(new TransferError('network', 0)), 'reach');
  assert.equal(stepAfterPart(new TransferError('stalled', 0)), 'wait');
});

for (const [status, code, step] of /** @type {const} */ ([
  [0, 'unreachable', 'wait'],
  [401, 'unauthenticated', 'stop'],
  [401, 'token_expired', 'stop'],
  [403, 'forbidden', 'stop'],
  [404, 'not_found', 'stop'],
  [409, 'idempotency_in_progress', 'wait'],
  [409, 'upload_not_open', 'stop'],
  [410, 'upload_gone', 'stop'],
  [422, 'validation_failed', 'stop'],
  [429, 'http_429', 'wait'],
  [500, 'internal', 'wait'],
  [502, 'http_502', 'wait'],
  [502, 'storage_misconfigured', 'stop'],
  [503, 'storage_unavailable', 'wait'],
])) {
  test(`a call answered ${status} ${code}: ${step}`, () => {
    assert.equal(stepAfterCall(new CoordinatorError(status, { code })), step);
  });
}

test('what the source of the token throws passes, as its network does', () => {
  assert.equal(stepAfterCall(new TypeError('Failed to fetch')), 'wait');
});

test('waits double up to half a minute, with full jitter', () => {
  const ceilings = [1, 2, 3, 7, 8, 1000].map((failures) => backoff(failures, () => 1));
  assert.deepEqual(ceilings, [500, 1000, 2000, 30_000, 30_000, 30_000]);
  assert.equal(
    backoff(5, () => 0),
    0,
  );
  assert.equal(
    backoff(1, () => 0.5),
    250,
  );
});

test('Retry-After is the least that is waited, within reason', () => {
  assert.equal(
    backoff(1, () => 0, 7000),
    7000,
  );
  assert.equal(
    backoff(1, () => 0, 86_400_000),
    300_000,
  );
});

test('Retry-After in seconds, as a date, and as nonsense', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('3', now), 3000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000);
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
  assert.equal(parseRetryAfter('soon', now), null);
  assert.equal(parseRetryAfter(null, now), null);
});
