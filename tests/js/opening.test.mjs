import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../static/client/fingerprint.js';
import { plain } from '../../static/client/opening.js';
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
