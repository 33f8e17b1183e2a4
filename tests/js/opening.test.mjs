import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';
import { plain, plainType } from '../../static/client/opening.js';
import { LONG_AGO, scene, sentNumbers, text } from './scene.mjs';

test('a name is sent without what the coordinator takes nowhere, and with all else', () => {
  for (const [name, sent] of [
    ['Icon\r', 'Icon'],
    ['\u200eIMG-1.jpg', 'IMG-1.jpg'],
    ['a\u202egpj.exe', 'agpj.exe'],
    ['\u061c\u2066\u2069\u2028\u0000\u007f\u0085', '_'],
    ['half \ud83d of one', 'half  of one'],
    [
      '\u05e9\u05dc\u05d5\u05dd \ud83d\ude00 caf\u00e9\u200d.txt',
      '\u05e9\u05dc\u05d5\u05dd \ud83d\ude00 caf\u00e9\u200d.txt',
    ],
  ])
    assert.equal(plain(String(name)), sent);
});

test('a file, and a stream, with such a name go up; who shows them has their own', async () => {
  const { server, uploader, reach } = scene();
  const upload = uploader.add(text(8, 'Icon\r'), { path: 'a\u200f/Icon\r', metadata: { note: 'b' } });
  await reach(upload, 'completed');
  assert.equal(upload.file.name, 'Icon\r');
  const stream = new Blob(['abc']).stream();
  await reach(uploader.addStream(stream, { name: 'a\u200eb', path: 'c\n/d' }), 'completed');
  const [first, second] = server.callsTo('POST', '').map(({ body }) => body);
  assert.deepEqual(
    [first.filename, first.metadata.path, first.metadata.note, second.filename, second.metadata.path],
    ['Icon', 'a/Icon', 'b', 'ab', 'c/d'],
  );
});

test('it goes on with the unfinished upload of the same file', async () => {
  const { server, uploader, reach } = scene();
  server.leaveUnfinished(
    {
      filename: 'film.mov',
      size: 12,
      fingerprint: await fingerprint(text(12)),
      metadata: { last_modified: String(LONG_AGO), path: 'a/film.mov' },
    },
    [1],
  );
  const upload = uploader.add(text(12, 'film\u200e.mov'), { path: 'a/film\u200e.mov' });
  await reach(upload, 'completed');
  assert.deepEqual([upload.upload?.id, sentNumbers(server)], ['upload-1', [2, 3]]);
});

test('a type that is none is left out', () => {
  for (const type of ['foo', 'text/', '/html', 'a b/c', ';', `text/${'x'.repeat(300)}`, 'text/plain;a=\u00e9'])
    assert.equal(plainType(type), undefined, type);
  for (const type of [
    'text/plain',
    'text/plain;charset=utf-8',
    'image/svg+xml',
    'video/webm; codecs="vp8, opus"',
  ])
    assert.equal(plainType(type), type);
});

test('files and streams with such a type go up, and of a path that is too long the end is kept', async () => {
  const { server, uploader, reach } = scene();
  const path = `${'a/'.repeat(600)}film.mov`;
  await reach(uploader.add(new File(['abc'], 'film.mov', { type: 'foo' }), { path }), 'completed');
  await reach(uploader.addStream(new Blob(['abc']).stream(), { name: 'x', type: 'foo', path }), 'completed');
  for (const { body } of server.callsTo('POST', '')) {
    assert.equal('content_type' in body, false);
    assert.equal(body.metadata.path, path.slice(-1024));
  }
});

test('a file from far down in a folder goes on with its upload', async () => {
  const { server, uploader, reach } = scene();
  const path = `${'a/'.repeat(600)}film.mov`;
  server.leaveUnfinished(
    {
      filename: 'film.mov',
      size: 12,
      fingerprint: await fingerprint(text(12)),
      metadata: { last_modified: String(LONG_AGO), path: path.slice(-1024) },
    },
    [1],
  );
  const upload = uploader.add(text(12), { path });
  await reach(upload, 'completed');
  assert.deepEqual([upload.upload?.id, sentNumbers(server)], ['upload-1', [2, 3]]);
});
