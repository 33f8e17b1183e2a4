/**
 * A hashing worker, from whichever origin this module came. Browsers start workers from scripts of the page's own origin
 * alone. Where this is another one the script is a line of the page's own, at a `blob:` URL, which imports worker.js: it
 * runs at the page's origin and under the page's policy, and its modules come by CORS. Where a page's policy lets
 * none of that in, the worker has an `error` event, as one whose script did not come: that of a bundle from another origin,
 * and of one whose bundler made no worker.
 * Source: HTML standard, chapters 8.1.4 (the first script of a worker is fetched as same-origin) and 10.2.6.3 (Worker);
 * CSP level 3, chapter 6.1 (worker-src).
 *
 * @returns {Worker}
 * @throws {TypeError} where the page's policy asks for Trusted Types and has none for workers; in a bundle of a format that has
 *   no addresses of modules
 */
export function hire() {
  const { protocol, origin } = new URL(import.meta.url);
  // webpack says where the module lay when it was bundled
  const foreign = protocol !== 'file:' && origin !== globalThis.origin;
  // bundlers know a worker by this very expression
  return foreign ? hireByLine() : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
}

function hireByLine() {
  const script = JSON.stringify(new URL('./worker.js', import.meta.url));
  // Safari may ask for the address long after it was given: the line takes it back itself, once everything has come
  const line = `import ${script}; URL.revokeObjectURL(import.meta.url);`;
  const address = URL.createObjectURL(new Blob([line], { type: 'text/javascript' }));
  const forget = () => URL.revokeObjectURL(address);
  try {
    const worker = new Worker(address, { type: 'module' });
    worker.addEventListener('error', forget);
    return worker;
  } catch (error) {
    forget();
    throw error;
  }
}
