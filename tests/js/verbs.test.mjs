/**
 * Whatever verbs come at whatever step, from outside and from listeners, while calls and parts fail, the network goes and
 * two tabs share their files: no place is lost, no task takes two, nothing is mixed, every task comes to its end.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferError } from '../../static/client/errors.js';
import { Uploader, UploadTask } from '../../static/client/index.js';
import { Pool } from '../../static/client/pool.js';
import { FakeLocks } from './locks.mjs';
import { LONG_AGO, scene, storedText } from './scene.mjs';

/** @import { UploadState } from '../../static/client/index.js' */

const LOTS = 40;
const STEPS = 100;
const VERBS = /** @type {const} */ ([
  'pause',
  'pause',
  'resume',
  'resume',
  'resume',
  'both',
  'cancel',
  'remove',
]);
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const FAULTS = [0, 403, 500, 503].map((status) => ({ status, body: { code: 'by_lot' } }));
const PART_FAULTS = [0, 400, 403, 404, 500, 503].map(
  (status) => new TransferError(status ? 'status' : 'network', status),
);

const FINAL = new Set(['completed', 'cancelled']);
/** Codes of failures that no further try mends. */
const OVER = new Set(['already_here', 'ended', 'upload_gone', 'upload_not_open', 'stream_broken']);

/** As docs/browser.md has it. @type {Record<UploadState, UploadState[]>} */
const LEADS_TO = {
  waiting: ['preparing', 'paused', 'failed', 'cancelling'],
  preparing: ['preparing', 'uploading', 'finishing', 'completed', 'paused', 'failed', 'cancelling'],
  uploading: ['uploading', 'finishing', 'preparing', 'completed', 'paused', 'failed', 'cancelling'],
  finishing: ['finishing', 'completed', 'uploading', 'preparing', 'failed'],
  completed: [],
  paused: ['waiting', 'cancelling'],
  failed: ['waiting', 'cancelling'],
  cancelling: ['cancelled', 'failed'],
  cancelled: [],
};

/** @param {number} seed  the same numbers for the same seed (a linear congruential generator) */
function lots(seed) {
  let state = seed * 2_654_435_761 + 1;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  /** @template T @param {readonly T[]} from */
  const pick = (from) => /** @type {T} */ (from[Math.floor(random() * from.length)]);
  return { random, pick };
}

/** @param {import('node:test').TestContext} t  watches the places for files, of which there are two of a kind */
function placesOf(t) {
  /** @type {Set<object>} */
  const held = new Set();
  /** @type {object[]} who took two */
  const greedy = [];
  const { acquire } = Pool.prototype;
  t.mock.method(
    Pool.prototype,
    'acquire',
    /** @this {Pool} @param {object} owner @param {AbortSignal} signal */
    async function (owner, signal) {
      if (!(owner instanceof UploadTask)) return acquire.call(this, owner, signal);
      this.resize(2);
      const release = await acquire.call(this, owner, signal);
      if (held.has(owner)) greedy.push(owner);
      held.add(owner);
      return () => (held.delete(owner), release());
    },
  );
  return { held, greedy };
}

/** @param {number} seed  two tabs of a browser, in bad times */
function world(seed) {
  const { random, pick } = lots(seed);
  const { time, server } = scene();
  let faulty = true;
  const calm = () => {
    faulty = false;
    time.goOnline();
  };
  Object.assign(time, { random, locks: random() < 0.7 ? new FakeLocks() : undefined });
  const pass = (/** @type {number} */ ms) =>
    new Promise((resolve) => time.after(random() * ms, () => resolve(undefined)));
  server.fault = async () => {
    if (random() < 0.5) await pass(3_000);
    return /** @type {any} */ (faulty && random() < 0.1 ? pick(FAULTS) : undefined);
  };
  server.partFault = async () => {
    await pass(5_000);
    if (faulty && random() < 0.2) throw pick(PART_FAULTS);
    return undefined;
  };
  const { fetch, transport } = server;
  const endpoint = 'https://coordinator.test/';
  const tabs = [1, 2].map(
    (concurrency) => new Uploader({ endpoint, fetch, transport, surroundings: time, concurrency }),
  );
  return { random, pick, time, server, tabs, calm };
}

/** @param {ReturnType<typeof world>} world  files and streams, some of them twice, whose listeners call verbs too */
function crowd({ random, pick, tabs }) {
  /** @type {Map<UploadTask, { tab: Uploader, words: string, removed: boolean }>} */
  const tasks = new Map();
  /** @type {string[]} steps that no state leads to */
  const wrong = [];

  const say = (/** @type {UploadTask} */ task) => {
    const verb = pick(VERBS);
    const facts = tasks.get(task);
    if (!facts || (['cancel', 'remove'].includes(verb) && random() < 0.7)) return;
    if (verb === 'remove') {
      facts.removed = true;
      facts.tab.remove(task);
    } else if (verb === 'both') {
      task.pause();
      task.resume();
    } else task[verb]();
  };

  const add = (/** @type {string} */ words) => {
    const tab = pick(tabs);
    const file = new File([words], pick(['a', 'b']), { lastModified: LONG_AGO });
    const task = random() < 0.25 ? tab.addStream(file.stream(), { name: 'c' }) : tab.add(file);
    tasks.set(task, { tab, words, removed: false });
    let last = task.state;
    task.addEventListener('state', ({ detail }) => {
      if (!LEADS_TO[last].includes(detail)) wrong.push(`${last} to ${detail}`);
      last = detail;
      if (random() < 0.05) say(task);
    });
    for (const type of /** @type {const} */ (['progress', 'elsewhere', 'error']))
      task.addEventListener(type, () => {
        if (random() < 0.02) say(task);
      });
  };

  for (let count = 0; count < 10; count += 1) add(`${ALPHABET.slice(3 * (count % 8))}${count % 8}`);
  return { tasks, wrong, say };
}

for (let seed = 0; seed < LOTS; seed += 1)
  test(`verbs at any step, lot ${seed}`, async (t) => {
    const { held, greedy } = placesOf(t);
    const found = world(seed);
    const { random, pick, time, server, calm } = found;
    const { tasks, wrong, say } = crowd(found);
    for (let step = 0; step < STEPS; step += 1) {
      const kind = random();
      if (kind < 0.4) for (let count = random() * 30; count > 0; count -= 1) await null;
      else await time.settle();
      if (kind > 0.6) time.advance(random() * 3_000);
      if (kind > 0.95) time.isOnline = !time.isOnline;
      if (random() < 0.5) say(pick([...tasks.keys()]));
    }
    calm();
    const isOpen = (/** @type {UploadTask} */ task) => {
      const stands = task.state === 'paused' || task.state === 'failed';
      const over = tasks.get(task)?.removed || OVER.has(/** @type {any} */ (task.error)?.code);
      if (stands && !over) task.resume();
      return !FINAL.has(task.state) && !(stands && over);
    };
    await time.until(() => ![...tasks.keys()].some(isOpen), 'the end of all');
    await time.until(() => held.size === 0, 'all places are free');
    assert.deepEqual([greedy, wrong], [[], []]);
    for (const [task, { words }] of tasks)
      if (task.state === 'completed') {
        assert.equal(storedText(server, task.upload?.id), words);
        assert.equal((await task.done).id, task.upload?.id);
      }
  });
