/** The widget's texts, sizes, limits and sums, which need no browser. What is seen of it is tested in tests/browser. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { CoordinatorError, UploadError, unreachable } from '../../static/client/errors.js';
import { Announcer } from '../../static/client/widget/announcer.js';
import { sayLimits } from '../../static/client/widget/limits.js';
import { loadWords } from '../../static/client/widget/languages.js';
import { parseSize } from '../../static/client/widget/options.js';
import { rowFacts, totalFacts } from '../../static/client/widget/facts.js';
import { fillings } from '../../static/client/widget/parts_map.js';
import { explain } from '../../static/client/widget/problems.js';
import { strings as english } from '../../static/client/widget/strings/en.js';
import { Tally } from '../../static/client/widget/tally.js';
import { isolated, shownName } from '../../static/client/widget/words.js';

const LANGUAGES = ['ar', 'de', 'es', 'fr'];
const CLIENT = new URL('../../static/client/', import.meta.url);

/** @param {string} text */
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const language of LANGUAGES) {
  test(`${language} says all that English says, with the same values, in every form its numbers have`, async () => {
    const { strings } = await import(`../../static/client/widget/strings/${language}.js`);
    assert.deepEqual(Object.keys(strings).sort(), Object.keys(english).sort());
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, text] of Object.entries(strings)) {
      const original = /** @type {Record<string, any>} */ (english)[key];
      assert.equal(typeof text, typeof original, key);
      if (typeof text === 'string') assert.deepEqual(places(text), places(original), key);
      else {
        for (const form of Object.keys(text))
          assert.ok(pluralCategories.includes(/** @type {any} */ (form)), `${key} ${form}`);
        const most = places(original.other).filter((name) => name !== 'count');
        for (const form of Object.values(text))
          assert.deepEqual(
            places(form).filter((name) => name !== 'count'),
            most,
            key,
          );
      }
    }
  });
}

test('every text is used, and every text that is used exists', async () => {
  const folder = new URL('widget/', CLIENT);
  const all = await readdir(folder, { recursive: true });
  const files = all.filter((file) => file.endsWith('.js') && !file.startsWith('strings'));
  const source = (await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))).join('\n');
  for (const key of Object.keys(english)) assert.match(source, new RegExp(`'${key}'|\\b${key}: `), key);
});

test('the first language that is spoken is taken, with its region; English where none is', async () => {
  assert.equal((await loadWords(['xx', 'de-CH', 'en'])).language, 'de-CH');
  assert.equal((await loadWords(['ja', 'not a tag'])).language, 'en');
  assert.equal((await loadWords(['ar-EG'])).direction, 'rtl');
});

test('numbers, sizes and times are written as the language does', async () => {
  const [en, de, ar] = await Promise.all([loadWords(['en']), loadWords(['de']), loadWords(['ar-EG'])]);
  assert.equal(en.size(0), '0 bytes');
  assert.equal(en.size(999), '999 bytes');
  assert.equal(en.size(999_960), '1.0 MB');
  assert.equal(en.size(1_500_000), '1.5 MB');
  assert.equal(de.size(1_500_000), '1,5 MB');
  assert.equal(en.speed(2_000_000), '2.0 MB/s');
  assert.equal(en.percent(0.999), '99%');
  assert.equal(en.timeLeft(3), 'a few seconds left');
  assert.equal(en.timeLeft(12), '15 sec left');
  assert.equal(en.timeLeft(5400), '1 hr, 30 min left');
  assert.equal(en.timeLeft(90_000), 'more than a day left');
  assert.equal(de.timeLeft(120), 'noch 2 Min.');
  assert.equal(en.expiry('2026-01-01T10:00:00Z', Date.parse('2026-01-01T07:00:00Z')), 'expires in 3 hours');
  assert.equal(en.expiry('2026-01-01T10:00:00Z', Date.parse('2026-01-01T11:00:00Z')), 'expires any moment');
  assert.equal(ar.say('newsAdded', { count: 2 }), 'أُضيف ملفان');
  assert.match(ar.say('newsAdded', { count: 3 }), /٣ ملفات/);
});

test('a name cannot turn its sentence around, nor pass for another kind of file', () => {
  assert.equal(shownName('photo\u202egpj.exe'), 'photo\ufffdgpj.exe');
  assert.equal(shownName('a\nb\u2066c\u0007'), 'a\ufffdb\ufffdc\ufffd');
  assert.equal(shownName('ملف 👩‍👩‍👧.pdf'), 'ملف 👩‍👩‍👧.pdf');
  assert.equal(isolated('a\u2069b'), '\u2068a\ufffdb\u2069');
});

test('sizes are read as people write them', () => {
  assert.equal(parseSize('1500000'), 1_500_000);
  assert.equal(parseSize(' 1.5 MB '), 1_500_000);
  assert.equal(parseSize('2GiB'), 2 ** 31);
  for (const wrong of ['', 'MB', '-1', '1 parsec', '1,5 MB', '0x10'])
    assert.equal(parseSize(wrong), null, wrong);
});

test('limits are said before anybody chooses', async () => {
  const words = await loadWords(['en']);
  const none = {
    types: [],
    maxSize: null,
    minSize: null,
    maxFiles: null,
    policy: undefined,
    folders: true,
    wholePage: false,
  };
  assert.equal(sayLimits(words, none), english.hint);
  const some = { ...none, types: ['image/*', '.pdf', 'application/pdf'], maxSize: 2e9, maxFiles: 3 };
  assert.equal(sayLimits(words, some), 'Only images and PDF · At most 2.0 GB each · 3 files at most');
});

test('every error is explained in words, and what the service says is kept', async () => {
  const words = await loadWords(['de']);
  assert.match(explain(words, new UploadError('too_large', { limit: 2e6 })), /2,0 MB/);
  assert.match(
    explain(words, new UploadError('file_changed', { filename: 'a', began: '2026-01-01T10:00:00Z' })),
    /„\u2068a\u2069“/,
  );
  assert.match(
    explain(words, new CoordinatorError(0, { code: 'unreachable', detail: 'x' })),
    /nicht erreichbar/,
  );
  assert.match(explain(words, new CoordinatorError(503, { code: 'new_code' })), /gerade nicht verfügbar/);
  assert.match(
    explain(words, new CoordinatorError(422, { code: 'new_code', detail: 'Only so.' })),
    /Only so\./,
  );
  const errors = [{ path: '$.filename', message: 'Expected text' }];
  const refused = new CoordinatorError(422, { code: 'validation_failed', detail: 'Expected text', errors });
  assert.match(explain(words, refused), /Benennen Sie sie um/);
  assert.match(explain(words, new TypeError('odd')), /odd/);
});

test('what a policy refuses is said in the language of who chose the file, and in no other', async () => {
  const detail = 'In English';
  const refused = (/** @type {string} */ code, /** @type {string[]} */ ...paths) =>
    new CoordinatorError(422, { code, detail, errors: paths.map((path) => ({ path, message: detail })) });
  for (const language of ['en', ...LANGUAGES]) {
    const words = await loadWords([language]);
    assert.equal(explain(words, refused('size_not_allowed')), words.say('sizeRefused'));
    assert.equal(explain(words, refused('validation_failed', '$.content_type')), words.say('typeRefused'));
    assert.doesNotMatch(explain(words, refused('quota_exceeded')), /English/);
  }
});

test('every code of an UploadError that a user may meet has its words', async () => {
  const source = await readFile(new URL('errors.js', CLIENT), 'utf8');
  const codes = [...source.matchAll(/^ \* ([a-z_]+) {2,}\S/gm)].map(([, code]) => /** @type {any} */ (code));
  assert.ok(codes.length > 15);
  const values = { limit: 1, types: ['.a'], filename: 'a', began: '2026-01-01T10:00:00Z', name: 'a', size: 2 };
  const words = await loadWords(['en']);
  // `cancelled` is what its user did; it is no problem
  for (const code of codes.filter((one) => one !== 'cancelled'))
    assert.notEqual(explain(words, new UploadError(code, values)), '', code);
});

test('ten thousand parts are drawn in as many cells as fit, each as full as its parts', () => {
  const done = new Set(Array.from({ length: 5000 }, (_, index) => index + 1));
  const cells = fillings({ count: 10_000, size: 8, done, flying: new Map([[10_000, 4]]) }, 100);
  assert.equal(cells.length, 100);
  assert.deepEqual(cells.slice(0, 50), Array(50).fill(1));
  assert.deepEqual(cells.slice(50, 99), Array(49).fill(0));
  assert.equal(cells[99], 0.5 / 100);
  assert.deepEqual(
    fillings({ count: 3, size: 8, done: new Set([2]), flying: new Map([[3, 6]]) }, 3),
    [0, 1, 0.75],
  );
});

test('all files together: what cannot arrive is not waited for, and only everything is 100 %', () => {
  const tally = new Tally();
  /** @param {Record<string, unknown>} told @returns {any} */
  const task = (told) => ({
    active: false,
    error: null,
    progress: { bytesSent: 0, bytesTotal: 100, bytesPerSecond: null },
    ...told,
  });
  const sending = task({
    state: 'uploading',
    active: true,
    progress: { bytesSent: 20, bytesTotal: 100, bytesPerSecond: 40 },
  });
  const refused = task({ state: 'failed', error: new UploadError('too_large', {}) });
  const done = task({
    state: 'completed',
    progress: { bytesSent: 100, bytesTotal: 100, bytesPerSecond: null },
  });
  for (const one of [sending, refused, done, task({ state: 'cancelled' })]) tally.take(one);
  const { files, completed, failed, bytesSent, bytesTotal, fraction, secondsLeft } = tally.read();
  assert.deepEqual(
    { files, completed, failed, bytesSent, bytesTotal },
    { files: 3, completed: 1, failed: 1, bytesSent: 120, bytesTotal: 200 },
  );
  assert.deepEqual({ fraction, secondsLeft }, { fraction: 0.6, secondsLeft: 2 });
  const stopped = task({ state: 'failed', error: unreachable() });
  tally.take(stopped);
  assert.equal(tally.read().resumable, 1, 'what an outage stopped may go on, a refused file may not');
  tally.drop(stopped);
  tally.drop(refused);
  Object.assign(sending, {
    state: 'completed',
    active: false,
    progress: { bytesSent: 100, bytesTotal: 100, bytesPerSecond: 40 },
  });
  tally.take(sending);
  assert.equal(tally.read().fraction, 1);
  assert.equal(tally.read().secondsLeft, null);
});

test('what another tab sends is on its way, but not at stake here', () => {
  const tally = new Tally();
  const progress = { bytesSent: 20, bytesTotal: 100, bytesPerSecond: 40 };
  const task = /** @type {any} */ ({ state: 'uploading', active: false, error: null, progress });
  tally.take(task);
  const { active, atStake, secondsLeft } = tally.read();
  assert.deepEqual({ active, atStake, secondsLeft }, { active: 1, atStake: 0, secondsLeft: 2 });
  tally.take({ ...task, active: true });
  assert.equal(tally.read().atStake, 1);
});

test('without a network neither speed nor time left is shown', async () => {
  const words = await loadWords(['en']);
  const progress = { bytesSent: 1e6, bytesTotal: 4e6, bytesPerSecond: 1e6, secondsLeft: 3 };
  const task = /** @type {any} */ ({ state: 'uploading', progress, file: { size: 4e6 }, troubled: false });
  const total = /** @type {any} */ ({ files: 1, completed: 0, failed: 0, ...progress });
  const shown = () => rowFacts(words, task) + totalFacts(words, total);
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  /** @param {boolean} onLine */
  const pretend = (onLine) =>
    Object.defineProperty(globalThis, 'navigator', { value: { onLine }, configurable: true });
  try {
    pretend(true);
    assert.match(shown(), /MB\/s.*left.*left/);
    pretend(false);
    assert.doesNotMatch(shown(), /MB\/s|left/);
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
});

/**
 * An announcer, and what it says.
 *
 * @param {import('node:test').TestContext} context
 */
async function announcing(context) {
  const shown = { textContent: '' };
  const world = /** @type {any} */ (globalThis);
  world.document = { createElement: () => Object.assign(shown, { setAttribute: () => {}, append: () => {} }) };
  world.window = { setTimeout: (/** @type {() => void} */ call) => queueMicrotask(call) };
  context.after(() => {
    delete world.document;
    delete world.window;
  });
  const tally = new Tally();
  return { shown, tally, announcer: new Announcer(await loadWords(['en']), tally) };
}

const AT_ONE_HALF = { bytesSent: 1, bytesTotal: 2, fraction: 0.5 };
/** @param {string} name @param {object} [told] @returns {any} */
const sending = (name, told) => ({
  ...{ state: 'uploading', file: { name }, active: true, error: null, progress: AT_ONE_HALF },
  ...told,
});

test('when nothing is on its way any more, how many failed is announced', async (context) => {
  const { shown, tally, announcer } = await announcing(context);
  const [failed, last] = [sending('a', { state: 'failed', active: false }), sending('a')];
  for (const one of [sending('a', { state: 'completed' }), failed, last]) tally.take(one);
  announcer.state(failed, 'why');
  await Promise.resolve();
  assert.doesNotMatch(shown.textContent, /1 stopped/, 'one is on its way still');
  tally.take(Object.assign(last, { state: 'completed', active: false }));
  announcer.state(last, null);
  await Promise.resolve();
  assert.match(shown.textContent, /2 of 3 complete, 1 stopped/);
});

test('what must be known comes after the quarters of others, and is not pushed out by them', async (context) => {
  /** @param {RegExp} news @param {(announcer: Announcer, tally: Tally) => void} happens */
  const isGrave = async (news, happens) => {
    const { shown, tally, announcer } = await announcing(context);
    happens(announcer, tally);
    announcer.added(3);
    for (const name of ['b', 'c', 'd']) announcer.progress(sending(name));
    await Promise.resolve();
    assert.match(shown.textContent, new RegExp(`^c: 50%. d: 50%. ${news.source}`));
  };
  const [completed, failed] = ['completed', 'failed'].map((state) => sending('a', { state, active: false }));
  await isGrave(/a: through/, (announcer) => announcer.path(sending('a', { path: 'relay' })));
  await isGrave(/a: Another tab/, (announcer) => announcer.elsewhere(sending('a', { elsewhere: true })));
  const troubled = sending('a', { troubled: true, progress: { fraction: 0 } });
  await isGrave(/a: Trying again$/, (announcer) => announcer.progress(troubled));
  await isGrave(/a: upload stopped. why$/, (announcer) => announcer.state(failed, 'why'));
  for (const last of [completed, failed])
    await isGrave(last === failed ? /1 of 2 complete, 1 stopped$/ : /All 2 uploads/, (announcer, tally) => {
      for (const task of [{ ...completed }, last]) tally.take(task);
      announcer.state(last, null);
    });
});

test('of many at once the last three are told; of many files but the quarters of all, and failures', async (context) => {
  const { shown, tally, announcer } = await announcing(context);
  announcer.added(9);
  for (const news of ['1', '2', '3', '4']) announcer.say(news);
  await Promise.resolve();
  assert.equal(shown.textContent, '2. 3. 4');
  const tasks = ['a', 'b', 'c', 'd'].map((name) => sending(name, { elsewhere: true, troubled: true }));
  for (const one of tasks) tally.take(one);
  for (const one of tasks) announcer.elsewhere(one);
  for (const one of tasks) announcer.progress(one);
  await Promise.resolve();
  assert.equal(shown.textContent, '0 of 4 complete, 50%');
  announcer.state(tasks[0], 'why');
  await Promise.resolve();
  assert.equal(shown.textContent, 'a: upload stopped. why');
});

test('the slower way, another tab and trouble are announced, each but once', async (context) => {
  const { shown, tally, announcer } = await announcing(context);
  const task = sending('a', { progress: { ...AT_ONE_HALF, fraction: 0 } });
  tally.take(task);
  /** @param {'path' | 'elsewhere' | 'progress'} news @param {object} change */
  const heard = async (news, change) => {
    Object.assign(task, change);
    shown.textContent = '';
    announcer[news](task);
    await Promise.resolve();
    return shown.textContent;
  };
  assert.equal(await heard('path', { path: 'direct' }), '');
  assert.match(await heard('path', { path: 'relay' }), /^a: through the service/);
  assert.equal(await heard('path', {}), '');
  assert.match(await heard('elsewhere', { elsewhere: true }), /^a: Another tab/);
  assert.equal(await heard('elsewhere', { elsewhere: false }), '');
  assert.equal(await heard('progress', { troubled: true }), 'a: Trying again');
  assert.equal(await heard('progress', { troubled: false }), '');
  assert.equal(await heard('progress', { troubled: true }), '');
  // a quarter farther, it is news again
  assert.equal(await heard('progress', { troubled: false, progress: AT_ONE_HALF }), 'a: 50%');
  assert.equal(await heard('progress', { troubled: true }), 'a: Trying again');
});
