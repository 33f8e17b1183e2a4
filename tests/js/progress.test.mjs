import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meter } from '../../static/client/progress.js';

test('bytes in flight count before their part is finished', () => {
  const meter = new Meter({ size: 100, partCount: 2 });
  meter.sent(1, 20);
  meter.sent(2, 10);
  assert.deepEqual([meter.read().bytesSent, meter.read().fraction, meter.read().partsDone], [30, 0.3, 0]);
  meter.arrived(1, 50);
  assert.deepEqual([meter.read().bytesSent, meter.read().partsDone], [60, 1]);
});

test('a part that failed gives its bytes back', () => {
  const meter = new Meter({ size: 100, partCount: 2 });
  meter.sent(1, 40);
  meter.dropped(1);
  assert.equal(meter.read().bytesSent, 0);
});

test('all bytes sent is not finished: only parts at the store make it whole', () => {
  const meter = new Meter({ size: 100, partCount: 1 });
  meter.sent(1, 100);
  assert.ok(meter.read().fraction < 1);
  meter.arrived(1, 100);
  assert.equal(meter.read().fraction, 1);
});

test('an empty file is whole when its one empty part is', () => {
  const meter = new Meter({ size: 0, partCount: 1 });
  assert.equal(meter.read().fraction, 0);
  meter.arrived(1, 0);
  assert.equal(meter.read().fraction, 1);
});

test('the speed is known after a second and follows a change within seconds', () => {
  const meter = new Meter({ size: 1_000_000, partCount: 1 });
  let sent = 0;
  let now = 0;
  const run = (/** @type {number} */ seconds, /** @type {number} */ rate) => {
    for (let tick = 0; tick < seconds * 4; tick += 1) {
      now += 250;
      sent += rate / 4;
      meter.sent(1, sent);
      meter.tick(now);
    }
    return meter.read();
  };
  meter.tick(0);
  assert.equal(run(0.75, 1000).bytesPerSecond, null);
  const steady = run(5, 1000);
  assert.ok(Math.abs((steady.bytesPerSecond ?? 0) - 1000) < 1, `${steady.bytesPerSecond}`);
  assert.ok(Math.abs((steady.secondsLeft ?? 0) - (1_000_000 - sent) / 1000) < 2);
  const faster = run(10, 3000).bytesPerSecond ?? 0;
  assert.ok(faster > 2500 && faster < 3000, `${faster}`);
});

test('what was found at the store moves the bar and not the speed', () => {
  const meter = new Meter({ size: 1000, partCount: 2 });
  meter.tick(0);
  meter.stored(1, 500);
  for (let now = 250; now <= 2000; now += 250) meter.tick(now);
  assert.deepEqual(
    [meter.read().bytesSent, meter.read().bytesPerSecond, meter.read().secondsLeft],
    [500, 0, null],
  );
});

test('at rest there is no speed', () => {
  const meter = new Meter({ size: 1000, partCount: 2 });
  for (let now = 0; now <= 2000; now += 250) {
    meter.sent(1, now / 10);
    meter.tick(now);
  }
  assert.notEqual(meter.read().bytesPerSecond, null);
  meter.rest();
  assert.deepEqual([meter.read().bytesPerSecond, meter.read().bytesSent], [null, 0]);
});
