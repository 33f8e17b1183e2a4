/**
 * Which way the parts of one upload take: straight to the store, or through the coordinator where a firewall, an
 * extension or missing CORS rules block the direct one. A browser tells these from an outage by nothing, so:
 *
 *   several direct tries fail without an answer, of more than one part where more are under way, over a few seconds
 *   -> the coordinator answers?             no: the network is away; patience
 *   -> one part is sent through it          503, or no answer: the store is away for it too; patience, and later again
 *                                           taken: the direct path is blocked; all parts go this way
 *   every minute one part is sent directly; when it arrives, all go that way again
 *   what one upload found holds for all of its Uploader: the next ones begin this way, and share that one part a minute
 *
 * A coordinator that does not relay, or a proxy before it that refuses what goes there, is not asked again by any upload
 * of its Uploader; where only the size of the part was refused, not by this one.
 */

/** @import { DeliveryContext } from './delivery.js' */
/** @import { DirectFailure, PathContext, PathName, Paths, RelayedPart } from './ports.js' */

import { CoordinatorError, TransferError, UploadError } from './errors.js';

/** Direct failures that make a suspicion; one that waited for long without sending a byte counts for two. */
const SUSPICIOUS = 4;
const OVER_MS = 4_000;
/** How long a try had waited that sent nothing (transfer.js). */
const STALLED_MS = 30_000;
/** After a part that the store did not take on this way either. */
const OUTAGE_MS = 15_000;
/** Between two looks whether the direct path is open again. */
const SCOUT_MS = 60_000;

/** A proxy's limit for a request: other files have smaller parts. */
const TOO_LARGE = 413;

/** Codes of refusals after which the same part may be sent again. */
const PASSING = new Set(['digest_mismatch', 'too_slow']);

/**
 * What is known of the direct path.
 *
 * @typedef {object} Finding
 * @property {boolean} blocked
 * @property {boolean} closed  there is no relay
 * @property {number} notBefore  when it may be tried again
 */

/** @type {WeakMap<object, Finding>} */
const findings = new WeakMap();

/**
 * @param {PathContext} context
 * @param {object} [owner]  whose uploads share what is found
 * @returns {Paths}
 */
export function openPaths(context, owner = context) {
  const finding = findings.get(owner) ?? { blocked: false, closed: false, notBefore: 0 };
  findings.set(owner, finding);
  return new Ways(context, finding);
}

/**
 * The paths of one upload.
 *
 * @param {DeliveryContext} context  whose uploads share what is found
 * @param {string} uploadId
 * @param {PathContext['onPath']} onPath
 * @returns {Promise<Paths>}
 */
export async function pathsOf(context, uploadId, onPath) {
  const { transport, surroundings, pace } = context;
  const coordinator = await context.coordinator.ledger();
  const tell = (/** @type {PathName} */ path) => {
    pace.leads(path);
    onPath(path);
  };
  return openPaths({ uploadId, coordinator, transport, surroundings, onPath: tell }, context);
}

/** @implements {Paths} */
class Ways {
  #context;
  #finding;
  /** @type {'direct' | 'trial' | 'relay' | 'closed'} closed: there is no relay */
  #mode = 'direct';
  /** @type {Map<number, number>} since when each part under way is tried directly */
  #tried = new Map();
  /** @type {Set<number>} parts under way that failed since the last arrival */
  #failing = new Set();
  #failures = 0;
  #since = Infinity;
  #notBefore = 0;
  #movedAt = 0;
  /** @type {number | null} the part that goes through the coordinator to find out, or directly again */
  #pioneer = null;

  /**
   * @param {PathContext} context
   * @param {Finding} finding
   */
  constructor(context, finding) {
    this.#context = context;
    this.#finding = finding;
    this.#follow();
  }

  /** @type {Paths['choose']} */
  choose(number) {
    const path = this.#choose(number);
    if (path === 'direct') this.#tried.set(number, this.#now());
    else this.#tried.delete(number);
    return path;
  }

  /** @type {Paths['failed']} */
  async failed(failure, signal) {
    this.#follow();
    if (this.#mode === 'relay') return 'relay';
    this.#note(failure);
    if (this.#mode !== 'direct' || !this.#suspicious()) return 'direct';
    this.#mode = 'trial';
    this.#pioneer = failure.number;
    const { coordinator, uploadId } = this.#context;
    const answers = await coordinator.answers(uploadId, signal);
    if (!answers) this.#backOff();
    return answers ? 'relay' : 'direct';
  }

  /** @type {Paths['arrived']} */
  arrived(number) {
    const setOut = this.#tried.get(number) ?? 0;
    this.#tried.delete(number);
    this.#forgive();
    // a part that set out before the others were moved says nothing of how it is since
    if (this.#mode === 'relay' && setOut >= this.#movedAt) this.#find('direct');
  }

  /** @type {Paths['left']} */
  left(number) {
    this.#tried.delete(number);
    this.#failing.delete(number);
    if (this.#tried.size === 0) this.#forgive();
    if (this.#pioneer !== number) return;
    this.#pioneer = null;
    if (this.#mode === 'trial') this.#mode = 'direct';
  }

  /** @type {Paths['send']} */
  async send(part) {
    try {
      const { etag } = await this.#put(part);
      if (this.#mode === 'trial') this.#find('relay');
      return { etag, recorded: true };
    } catch (error) {
      throw this.#judge(error, part.number);
    }
  }

  /**
   * @param {number} number
   * @returns {PathName}
   */
  #choose(number) {
    if (this.#mode === 'relay') this.#follow();
    if (this.#mode === 'trial') return number === this.#pioneer ? 'relay' : 'direct';
    if (this.#mode !== 'relay') return 'direct';
    if (this.#pioneer === number) {
      // it comes back: the direct path is blocked still
      this.#pioneer = null;
      this.#finding.notBefore = this.#now() + SCOUT_MS;
    } else if (this.#now() >= this.#finding.notBefore) {
      this.#pioneer = number;
      this.#finding.notBefore = this.#now() + SCOUT_MS;
      return 'direct';
    }
    return 'relay';
  }

  /** @param {DirectFailure} failure */
  #note({ number, kind }) {
    const now = this.#now();
    const began = this.#tried.get(number) ?? (kind === 'stalled' ? now - STALLED_MS : now);
    this.#since = Math.min(this.#since, began);
    this.#failures += kind === 'stalled' ? 2 : 1;
    this.#failing.add(number);
    this.#tried.set(number, now);
  }

  #suspicious() {
    const now = this.#now();
    if (now < this.#notBefore || this.#failures < SUSPICIOUS || now - this.#since < OVER_MS) return false;
    return this.#failing.size > 1 || this.#tried.size === 1;
  }

  #forgive() {
    this.#failing.clear();
    this.#failures = 0;
    this.#since = Infinity;
  }

  #backOff() {
    this.#mode = 'direct';
    this.#pioneer = null;
    this.#forgive();
    this.#notBefore = this.#now() + OUTAGE_MS;
  }

  /** @param {PathName} path  the one that works, for all */
  #find(path) {
    this.#finding.blocked = path === 'relay';
    this.#finding.notBefore = this.#now() + SCOUT_MS;
    this.#take(path);
  }

  /** What another upload found holds here too. */
  #follow() {
    const { blocked, closed } = this.#finding;
    if (closed) this.#close();
    if (blocked && this.#mode === 'direct') this.#take('relay');
    if (!blocked && this.#mode === 'relay') this.#take('direct');
  }

  /** @param {PathName} path */
  #take(path) {
    this.#mode = path;
    this.#pioneer = null;
    this.#forgive();
    this.#movedAt = this.#now();
    this.#notBefore = 0;
    this.#context.onPath(path);
  }

  #close() {
    if (this.#mode === 'relay') this.#context.onPath('direct');
    this.#mode = 'closed';
    this.#pioneer = null;
  }

  /** @param {RelayedPart} part */
  async #put({ number, body, digest = {}, ...how }) {
    const { coordinator, transport, uploadId } = this.#context;
    const digests = headersOf(digest);
    /** @type {string | null} */
    let refused = null;
    for (;;) {
      const { url, headers } = await coordinator.relay(uploadId, number, how.signal, refused);
      try {
        return await transport({ ...how, url, headers: { ...headers, ...digests }, body });
      } catch (error) {
        const { Authorization: used = null } = headers;
        // once with another credential, where there is one
        if (!(error instanceof TransferError) || error.status !== 401 || used === refused) throw error;
        refused = used;
      }
    }
  }

  /**
   * @param {unknown} error
   * @param {number} number
   */
  #judge(error, number) {
    if (!(error instanceof TransferError)) return error;
    if (this.#mode === 'trial' && this.#pioneer === number) this.#backOff();
    const problem = problemOf(error);
    if (isPassing(error, problem)) return error;
    if (problem.code === 'part_changed') return new UploadError('file_changed', {}, error);
    if (problem.code && problem.code !== 'relay_off')
      return new CoordinatorError(error.status, problem, error.retryAfter);
    this.#finding.closed ||= error.status !== TOO_LARGE;
    if (this.#mode === 'relay') this.#finding.blocked = false;
    this.#close();
    return error;
  }

  #now() {
    return this.#context.surroundings.now();
  }
}

/**
 * @param {import('./ports.js').PartDigest} digest
 * @returns {Record<string, string>}
 */
function headersOf({ md5, sha256 }) {
  return {
    ...(md5 ? { 'Content-MD5': md5 } : {}),
    ...(sha256 ? { 'x-amz-checksum-sha256': sha256 } : {}),
  };
}

/**
 * What the coordinator said; without a code where it was somebody else who refused.
 *
 * @param {TransferError} error
 * @returns {Record<string, any>}
 */
function problemOf({ text }) {
  try {
    const problem = JSON.parse(text);
    return typeof problem?.code === 'string' ? problem : {};
  } catch {
    return {};
  }
}

/**
 * @param {TransferError} error
 * @param {Record<string, any>} problem
 */
function isPassing({ kind, status }, { code }) {
  if (kind !== 'status' || PASSING.has(code)) return true;
  return (
    status === 0 || status === 425 || status === 429 || (status >= 500 && code !== 'storage_misconfigured')
  );
}
