/**
 * How many parts are under way at once, over all files, and how long a part may stand still. Both follow from
 * what the connection does:
 *
 *   it starts with as many as HTTP/1.1 has connections to one host. While there is more to send and throughput grows,
 *   another half of them is added;
 *   what gains nothing ends the growth, and what costs throughput is taken back, for HOLD_MS
 *   503 and 429 halve them; a stall, a broken connection or another failure of the store takes one away
 *   never more than HTTP/1.1 has connections to one host (6), unless the store is seen to speak HTTP/2 or 3
 */

/** @import { Pool } from './pool.js' */
/** @import { PathName } from './ports.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { TransferError } from './errors.js' */

/** Connections that browsers open to one HTTP/1.1 host; a seventh part would only queue, its URL growing old. */
const MOST_HTTP1 = 6;
const MOST_MULTIPLEXED = 16;
/** Through the coordinator: its own calls need connections too. */
const MOST_RELAYED = 4;
const WINDOW_MS = 500;
const LONGEST_WINDOW_MS = 2_000;
const TELLING_BYTES = 1_048_576;
const GAIN = 1.05;
/** What a busy machine does to a window by itself is less than this. */
const LOSS = 0.75;
const HOLD_MS = 10_000;
const COOL_MS = 1_000;

/** At least this many bytes leave a live connection within the patience for it. */
const STEP_BYTES = 1_048_576;
/** Bytes that may have left the browser and still wait in this machine's buffers. */
const BUFFERED_BYTES = 4_194_304;

/**
 * @typedef {object} Patience  in milliseconds
 * @property {number} moving  no byte has left for so long: the connection is dead, whatever the system says
 * @property {number} answer  all bytes have left; the store may take its time to write them down
 */

export class Pace {
  /** @type {boolean} whether parts go through the coordinator */
  relays = false;
  #pool;
  #surroundings;
  #most;
  #own;
  #bytes = 0;
  /** @type {number | null} when the window began; null: nothing moves */
  #since = null;
  #heldUntil = 0;
  #coolUntil = 0;
  /** @type {number | null} bytes a second, over the last window */
  #rate = null;
  /** @type {{ places: number, rate: number } | null} what there was before the last raise */
  #before = null;

  /**
   * @param {Pool} pool
   * @param {number | undefined} most  a limit of the caller's own
   * @param {Surroundings} surroundings
   */
  constructor(pool, most, surroundings) {
    this.#pool = pool;
    this.#own = most;
    this.#most = MOST_HTTP1;
    this.#surroundings = surroundings;
    pool.resize(this.#ceiling());
  }

  /** @param {number} bytes  that left, of any part */
  moved(bytes) {
    // the first bytes after a rest left before they were counted
    if (this.#since === null) this.#since = this.#surroundings.now();
    else this.#bytes += bytes;
    this.look();
  }

  /** @param {PathName} path  that parts take */
  leads(path) {
    this.relays = path === 'relay';
    this.#lower(this.#ceiling());
  }

  /** @param {string} url  of a part that arrived */
  arrived(url) {
    if (/^h[23]/.test(this.#surroundings.protocol(url))) this.#most = MOST_MULTIPLEXED;
  }

  /** @param {TransferError} failure */
  failed({ status }) {
    const now = this.#surroundings.now();
    this.#before = null;
    this.#heldUntil = now + HOLD_MS;
    if (now < this.#coolUntil) return;
    this.#coolUntil = now + COOL_MS;
    const { places } = this.#pool;
    this.#lower(status === 503 || status === 429 ? places >> 1 : places - 1);
  }

  /**
   * @param {number} [stalls]  of this part; a proxy may take all bytes at once, and answer when they have left it
   * @returns {Patience}
   */
  patience(stalls = 0) {
    const longer = 2 ** Math.min(stalls, 3);
    if (!this.#rate) return { moving: 30_000, answer: 120_000 * longer };
    const perPart = this.#rate / this.#pool.places / 1000;
    const moving = clamp(STEP_BYTES / perPart, 15_000, 120_000);
    return { moving, answer: clamp(moving + BUFFERED_BYTES / perPart, 60_000 * longer, 900_000) };
  }

  /** To be called a few times a second while anything is under way. */
  look() {
    const now = this.#surroundings.now();
    const elapsed = now - (this.#since ?? now);
    if (elapsed < WINDOW_MS) return;
    if (this.#bytes < TELLING_BYTES && elapsed < LONGEST_WINDOW_MS) return;
    const rate = (this.#bytes / elapsed) * 1000;
    this.#since = this.#bytes ? now : null;
    this.#bytes = 0;
    // only what had all its places in use tells anything about more of them
    if (rate && this.#pool.wanted) this.#judge(rate, now);
    else this.#before = null;
    this.#rate = rate;
  }

  /**
   * @param {number} rate
   * @param {number} now
   */
  #judge(rate, now) {
    const before = this.#before;
    this.#before = null;
    if (before && rate < before.rate * GAIN) {
      this.#heldUntil = now + HOLD_MS;
      if (rate < before.rate * LOSS) this.#lower(before.places);
    }
    const { places } = this.#pool;
    const more = Math.min(this.#ceiling(), places + Math.max(1, places >> 1));
    if (now < this.#heldUntil || more <= places) return;
    this.#before = { places, rate };
    this.#pool.resize(more);
  }

  /** @param {number} places */
  #lower(places) {
    if (places < this.#pool.places) this.#pool.resize(Math.max(1, places));
  }

  #ceiling() {
    return Math.min(this.#own ?? Infinity, this.relays ? MOST_RELAYED : this.#most);
  }
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
