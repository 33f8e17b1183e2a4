import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';
import { problem } from './replies.mjs';
import { LONG_AGO, scene, sentNumbers, storedText, text } from './scene.mjs';

/** @import { UploaderOptions } from '../../static/client/uploader.js' */

const CONTENT = await text(12).text();
const LATER = LONG_AGO + 60_000;

/**
 * @param {string} algorithm
 * @param {number} number  of a part of 4 bytes
 */
const digestOf = (algorithm, number, content = CONTENT) =>
  createHash(algorithm)
    .update(content.slice(4 * (number - 1), 4 * number))
    .digest('base64');

/**
 * A scene with an unfinished upload whose first parts are held, recorded with these digests.
 *
 * @param {({ md5?: string, sha256?: string } | null)[]} digests  by part
 * @param {UploaderOptions} [options]
 */
async function withRecorded(digests, options = {}) {
  const found = scene(options);
  const { server } = found;
  const left = server.leaveUnfinished(
    {
      filename: 'film.mov',
      size: 12,
      fingerprint: await fingerprint(text(12)),
      metadata: { last_modified: String(LONG_AGO) },
    },
    [],
  );
  const held = new Map(digests.map((digest, index) => [index + 1, digest]));
  server.fault = ({ method, path }) => {
    if (method !== 'GET' || !path.includes('/parts')) return undefined;
    const parts = [...held].map(([part_number, digest]) => ({ part_number, size: 4, etag: null, digest }));
    return { status: 200, body: { parts, next: null } };
  };
  const bytes = (/** @type {number} */ number) => CONTENT.slice(4 * (number - 1), 4 * number);
  for (const number of held.keys())
    server.store.get(left.id)?.set(number, { size: 4, etag: `"${number}"`, bytes: bytes(number) });
  return { ...found, left };
}

/** @param {any} upload */
const codeOf = (upload) => upload.error?.code;

test('held parts whose digests agree are not sent again', async () => {
  const { server, uploader, reach } = await withRecorded([
    { md5: digestOf('md5', 1) },
    { sha256: digestOf('sha256', 2), md5: 'of no interest' },
  ]);
  const upload = uploader.add(text(12));
  await reach(upload, 'completed');
  assert.deepEqual(sentNumbers(server), [3]);
  assert.equal(storedText(server), CONTENT);
});

test('one held part that is another ends the upload before it is completed', async () => {
  const { server, uploader, left, reach } = await withRecorded([
    { md5: digestOf('md5', 1) },
    { md5: digestOf('md5', 2, CONTENT.toUpperCase()) },
  ]);
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal(codeOf(upload), 'file_changed');
  assert.equal(left.state, 'open');
  assert.equal(server.callsTo('POST', '/[^/]+/complete').length, 0);
});

test('a file of another time goes on where all held parts prove to be its own', async () => {
  const { server, uploader, reach } = await withRecorded([
    { md5: digestOf('md5', 1) },
    { sha256: digestOf('sha256', 2) },
  ]);
  const upload = uploader.add(text(12, 'film.mov', LATER));
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-1');
  assert.deepEqual(sentNumbers(server), [3]);
});

test('nothing is proven where nothing is held: a file of another time gets an upload of its own', async () => {
  const { server, uploader, left, reach } = await withRecorded([]);
  const upload = uploader.add(text(12, 'film.mov', LATER));
  await reach(upload, 'completed');
  assert.equal(upload.upload?.id, 'upload-2');
  assert.equal(storedText(server, 'upload-2'), CONTENT);
  assert.ok(server.puts.every((put) => put.uploadId === 'upload-2'));
  assert.equal(left.state, 'open', 'another device may be sending it');
});

test('of a file chosen for an upload that holds nothing, the user decides', async () => {
  const { server, uploader, left, reach } = await withRecorded([]);
  const upload = uploader.add(text(12, 'film.mov', LATER), { expected: left });
  await reach(upload, 'failed');
  assert.equal(codeOf(upload), 'file_changed');
  assert.match(upload.error?.message ?? '', /“film\.mov” began/);
  assert.equal(upload.standing?.id, 'upload-1');
  upload.sendAnew();
  await reach(upload, 'completed');
  assert.deepEqual([left.state, upload.upload?.id], ['aborted', 'upload-2']);
  assert.deepEqual(sentNumbers(server), [1, 2, 3]);
});

for (const [what, digests] of /** @type {[string, any[]][]} */ ([
  ['differs', [{ md5: digestOf('md5', 1) }, { md5: digestOf('md5', 1) }]],
  ['was recorded without a digest', [{ md5: digestOf('md5', 1) }, null]],
])) {
  test(`a file of another time is refused, with nothing sent, where one held part ${what}`, async () => {
    const { server, uploader, left, reach } = await withRecorded(digests);
    const upload = uploader.add(text(12, 'film.mov', LATER));
    await reach(upload, 'failed');
    assert.equal(codeOf(upload), 'file_changed');
    assert.equal(upload.standing?.id, 'upload-1');
    assert.equal(server.puts.length, 0);
    await upload.cancel();
    assert.equal(left.state, 'open', 'it was not its own');
  });
}

test('cancelling while bytes are compared leaves the upload alone', async () => {
  const { uploader, left, server, time } = await withRecorded([{ md5: digestOf('md5', 1) }]);
  const listing = server.fault;
  /** @type {(value: undefined) => void} */
  let answer = () => {};
  server.fault = (call) => {
    const listed = listing(call);
    return listed && new Promise((resolve) => (answer = () => resolve(listed)));
  };
  const upload = uploader.add(text(12, 'film.mov', LATER));
  await time.until(() => server.callsTo('GET', '/[^/]+/parts.*').length > 0);
  const cancelled = upload.cancel();
  answer(undefined);
  await cancelled;
  assert.equal(upload.state, 'cancelled');
  assert.equal(left.state, 'open');
});

test('a policy that requires digests gets them, though the page did not ask for any', async () => {
  const { server, uploader, reach, left } = await withRecorded([]);
  left.part_digests = { rule: 'required', algorithms: ['sha256', 'md5'] };
  await reach(uploader.add(text(12)), 'completed');
  const wishes = server.callsTo('POST', '/[^/]+/parts/sign').flatMap((call) => call.body.parts);
  assert.deepEqual(
    wishes.sort((one, other) => one.part_number - other.part_number).map(({ sha256 }) => sha256),
    [1, 2, 3].map((number) => digestOf('sha256', number)),
  );
  const [claims] = server.callsTo('PUT', '/[^/]+/parts');
  assert.equal(claims?.body.parts[0].sha256, digestOf('sha256', 1));
});

for (const [digests, rule, algorithms, used] of /** @type {[any, any, any, string | null][]} */ ([
  ['on', 'optional', ['md5'], 'md5'],
  ['on', 'optional', ['sha256', 'md5'], 'sha256'],
  ['md5', 'optional', ['sha256', 'md5'], 'md5'],
  ['sha256', 'required', ['md5'], 'md5'],
  ['on', 'off', ['md5'], null],
  [null, 'optional', ['md5'], null],
])) {
  test(`digests ${digests} under a policy that says ${rule}, at a store that enforces ${algorithms}: ${used}`, async () => {
    const { server, uploader, reach, left } = await withRecorded([], { digests });
    left.part_digests = { rule, algorithms };
    await reach(uploader.add(text(12)), 'completed');
    const [claims] = server.callsTo('PUT', '/[^/]+/parts');
    const { md5, sha256 } = claims?.body.parts[0] ?? {};
    assert.deepEqual(
      { md5, sha256 },
      { md5: undefined, sha256: undefined, ...(used && { [used]: digestOf(used, 1) }) },
    );
  });
}

test('a digest that the ledger holds otherwise means another file', async () => {
  const { server, uploader, reach } = await withRecorded([], { digests: 'md5' });
  const listing = server.fault;
  server.fault = (call) =>
    call.path.endsWith('/parts/sign') ? problem(409, 'part_changed', { part_numbers: [1] }) : listing(call);
  const upload = uploader.add(text(12));
  await reach(upload, 'failed');
  assert.equal(codeOf(upload), 'file_changed');
});
