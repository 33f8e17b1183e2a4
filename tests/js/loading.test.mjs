import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loading } from '../../static/client/loading.js';
import { VirtualSurroundings } from './surroundings.mjs';

/** @param {number} failures */
function scene(failures) {
  const time = new VirtualSurroundings();
  let asked = 0;
  const imported = async () => {
    asked += 1;
    if (asked <= failures) throw new TypeError('Failed to fetch dynamically imported module');
    return { asked };
  };
  return { time, load: loading(time), imported };
}

test('a module that cannot be had is asked for again', async () => {
  const { time, load, imported } = scene(10);
  const loaded = load(imported, new AbortController().signal);
  let came = false;
  loaded.then(() => (came = true));
  await time.until(() => came);
  assert.deepEqual(await loaded, { asked: 11 });
});

test('where somebody waits for the answer, it is said after a few tries', async () => {
  const { time, load, imported } = scene(10);
  const loaded = load(imported);
  let failed = false;
  loaded.catch(() => (failed = true));
  await time.until(() => failed);
  await assert.rejects(loaded, { name: 'CoordinatorError', code: 'unreachable' });
  assert.equal((await load(async () => ({ here: true }))).here, true, 'and nothing of it is remembered');
});

test('without a network it waits for one, until nobody wants the module any more', async () => {
  const { time, load, imported } = scene(Infinity);
  time.isOnline = false;
  const stop = new AbortController();
  const loaded = load(imported, stop.signal);
  loaded.catch(() => {});
  await time.settle();
  stop.abort(new Error('enough'));
  await assert.rejects(loaded, /enough/);
});

test('a module that neither comes nor fails keeps nobody who does not want it any more', async () => {
  const { time, load } = scene(0);
  const stop = new AbortController();
  const loaded = load(() => new Promise(() => {}), stop.signal);
  let over = false;
  loaded.catch(() => (over = true));
  stop.abort(new Error('enough'));
  await time.until(() => over);
  await assert.rejects(loaded, /enough/);
});
