/**
 * The types of the browser client for those who write in TypeScript, made from its JSDoc: `npm run declarations` writes
 * them to `static/declarations/`, in the folders of `client/`; with an argument, to that folder.
 * docs/browser.md says how a project takes them, docs/releasing.md when they are made.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const STATIC = fileURLToPath(new URL('.', import.meta.url));
const ENTRANCES = ['index.d.ts', 'recording.d.ts', 'widget/index.d.ts'];

// no JSDoc can say this
const ELEMENT = `declare global {
    interface HTMLElementTagNameMap {
        'coordinator-upload': CoordinatorUpload;
    }
}
import type { CoordinatorUpload } from './element.js';
`;

/**
 * Those of the declarations that the entrances need.
 *
 * @param {string} from  the folder that has all of them
 * @param {string} to
 */
function take(from, to) {
  const wanted = new Set(ENTRANCES);
  for (const name of wanted) {
    const text = readFileSync(join(from, name), 'utf-8');
    for (const [, module = ''] of text.matchAll(/\b(?:from |import\(|import )['"](\..*?)\.js['"]/g))
      wanted.add(`${join(dirname(name), module)}.d.ts`);
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), plain(text) + (name === 'widget/index.d.ts' ? ELEMENT : ''));
  }
}

/** @param {string} text  of a declaration, whose types already say what these comments do */
function plain(text) {
  return text
    .replaceAll(/^\/\*\* @import .*\*\/\n/gm, '')
    .replaceAll(/(?<=\bextends )(\/\*\* .*? \*\/ )+/g, '');
}

const [given] = process.argv.slice(2);
const folder = given ?? join(STATIC, 'declarations');
// what was declared before may be gone from the client
if (!given) rmSync(folder, { recursive: true, force: true });
const all = mkdtempSync(join(tmpdir(), 'declarations-'));
try {
  execFileSync(
    join(STATIC, 'node_modules', '.bin', 'tsc'),
    ['-p', 'tsconfig.declarations.json', '--outDir', all],
    {
      cwd: STATIC,
      stdio: 'inherit',
    },
  );
  take(all, folder);
} finally {
  rmSync(all, { recursive: true });
}
