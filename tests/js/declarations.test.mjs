/** The declarations that users of TypeScript get, and every example of docs/browser.md, held against the compiler. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const STATIC = fileURLToPath(new URL('../../static/', import.meta.url));
const CONSUMER = readFileSync(new URL('consumer.ts', import.meta.url), 'utf-8');
const PAGE = readFileSync(new URL('../../docs/browser.md', import.meta.url), 'utf-8');

// as the page says of its examples
const GIVEN = `import type { Uploader, UploadTask } from '/client/index.js';
declare global {
  const uploader: Uploader;
  const task: UploadTask;
  const file: File;
}`;

const folder = mkdtempSync(join(tmpdir(), 'declarations-'));
after(() => rmSync(folder, { recursive: true }));
const declarations = join(folder, 'declarations');
execFileSync(process.execPath, [join(STATIC, 'declarations.mjs'), declarations]);
// the page's own advice to projects, and the strictest that a project may be
const { compilerOptions: advised } = JSON.parse(blocks('json')[0] ?? '{}');
const compilerOptions = {
  ...advised,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  target: 'es2022',
  module: 'es2022',
  moduleResolution: 'bundler',
  lib: ['es2024', 'dom', 'dom.iterable'],
  types: [],
};

/**
 * The blocks of the page in this language.
 *
 * @param {string} language
 */
function blocks(language) {
  return [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, written]) => written === language)
    .map(([, , code = '']) => code);
}

/**
 * @param {Record<string, string>} files  name to text
 * @returns {string} what the compiler complains of
 */
function compiled(files) {
  const own = mkdtempSync(join(folder, 'project-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  cpSync(declarations, join(own, 'declarations'), { recursive: true });
  writeFileSync(join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const { stdout, status } = spawnSync(join(STATIC, 'node_modules/.bin/tsc'), ['-p', own], {
    encoding: 'utf-8',
  });
  assert.equal(stdout === '', status === 0);
  return stdout;
}

test('a strict TypeScript project has every public thing with its type, and wrong uses refused', () => {
  assert.equal(compiled({ 'consumer.ts': CONSUMER }), '');
});

test('no declaration shows a private member', () => {
  const names = readdirSync(declarations, { recursive: true, encoding: 'utf-8' });
  const written = names.filter((name) => name.endsWith('.d.ts'));
  assert.ok(written.includes('index.d.ts'));
  for (const name of written) {
    const shown = readFileSync(join(declarations, name), 'utf-8').match(/^ +#(?!private;).*|@import/gm);
    assert.equal(shown, null, name);
  }
});

test('the examples of docs/browser.md are right by the declarations', () => {
  const scripts = blocks('html').flatMap((page) =>
    page.split(/<script type="module">|<\/script>/).filter((_, at) => at % 2),
  );
  const examples = [...blocks('js'), ...scripts];
  assert.ok(scripts.length > 0);
  const named = examples.map((code, at) => [`example-${at}.js`, `${code}\nexport {};\n`]);
  const [typed = '', ...others] = blocks('ts');
  assert.deepEqual(others, []);
  assert.equal(compiled({ 'given.d.ts': GIVEN, 'typed.ts': typed, ...Object.fromEntries(named) }), '');
});

test('no block of docs/browser.md goes unchecked', () => {
  const languages = new Set([...PAGE.matchAll(/^```(\w+)$/gm)].map(([, language]) => language));
  // tests/browser/test_engine_documented.py runs the page in `html`, under the policy in `http`
  assert.deepEqual([...languages].sort(), ['html', 'http', 'js', 'json', 'ts']);
  const prose = PAGE.replaceAll(/^```.*?^```$/gms, '');
  assert.doesNotMatch(prose, /^( {4}|\t|~~~|```)/m);
});

test('docs/browser.md leaves out no option, member, event or code', () => {
  const named = [
    ...declared('uploader', 'type UploaderOptions', /^ {4}(\w+)\??:/gm),
    ...declared('delivery', 'type FileOptions', /^ {4}(\w+)\??:/gm),
    ...declared('limits', 'type Limits', /^ {4}(\w+)\??:/gm),
    ...declared('uploader', 'declare class Uploader', /^ {4}(?:get )?(\w+)[(:]/gm),
    ...declared('task', 'declare class UploadTask', /^ {4}(?:get )?(\w+)[(:]/gm),
    ...declared('progress', 'type Progress', /^ {4}(\w+):/gm),
    ...declared('events', 'type UploaderEventMap', /^ {4}(\w+):/gm),
    ...declared('events', 'type UploadTaskEventMap', /^ {4}(\w+):/gm),
    ...declared('task', 'type UploadState', /'(\w+)'/g),
    ...declared('errors', 'type UploadErrorCode', /'(\w+)'/g),
  ];
  assert.ok(named.length > 80);
  const shown = new Set(PAGE.match(/(?<=[`{ ])\w+(?=[`( ,])/g));
  assert.deepEqual(
    named.filter((name) => name !== 'constructor' && !shown.has(name)),
    [],
  );
});

/**
 * The names that a declaration has.
 *
 * @param {string} module
 * @param {string} what
 * @param {RegExp} names
 */
function declared(module, what, names) {
  const text = readFileSync(join(declarations, `${module}.d.ts`), 'utf-8');
  const [, rest = ''] = text.split(`export ${what} `);
  const [body = ''] = rest.split(/^}|;$(?=\nexport|\n\/\*\*)/m);
  return [...body.matchAll(names)].map(([, name = '']) => name);
}
