import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { browserSurroundings } from '../../static/client/surroundings.js';

const MOST_TURNS = 1_000;

/**
 * What a browser does when something was loaded.
 *
 * @param {string} url
 * @param {string} protocol
 */
function loaded(url, protocol) {
  const timing = { finalConnectionTimingInfo: { ALPNNegotiatedProtocol: protocol } };
  const { markResourceTiming } = /** @type {any} */ (performance);
  markResourceTiming(timing, url, 'xmlhttprequest', globalThis, '', {}, 200, '');
}

/**
 * @param {string} url
 * @param {string} protocol
 */
async function seen(url, protocol) {
  for (let turn = 0; turn < MOST_TURNS && browserSurroundings.protocol(url) !== protocol; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(browserSurroundings.protocol(url), protocol);
}

test('the protocol of a store is seen by its host, also where the page has loaded more than its list holds', async (t) => {
  performance.setResourceTimingBufferSize(1);
  t.after(() => {
    performance.setResourceTimingBufferSize(250);
    performance.clearResourceTimings();
  });
  loaded('https://early.test/1?signature=1', 'h3');
  await seen('https://early.test/2?signature=2', 'h3');
  for (let part = 1; part <= 3; part += 1) loaded(`https://store.test/${part}`, 'h2');
  await seen('https://store.test/4', 'h2');
  assert.equal(performance.getEntriesByName('https://store.test/3').length, 0, 'the list is full');
  assert.equal(browserSurroundings.protocol('https://other.test/'), '');
});
