/** Ten thousand files cost the page a few hundred steps at a time, and each no more than it must. */

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers';
import { test } from 'node:test';

import { CoordinatorError, UploadError, unreachable } from '../../static/client/errors.js';
import { admit } from '../../static/client/limits.js';
import { inSlices } from '../../static/client/widget/slices.js';
import { soon } from '../../static/client/widget/soon.js';
import { cancelAll, pauseAll, resumeAll } from '../../static/client/widget/together.js';
import { Words } from '../../static/client/widget/words.js';

/** @param {number} count @returns {any[]} */
const files = (count) => Array.from({ length: count }, () => ({ file: { name: 'a', size: 1, type: '' } }));
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('without a limit on their number no file is compared with the others', () => {
  const others = new Proxy(/** @type {any[]} */ ([]), {
    get: () => assert.fail('the others were looked at'),
  });
  for (const task of files(3)) admit(task, others, { maxSize: 10 });
});

test('with a limit each file looks at no more than fill it', () => {
  let looked = 0;
  const all = files(2000);
  for (const task of all)
    Object.defineProperty(task, 'state', {
      get: () => {
        looked += 1;
        return 'waiting';
      },
    });
  const taken = all.filter((task) => {
    try {
      admit(task, all, { maxFiles: 5 });
      return true;
    } catch {
      return false;
    }
  });
  assert.deepEqual(taken, all.slice(0, 5));
  assert.ok(looked <= 5 * all.length, `${looked} looks`);
});

test('many are taken some at a time, the first at once, and the page has its turn in between', async () => {
  /** @type {number[]} */
  const taken = [];
  let most = 0;
  let inThisTurn = 0;
  const done = inSlices(
    Array.from({ length: 1001 }, (_, index) => index),
    (some) => {
      if (inThisTurn === 0) setTimeout(() => (inThisTurn = 0));
      inThisTurn += some.length;
      most = Math.max(most, inThisTurn);
      taken.push(...some);
    },
  );
  assert.equal(taken.length, 200);
  await done;
  assert.equal(most, 200);
  assert.deepEqual(
    taken,
    Array.from({ length: 1001 }, (_, index) => index),
  );
});

test('what is asked for a thousand times in a moment is drawn once, and not after the end', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let drawn = 0;
  const end = new AbortController();
  const draw = soon(() => (drawn += 1), end.signal);
  for (let index = 0; index < 1000; index += 1) draw();
  assert.equal(drawn, 0);
  context.mock.timers.tick(100);
  assert.equal(drawn, 1);
  draw();
  context.mock.timers.tick(100);
  assert.equal(drawn, 2, 'and again for what comes later');
  draw();
  end.abort();
  context.mock.timers.tick(100);
  assert.equal(drawn, 2);
});

/** Tasks whose cancels wait for `answer()`, where the coordinator knows of them. */
class Crowd {
  /** @type {(() => void)[]} */
  waiting = [];
  most = 0;
  /** @type {any[]} */
  tasks = [];
  /** @type {any[]} in the order in which they were told to stop */
  stopped = [];

  /** @param {string} state @param {object | null} upload */
  add(state, upload) {
    /** @type {any} */
    const task = { state, upload };
    task.pause = () => {
      if (task.state !== 'uploading' && task.state !== 'waiting') return;
      task.state = 'paused';
      this.stopped.push(task);
    };
    task.cancel = async () => {
      task.state = 'cancelling';
      if (upload) {
        await new Promise((resolve) => {
          this.most = Math.max(
            this.most,
            this.waiting.push(() => resolve(null)),
          );
        });
      }
      task.state = 'cancelled';
    };
    this.tasks.push(task);
  }

  answer() {
    this.waiting.shift()?.();
  }
}

test('cancelling all asks the coordinator a few times at once, and not at all for what it never knew', async () => {
  const crowd = new Crowd();
  for (let index = 0; index < 30; index += 1) crowd.add('uploading', { id: String(index) });
  for (let index = 0; index < 500; index += 1) crowd.add('waiting', null);
  const done = cancelAll(crowd.tasks);
  while (crowd.waiting.length === 0) await turn();
  const states = crowd.tasks.map(({ state }) => state);
  assert.deepEqual(states.slice(30), Array(500).fill('cancelled'));
  assert.deepEqual(states.slice(0, 6), Array(6).fill('cancelling'));
  assert.deepEqual(states.slice(6, 30), Array(24).fill('paused'), 'they send nothing while they wait');
  while (crowd.tasks.some(({ state }) => state !== 'cancelled')) {
    crowd.answer();
    await turn();
  }
  await done;
  assert.equal(crowd.most, 6);
});

test('pausing all stops those that wait before those that would give them their places', async () => {
  const crowd = new Crowd();
  crowd.add('uploading', { id: 'a' });
  crowd.add('waiting', null);
  crowd.add('waiting', null);
  await pauseAll(crowd.tasks);
  const [sending, ...others] = crowd.tasks;
  assert.deepEqual(crowd.stopped, [...others, sending]);
});

test('resuming all also tries again what an outage stopped, and not what cannot succeed', async () => {
  const errors = [
    null,
    unreachable(),
    new UploadError('file_changed'),
    new CoordinatorError(403, { code: 'forbidden' }),
  ];
  /** @type {any[]} */
  const resumed = [];
  const tasks = errors.map((error) => {
    /** @type {any} */
    const task = { state: error ? 'failed' : 'paused', error, resume: () => resumed.push(error) };
    return task;
  });
  await resumeAll(tasks);
  assert.deepEqual(resumed, errors.slice(0, 2));
});

test('a formatter is made once for each thing that is said', (context) => {
  let made = 0;
  for (const name of /** @type {const} */ ([
    'NumberFormat',
    'RelativeTimeFormat',
    'DateTimeFormat',
    'ListFormat',
  ])) {
    const Original = /** @type {any} */ (Intl[name]);
    context.mock.method(Intl, name, function (/** @type {any[]} */ ...given) {
      made += 1;
      return new Original(...given);
    });
  }
  const words = new Words('en', {});
  const say = () => {
    words.percent(0.5);
    words.size(1500);
    words.timeLeft(5400);
    words.date('2026-01-01T10:00:00Z');
    words.expiry('2026-01-01T10:00:00Z', Date.parse('2026-01-01T07:00:00Z'));
  };
  say();
  const once = made;
  for (let index = 0; index < 100; index += 1) say();
  assert.equal(made, once);
});
