import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TransferError } from '../../static/client/errors.js';
import { recordingStream } from '../../static/client/recording.js';
import { Wishes } from '../../static/client/wishes.js';
import { feed } from './feed.mjs';
import { forever, scene, storedText } from './scene.mjs';

test('a stream goes up while it is made, and its end fixes its length', async () => {
  const { server, uploader, time, reach } = scene();
  const { stream, say, end } = feed();
  const upload = uploader.addStream(stream, { name: 'talk.webm', type: 'video/webm', metadata: { room: '7' } });
  say('abcdef');
  await time.until(() => server.puts.length === 1);
  assert.deepEqual(
    [upload.progress.bytesTotal, upload.progress.partCount, upload.file.size],
    [null, null, null],
  );
  say('ghijk');
  await time.until(() => server.store.get('upload-1')?.size === 2);
  assert.equal(upload.progress.bytesSent, 8);
  end();
  await reach(upload, 'completed');
  assert.equal(storedText(server), 'abcdefghijk');
  const [start] = server.callsTo('POST', '');
  assert.deepEqual(start?.body, {
    filename: 'talk.webm',
    size: null,
    metadata: { room: '7' },
    sign: 0,
    content_type: 'video/webm',
  });
  assert.deepEqual(server.callsTo('POST', '/upload-1/complete')[0]?.body, { size: 11 });
  assert.equal(upload.progress.fraction, 1);
  const last = server
    .callsTo('POST', '/upload-1/parts/sign')
    .flatMap((call) => call.body.parts)
    .at(-1);
  assert.deepEqual(last, { part_number: 3, size: 3 });
});

for (const [what, words, sizes] of /** @type {[string, string, number[]][]} */ ([
  ['of no bytes', '', [0]],
  ['of exactly two parts', 'abcdefgh', [4, 4]],
  ['of less than a part', 'ab', [2]],
])) {
  test(`a stream ${what}`, async () => {
    const { server, uploader, reach } = scene();
    const { stream, say, end } = feed();
    const upload = uploader.addStream(stream, { name: 'x' });
    if (words) say(words);
    end();
    await reach(upload, 'completed');
    assert.deepEqual(server.puts.map((put) => put.request.body.size).sort(), sizes);
    assert.equal(server.uploads.get('upload-1').size, words.length);
  });
}

for (const gzip of [false, true]) {
  test(`every part of a stream${gzip ? ' that is compressed' : ''} is bound to its digest`, async () => {
    const { server, uploader, reach } = scene({ digests: 'md5', concurrency: 2 });
    server.partSize = 64;
    const bytes = new Uint8Array(randomBytes(500));
    const type = 'text/plain';
    const upload = gzip
      ? uploader.add(new File([bytes], 'log.txt', { type }), { gzip })
      : uploader.addStream(new Blob([bytes]).stream(), { name: 'log.txt', type });
    await reach(upload, 'completed');
    const bound = server
      .callsTo('POST', '/upload-1/parts/sign')
      .flatMap((call) => call.body.parts)
      .map(({ part_number, size, md5 }) => [part_number, { size, md5 }]);
    const sent = await Promise.all(
      server.puts.map(async ({ number, request: { body } }) => {
        const md5 = createHash('md5')
          .update(Buffer.from(await body.arrayBuffer()))
          .digest('base64');
        return [number, { size: body.size, md5 }];
      }),
    );
    assert.deepEqual(Object.fromEntries(bound), Object.fromEntries(sent));
    assert.ok(sent.length >= 8, `${sent.length} parts`);
  });
}

test('a part of a stream that waits for its place is hashed meanwhile', async () => {
  /** @type {number[]} */
  const asked = [];
  const held = new Set([1]);
  const digests = { of: async (/** @type {number} */ number) => (asked.push(number), { md5: `${number}` }) };
  const source = {
    body: (/** @type {number} */ number) => {
      if (!held.has(number)) throw new Error('it is not read yet');
      return new Blob();
    },
    atHand: (/** @type {number} */ number) => held.has(number),
  };
  const wishes = new Wishes({ digests, source, signedSize: () => 4 });
  const { signal } = new AbortController();
  wishes.ahead([1, 2, 3], signal, () => {});
  assert.deepEqual(asked, [1]);
  await assert.rejects(wishes.of(2, signal), /not read yet/);
  held.add(2);
  wishes.ahead([], signal, () => {});
  assert.deepEqual(asked, [1, 2]);
});

test('no more of a stream is in memory than the parts under way and one more', async () => {
  const { server, uploader, time } = scene({ concurrency: 2 });
  server.partFault = forever;
  let read = 0;
  const endless = new ReadableStream(
    {
      pull: (out) => {
        read += 2;
        out.enqueue(new Uint8Array(2));
      },
    },
    { highWaterMark: 0 },
  );
  uploader.addStream(endless, { name: 'endless' });
  await time.until(() => server.puts.length === 2);
  for (let turn = 0; turn < 50; turn += 1) await time.settle();
  assert.ok(read <= 3 * server.partSize, `${read} bytes were read, with two parts of 4 under way`);
});

test('a part of a stream that fails is sent again from memory, and a pause loses nothing', async () => {
  const { server, uploader, time, reach } = scene();
  const { stream, say, end } = feed();
  let refused = false;
  let resumed = false;
  server.partFault = async ({ number }) => {
    if (number === 1 && !refused) {
      refused = true;
      throw new TransferError('status', 403);
    }
    return number === 2 && !resumed ? forever() : undefined;
  };
  const upload = uploader.addStream(stream, { name: 'x' });
  say('abcdefgh');
  await time.until(() => server.store.get('upload-1')?.size === 1 && server.puts.length === 3);
  upload.pause();
  say('ij');
  end();
  await time.settle();
  assert.equal(upload.state, 'paused');
  resumed = true;
  upload.resume();
  await reach(upload, 'completed');
  assert.equal(storedText(server), 'abcdefghij');
  assert.equal(server.uploads.size, 1);
});

test('a stream that breaks off is not completed as if it were whole', async () => {
  const { server, uploader, time, reach } = scene();
  const { stream, say, breakOff } = feed();
  const upload = uploader.addStream(stream, { name: 'x' });
  say('abcdef');
  await time.until(() => server.puts.length === 1);
  breakOff();
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'stream_broken');
  assert.match(upload.error?.message ?? '', /broke off/);
  assert.equal(server.callsTo('POST', '/upload-1/complete').length, 0);
});

test('cancelling ends the stream and clears what was stored', async () => {
  const { server, uploader, time } = scene();
  const { stream, state, say } = feed();
  const upload = uploader.addStream(stream, { name: 'x' });
  say('abcdef');
  await time.until(() => server.store.get('upload-1')?.size === 1);
  await upload.cancel();
  assert.deepEqual([state.cancelled, server.uploads.get('upload-1').state], [true, 'aborted']);
});

test('gzip: a compressible file goes up compressed, as a stream that says so; others as they are', async () => {
  const { server, uploader, reach } = scene();
  server.partSize = 64;
  const words = 'the same words over and over, '.repeat(400);
  const upload = uploader.add(new File([words], 'log.txt', { type: 'text/plain' }), { gzip: true });
  await reach(upload, 'completed');
  const [start] = server.callsTo('POST', '');
  assert.deepEqual([start?.body.size, start?.body.content_encoding], [null, 'gzip']);
  const bodies = server.puts.toSorted((one, other) => one.number - other.number).map((put) => put.request.body);
  const stored = Buffer.from(await new Blob(bodies).arrayBuffer());
  assert.equal(gunzipSync(stored).toString(), words);
  assert.ok(stored.length < words.length / 10);
  await reach(uploader.add(new File(['x'], 'film.mp4', { type: 'video/mp4' }), { gzip: true }), 'completed');
  assert.equal(server.callsTo('POST', '')[1]?.body.size, 1);
});

test('a recording is a stream of its pieces, in order, and ends when it stops', async () => {
  const recorder = Object.assign(new EventTarget(), { state: 'recording', stop: () => {} });
  const stream = recordingStream(/** @type {any} */ (recorder));
  const say = (/** @type {string} */ piece) =>
    recorder.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Blob([piece]) }));
  for (const piece of ['one ', 'two ', '', 'three']) say(piece);
  recorder.dispatchEvent(new Event('stop'));
  assert.equal(await new Response(stream).text(), 'one two three');
});

test('a stream that is read already fails before anything is started', async () => {
  const { server, uploader, reach } = scene();
  const { stream } = feed();
  stream.getReader();
  const upload = uploader.addStream(stream, { name: 'x' });
  await reach(upload, 'failed');
  assert.equal(/** @type {any} */ (upload.error).code, 'stream_locked');
  assert.equal(server.calls.length, 0);
});

test('pieces are bytes in any form, or text', async () => {
  const { server, uploader, reach } = scene();
  const bytes = new TextEncoder().encode('..cdef..');
  const pieces = ['ab', new Uint16Array(bytes.buffer, 2, 1), bytes.buffer.slice(4, 6), 'ghi'];
  /** @type {ReadableStream<any>} */
  const stream = new ReadableStream({
    start: (out) => {
      for (const piece of pieces) out.enqueue(piece);
      out.close();
    },
  });
  const upload = uploader.addStream(stream, { name: 'x' });
  await reach(upload, 'completed');
  assert.equal(storedText(server), 'abcdefghi');
});

for (const [what, code, end] of /** @type {[string, string, (out: any) => void][]} */ ([
  ['gives what is no bytes', 'not_bytes', (out) => out.enqueue(/** @type {any} */ ({ odd: true }))],
  ['breaks off', 'stream_broken', (out) => out.error(new Error('gone'))],
])) {
  test(`the upload of a stream that ${what} is ended at the coordinator`, async () => {
    const { server, uploader, reach, time } = scene();
    /** @type {any} */
    let out;
    const stream = new ReadableStream({ start: (controller) => void (out = controller) });
    const upload = uploader.addStream(stream, { name: 'x' });
    out.enqueue(new TextEncoder().encode('abcdef'));
    await time.until(() => server.puts.length === 1);
    end(out);
    await reach(upload, 'failed');
    assert.equal(/** @type {any} */ (upload.error).code, code);
    assert.equal(server.uploads.get('upload-1').state, 'aborted');
    upload.resume();
    await reach(upload, 'failed');
    assert.equal(server.puts.length, 1);
  });
}
