/**
 * What a part's URL is to be bound to, where digests are wanted: they are computed a few parts ahead of need, while
 * earlier parts are on their way.
 */

/** @import { DeliveryContext } from './delivery.js' */
/** @import { Source } from './file_source.js' */
/** @import { Digests, PartDigest } from './ports.js' */
/** @import { Wanted } from './window.js' */
/** @import { PartWish, Upload } from './types.js' */

import { digestsFor, hasherOf } from './digests/open.js';
import { UploadError } from './errors.js';

/** No digest is begun ahead of need while so many of its upload are under computation. */
export const DIGESTS_AHEAD = 4;

/**
 * @param {DeliveryContext} context
 * @param {Upload} upload
 * @param {Source} source
 * @param {(number: number) => number | undefined} signedSize  undefined where the plan says it
 * @returns {Wishes | null} null: the policy has digests left off
 * @throws {UploadError} `no_digests`
 */
export function wishesOf(context, upload, source, signedSize) {
  const digests = digestsFor(upload, context.digests, hasherOf(context));
  return digests && new Wishes({ digests, source, signedSize });
}

/** @implements {Wanted} */
export class Wishes {
  #digests;
  #source;
  #signedSize;
  /** @type {Map<number, Promise<PartDigest>>} */
  #computing = new Map();
  /** @type {Map<number, PartDigest>} */
  #known = new Map();
  /** @type {Set<number>} to be computed: once told they stay, also while a part waits for its place or its bytes */
  #expected = new Set();
  /** Parts that took their places while no digest was known, and wait for theirs: these come before all others. */
  #first = 0;
  /** @type {AbortSignal | null} whose they are */
  #signal = null;

  /**
   * @param {object} options
   * @param {Digests} options.digests
   * @param {Pick<Source, 'body' | 'atHand'>} options.source
   * @param {(number: number) => number | undefined} options.signedSize  undefined where the plan says it
   */
  constructor({ digests, source, signedSize }) {
    this.#digests = digests;
    this.#source = source;
    this.#signedSize = signedSize;
  }

  /**
   * @param {number} number
   * @returns {PartDigest | undefined}
   */
  digest(number) {
    return this.#known.get(number);
  }

  /**
   * Null while the digest it needs is not known.
   *
   * @param {number} number
   * @returns {PartWish | null}
   */
  ready(number) {
    if (!this.#known.has(number)) return null;
    return { part_number: number, size: this.#signedSize(number), ...this.#known.get(number) };
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   * @returns {Promise<PartWish>}
   */
  async of(number, signal) {
    if (!this.ready(number)) {
      const first = Number(this.#known.size === 0);
      this.#first += first;
      await this.#compute(number, signal).finally(() => (this.#first -= first));
    }
    return /** @type {PartWish} */ (this.ready(number));
  }

  /**
   * Computes the next ones in the background.
   *
   * @param {number[]} numbers  in order of need
   * @param {AbortSignal} signal
   * @param {() => void} onReady  after each
   */
  ahead(numbers, signal, onReady) {
    if (this.#signal !== signal) this.#expected.clear();
    this.#signal = signal;
    for (const number of numbers) this.#expected.add(number);
    for (const number of [...this.#expected].sort((one, other) => one - other)) {
      if (this.#first > 0 || this.#computing.size >= DIGESTS_AHEAD) return;
      const begun = this.#known.has(number) || this.#computing.has(number);
      if (!begun && this.#source.atHand?.(number) === false) continue;
      this.#expected.delete(number);
      if (begun) continue;
      // whoever needs the part computes again and meets the error there
      this.#compute(number, signal).then(onReady, () => {});
    }
  }

  /**
   * The store says that the bytes are not those of the digest: either they were damaged on their way, or the file
   * is no longer what it was.
   *
   * @param {number} number
   * @param {AbortSignal} signal
   * @throws {UploadError} `file_changed`
   */
  async check(number, signal) {
    const before = this.#known.get(number);
    if (!before) return;
    // the URLs of a part are bound to what it was first: half of another file must never be taken for this one
    const now = await this.#digests.of(number, this.#source.body(number), signal);
    if (now.md5 !== before.md5 || now.sha256 !== before.sha256) throw new UploadError('file_changed');
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   */
  #compute(number, signal) {
    const computing =
      this.#computing.get(number) ?? this.#once(number, signal).finally(() => this.#computing.delete(number));
    this.#computing.set(number, computing);
    return computing;
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   */
  async #once(number, signal) {
    const digest = await this.#digests.of(number, this.#source.body(number), signal);
    this.#known.set(number, digest);
    return digest;
  }
}
