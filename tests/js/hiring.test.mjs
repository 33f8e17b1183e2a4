import assert from 'node:assert/strict';
import { resolveObjectURL } from 'node:buffer';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Crew } from '../../static/client/digests/crew.js';
import { VirtualSurroundings } from './surroundings.mjs';

const { build } = createRequire(new URL('../../static/package.json', import.meta.url))('esbuild');
const page = /** @type {any} */ (globalThis);
const HIRING = fileURLToPath(new URL('../../static/client/digests/hiring.js', import.meta.url));
const OWN = 'https://page.example';
const WORKER = 'https://coordinator.example/client/digests/worker.js';

/**
 * The module's `hire`, as a bundle of one has it.
 *
 * @param {string} address  where the module believes that it came from
 * @returns {Promise<() => Worker>}
 */
async function hireAt(address) {
  const { outputFiles } = await build({
    entryPoints: [HIRING],
    bundle: true,
    format: 'iife',
    globalName: 'bundled',
    define: address ? { 'import.meta.url': JSON.stringify(address) } : {},
    write: false,
    logLevel: 'error',
  });
  return new Function(`${outputFiles[0]?.text}; return bundled;`)().hire;
}

/** @type {{ address: string, type: string }[]} */
let hired = [];

beforeEach(() => {
  hired = [];
  page.origin = OWN;
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

for (const [what, folder] of [
  ['of the page’s own origin', `${OWN}/client/digests/`],
  // its bundler puts the worker's own address into the expression
  ['of a webpack', 'file:///home/somebody/client/digests/'],
]) {
  test(`a worker ${what} is its file`, async () => {
    (await hireAt(`${folder}hiring.js`))();
    assert.deepEqual(hired, [{ address: `${folder}worker.js`, type: 'module' }]);
  });
}

test('one of another origin is a line that imports it, which is forgotten where it does not come', async () => {
  const worker = (await hireAt(new URL('hiring.js', WORKER).href))();
  const [{ address, type }] = /** @type {[typeof hired[0]]} */ (hired);
  assert.equal(type, 'module');
  const line = await resolveObjectURL(address)?.text();
  assert.equal(line, `import "${WORKER}"; URL.revokeObjectURL(import.meta.url);`);
  worker.dispatchEvent(new Event('error'));
  assert.equal(resolveObjectURL(address), undefined);
});

test('where a worker is refused at once its line is forgotten too', async () => {
  const hire = await hireAt(new URL('hiring.js', WORKER).href);
  let address = '';
  page.Worker = function refuse(/** @type {string} */ asked) {
    address = asked;
    throw new TypeError('This document requires TrustedScriptURL assignment.');
  };
  assert.throws(hire, TypeError);
  assert.match(address, /^blob:/);
  assert.equal(resolveObjectURL(address), undefined);
});

/** @param {() => any} hiring */
function crewOf(hiring) {
  const time = new VirtualSurroundings();
  const { after, now } = time;
  const crew = new Crew({ hire: hiring, alone: async () => 'by the page', after, now });
  return { crew, time };
}

test('in a bundle that does not know where it came from the page hashes, at once', async () => {
  const { crew } = crewOf(await hireAt(''));
  assert.equal(await crew.hash('md5', new Blob(), new AbortController().signal), 'by the page');
  assert.deepEqual(hired, []);
});

test('where another script lies beside a bundle the page hashes, whatever that one says', async () => {
  /** @type {any} */
  const hand = { postMessage() {}, terminate() {} };
  const { crew, time } = crewOf(() => hand);
  const hashing = crew.hash('md5', new Blob(), new AbortController().signal);
  for (const data of ['hello', null, 7, { type: 'hello' }, { id: 'theirs' }]) hand.onmessage({ data });
  time.advance(30_000);
  assert.equal(await hashing, 'by the page');
});

test('only MD5 is made ready ahead of need', () => {
  for (const [likely, orders] of /** @type {['md5' | 'sha256', any[]][]} */ ([
    ['md5', [{ ready: 'md5' }]],
    ['sha256', []],
  ])) {
    /** @type {any[]} */
    const told = [];
    crewOf(() => ({ postMessage: (/** @type {any} */ order) => told.push(order), terminate() {} })).crew.warm(
      likely,
    );
    assert.deepEqual(told, orders);
  }
});
