import assert from 'node:assert/strict';
import { resolveObjectURL } from 'node:buffer';
import { afterEach, beforeEach, test } from 'node:test';
import { hire } from '../../static/client/digests/hiring.js';

const page = /** @type {any} */ (globalThis);
const WORKER = new URL('../../static/client/digests/worker.js', import.meta.url).href;

/** @type {{ address: string, type: string }[]} */
let hired = [];

beforeEach(() => {
  hired = [];
  page.Worker = class extends EventTarget {
    constructor(/** @type {string | URL} */ address, /** @type {{ type: string }} */ { type }) {
      super();
      hired.push({ address: String(address), type });
    }
  };
});

afterEach(() => {
  delete page.Worker;
  delete page.origin;
});

test('a worker of the page’s own origin is its file', () => {
  page.origin = new URL(WORKER).origin;
  hire();
  assert.deepEqual(hired, [{ address: WORKER, type: 'module' }]);
});

test('one of another origin is a line that imports it, which is forgotten where it does not come', async () => {
  page.origin = 'https://page.example';
  const worker = hire();
  const [{ address, type }] = /** @type {[typeof hired[0]]} */ (hired);
  assert.equal(type, 'module');
  const line = await resolveObjectURL(address)?.text();
  assert.equal(line, `import "${WORKER}"; URL.revokeObjectURL(import.meta.url);`);
  worker.dispatchEvent(new Event('error'));
  assert.equal(resolveObjectURL(address), undefined);
});

test('where a worker is refused at once its line is forgotten too', () => {
  page.origin = 'https://page.example';
  let address = '';
  page.Worker = function refuse(/** @type {string} */ asked) {
    address = asked;
    throw new TypeError('This document requires TrustedScriptURL assignment.');
  };
  assert.throws(hire, TypeError);
  assert.match(address, /^blob:/);
  assert.equal(resolveObjectURL(address), undefined);
});
