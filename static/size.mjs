/**
 * What a page loads of the engine to send files: `client/index.js` with everything that it imports statically, minified
 * and compressed as servers do it (gzip, level 9). A plain upload fetches these modules and no others, which
 * tests/browser/test_engine_modules.py holds it to. What is imported when it is needed is listed, not counted.
 * `npm run size` prints it, and fails above the limit.
 */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const LIMIT = 10_000;
const entrance = fileURLToPath(new URL('client/index.js', import.meta.url));

/** @type {Set<string>} */
const later = new Set();
const { outputFiles, metafile } = await build({
  entryPoints: [entrance],
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  write: false,
  metafile: true,
  plugins: [
    {
      name: 'dynamic imports stay outside',
      setup: ({ onResolve }) =>
        onResolve({ filter: /./ }, ({ kind, path }) => {
          if (kind !== 'dynamic-import') return undefined;
          later.add(path);
          return { path, external: true };
        }),
    },
  ],
});

const [bundle] = outputFiles;
if (!bundle) throw new Error('nothing was built');
const size = gzipSync(bundle.contents, { level: 9 }).length;
process.stdout.write(
  `engine: ${size} bytes minified and gzipped (${bundle.contents.length} minified), limit ${LIMIT}\n` +
    `counted: ${Object.keys(metafile.inputs).sort().join(', ')}\n` +
    `on demand: ${[...later].sort().join(', ')}\n`,
);
if (size > LIMIT) process.exitCode = 1;
