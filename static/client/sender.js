/**
 * Sends the missing parts of one upload, several at once, as the shared pool has places; each part that is
 * at the store is reported. Stopping leaves everything in order: finished parts stay finished.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Source } from './file_source.js' */
/** @import { Load } from './loading.js' */
/** @import { Pace } from './pace.js' */
/** @import { PartPorts } from './part.js' */
/** @import { Pool } from './pool.js' */
/** @import { Paths, Throttle } from './ports.js' */
/** @import { Meter } from './progress.js' */
/** @import { Reporter } from './report.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Transport } from './transfer.js' */
/** @import { SignedPart } from './types.js' */
/** @import { Wanted } from './window.js' */

import { sendPart } from './part.js';
import { abortable, onAbort } from './surroundings.js';
import { SigningWindow, windowSize } from './window.js';

/**
 * @typedef {object} SenderOptions
 * @property {Source} source
 * @property {Wanted} wanted
 * @property {string} uploadId
 * @property {boolean} claims  whether parts are reported
 * @property {Meter} meter
 * @property {Coordinator} coordinator
 * @property {Pool} pool
 * @property {Pace} pace
 * @property {Reporter} reporter
 * @property {Transport} transport
 * @property {Throttle | undefined} throttle  undefined: no rate is set
 * @property {Surroundings} surroundings
 * @property {() => Promise<Paths>} openPaths
 * @property {() => Promise<unknown>} checkFile  throws where the file is not what it was
 * @property {Load} load
 * @property {(waiting: boolean) => void} onTrouble  true while every part under way waits for its next try
 */

export class Sender {
  #options;
  #window;
  /** @type {Promise<Paths | null> | null} */
  #opening = null;
  /** @type {Paths | null} */
  #paths = null;
  /** @type {PartPorts} */
  #ports;
  /** @type {number[]} taken from the source, and waiting for a place */
  #inHand = [];
  /** @type {Set<number>} */
  #underWay = new Set();
  /** @type {Set<number>} */
  #waiting = new Set();

  /** @param {SenderOptions} options */
  constructor(options) {
    const { coordinator, uploadId, source, wanted, meter, pace } = options;
    this.#options = options;
    this.#window = new SigningWindow({
      sign: (wishes, signal) => coordinator.sign(uploadId, wishes, signal),
      source: {
        upcoming: (most) => [...this.#inHand, ...source.upcoming(most)].slice(0, most),
        sizeOf: (number) => source.sizeOf(number),
      },
      wanted,
      size: () => windowSize(options.pool.places),
      now: () => coordinator.now(),
    });
    this.#ports = {
      ...options,
      window: this.#window,
      paths: () => this.#paths,
      openPaths: () => this.#openPaths(),
      onSent: (number, sent) => {
        pace.moved(meter.sent(number, sent));
        this.#trouble(number, false);
      },
      onWaiting: (number) => {
        meter.dropped(number);
        this.#trouble(number, true);
      },
    };
  }

  /**
   * URLs that came along with another answer.
   *
   * @param {SignedPart[]} parts
   */
  offer(parts) {
    this.#window.put(parts);
  }

  /**
   * Resolves when every part is at the store. Rejects with the first error, or the signal's reason, after all
   * parts under way have stopped.
   *
   * @param {AbortSignal} signal
   */
  async send(signal) {
    const { source, meter, pool, pace } = this.#options;
    // another upload found the direct path blocked
    if (pace.relays) await abortable(this.#openPaths(), signal);
    source.restart(meter.done);
    const stop = new AbortController();
    const forget = onAbort(signal, () => stop.abort(signal.reason));
    /** @type {Set<Promise<void>>} */
    const flights = new Set();
    try {
      for (let number; (number = await source.next(stop.signal)) !== null;) {
        this.#inHand = [number];
        const release = await pool.acquire(this, stop.signal);
        this.#inHand = [];
        const flight = this.#one(number, stop.signal).finally(release);
        flights.add(flight);
        flight.then(
          () => flights.delete(flight),
          (error) => stop.abort(error),
        );
      }
      await Promise.all(flights);
    } finally {
      stop.abort();
      this.#inHand = [];
      await Promise.allSettled(flights);
      forget();
      meter.rest();
      this.#options.onTrouble(false);
    }
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   */
  async #one(number, signal) {
    const { meter, source, wanted, reporter } = this.#options;
    this.#underWay.add(number);
    try {
      const { etag, recorded } = await sendPart(number, this.#ports, signal);
      const size = source.sizeOf(number);
      meter.arrived(number, size);
      source.arrived?.(number);
      if (recorded || !this.#options.claims) return;
      reporter.add({
        part_number: number,
        size,
        etag: etag ?? undefined,
        ...wanted.digest(number),
      });
    } finally {
      meter.dropped(number);
      this.#underWay.delete(number);
      this.#paths?.left(number);
      this.#trouble(number, false);
    }
  }

  /** The direct path is assumed until it fails; where the module cannot be had, it stays the only one. */
  #openPaths() {
    this.#opening ??= this.#options.openPaths().then(
      (paths) => (this.#paths = paths),
      () => (this.#opening = null),
    );
    return this.#opening;
  }

  /**
   * @param {number} number
   * @param {boolean} waits
   */
  #trouble(number, waits) {
    if (waits) this.#waiting.add(number);
    else this.#waiting.delete(number);
    this.#options.onTrouble(waits && this.#waiting.size === this.#underWay.size);
  }
}
