/**
 * What the client takes from the world around it. Everything that waits, measures time or rolls dice
 * gets it from here, so that a test decides when time passes.
 *
 * @typedef {object} Surroundings
 * @property {() => number} now  milliseconds since 1970
 * @property {(ms: number, call: () => void) => () => void} after  calls once, later; the answer takes it back
 * @property {() => number} random  at least 0, less than 1
 * @property {() => boolean} online
 * @property {(call: () => void) => () => void} whenOnline  calls once; the answer takes it back
 * @property {(url: string) => string} protocol  that earlier requests to this URL's host went by, as in
 *   ALPN; empty where the server does not let the page know (Timing-Allow-Origin)
 * @property {LockManager} [locks]  of a test; else the browser's own, where it has any
 */

/** @type {Readonly<Surroundings>} */
export const browserSurroundings = {
  now: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  online: () => globalThis.navigator?.onLine !== false,
  whenOnline: (call) => {
    globalThis.addEventListener('online', call, { once: true });
    return () => globalThis.removeEventListener('online', call);
  },
  protocol: (url) => {
    protocols ??= observed();
    return protocols.get(hostOf(url)) ?? '';
  },
};

/** @type {Map<string | undefined, string> | undefined} by host */
let protocols;

/** The page's own list of what it loaded is full after 250 requests; an observer hears of all. */
function observed() {
  const found = new Map();
  new PerformanceObserver((list) => {
    for (const { name, nextHopProtocol } of /** @type {PerformanceResourceTiming[]} */ (list.getEntries()))
      found.set(hostOf(name), nextHopProtocol);
  }).observe({ type: 'resource', buffered: true });
  return found;
}

/** @param {string} url  an absolute one */
const hostOf = (url) => url.split('/')[2];

/**
 * @param {AbortSignal | undefined} signal
 * @param {() => void} call
 * @returns {() => void} takes it back
 */
export function onAbort(signal, call) {
  signal?.addEventListener('abort', call, { once: true });
  return () => signal?.removeEventListener('abort', call);
}

/** How long the browser is believed that there is no network: some say so of a VPN or a virtual machine's. */
const BELIEVED_MS = 30_000;

/**
 * Waits for what `begin` starts. Rejects with the signal's reason as soon as it aborts.
 *
 * @param {(resolve: () => void) => () => void} begin  answers with the way to stop it
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
async function waitFor(begin, signal) {
  /** @type {any} */
  let stop;
  /** @type {Promise<void>} */
  const over = new Promise((resolve) => {
    stop = begin(resolve);
  });
  await abortable(over, signal).finally(stop);
}

/**
 * @param {Surroundings} surroundings
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
export function sleep(surroundings, ms, signal) {
  return waitFor((resolve) => surroundings.after(ms, resolve), signal);
}

/**
 * Returns at once where the browser believes it has a network; where not, when it does, or after half a minute.
 *
 * @param {Surroundings} surroundings
 * @param {AbortSignal} [signal]
 */
export async function untilOnline(surroundings, signal) {
  if (surroundings.online()) return;
  await waitFor((resolve) => {
    const stops = [surroundings.whenOnline(resolve), surroundings.after(BELIEVED_MS, resolve)];
    return () => stops.forEach((stop) => stop());
  }, signal);
}

/**
 * The promise's outcome, unless the signal aborts first. The work behind the promise goes on.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function abortable(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    const forget = onAbort(signal, abort);
    promise.then(resolve, reject).finally(forget);
  });
}
