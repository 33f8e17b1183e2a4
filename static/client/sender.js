/**
 * Sends the missing parts of one upload, several at once, as the shared pool has places; each part that is
 * at the store is reported. Stopping leaves everything in order: finished parts stay finished.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Meter } from './progress.js' */
/** @import { PartPorts } from './part.js' */
/** @import { Plan } from './plan.js' */
/** @import { Pool } from './pool.js' */
/** @import { Reporter } from './report.js' */
/** @import { Digests, Paths } from './ports.js' */
/** @import { SignedPart } from './types.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Transport } from './transfer.js' */

import { sendPart } from './part.js';
import { agrees, partRange } from './plan.js';
import { onAbort } from './surroundings.js';
import { SigningWindow } from './window.js';
import { Wishes } from './wishes.js';

/**
 * @typedef {object} SenderOptions
 * @property {Blob} file
 * @property {string} uploadId
 * @property {Plan} plan
 * @property {Meter} meter
 * @property {Coordinator} coordinator
 * @property {Pool} pool
 * @property {Reporter} reporter
 * @property {Transport} transport
 * @property {Surroundings} surroundings
 * @property {number} windowSize
 * @property {Digests | null} digests
 * @property {() => Promise<Paths>} openPaths
 * @property {() => Promise<void>} checkFile  throws where the file is not what it was
 * @property {PartPorts['checkUpload']} checkUpload
 * @property {(waiting: boolean) => void} onTrouble  true while every part under way waits for its next try
 */

export class Sender {
  #options;
  #wishes;
  #window;
  /** @type {Promise<Paths> | null} */
  #opening = null;
  /** @type {Paths | null} */
  #paths = null;
  /** @type {PartPorts} */
  #ports;
  /** @type {number[]} in order */
  #pending = [];
  /** @type {Set<number>} */
  #underWay = new Set();
  /** @type {Set<number>} */
  #waiting = new Set();

  /** @param {SenderOptions} options */
  constructor(options) {
    const { coordinator, uploadId, digests } = options;
    const bodyOf = (/** @type {number} */ number) => this.#bodyOf(number);
    this.#options = options;
    this.#wishes = new Wishes({ digests, bodyOf, sizeOf: () => undefined });
    this.#window = new SigningWindow({
      sign: async (wishes, signal) => this.#planned(await coordinator.sign(uploadId, wishes, signal)),
      upcoming: (most) => this.#pending.slice(0, most),
      wishes: this.#wishes,
      size: options.windowSize,
      now: () => coordinator.now(),
    });
    this.#ports = this.#portsOf(bodyOf);
  }

  /**
   * @param {(number: number) => Blob} body
   * @returns {PartPorts}
   */
  #portsOf(body) {
    const { meter, checkFile } = this.#options;
    return {
      signed: (number, signal) => this.#window.take(number, signal),
      isFresh: (signed) => this.#window.isFresh(signed),
      body,
      digest: (number) => this.#wishes.digest(number),
      paths: () => this.#paths,
      openPaths: () => this.#openPaths(),
      transport: this.#options.transport,
      surroundings: this.#options.surroundings,
      onSent: (number, sent) => {
        meter.sent(number, sent);
        this.#trouble(number, false);
      },
      onWaiting: (number) => {
        meter.dropped(number);
        this.#trouble(number, true);
      },
      checkFile: async (number, signal) => {
        await checkFile();
        await this.#wishes.check(number, signal);
      },
      checkUpload: this.#options.checkUpload,
    };
  }

  /**
   * URLs that came along with another answer.
   *
   * @param {SignedPart[]} parts
   */
  offer(parts) {
    // without its digest a URL is bound to too little
    if (!this.#options.digests) this.#window.put(this.#planned(parts));
  }

  /**
   * Resolves when every part of the plan is at the store. Rejects with the first error, or the signal's
   * reason, after all parts under way have stopped.
   *
   * @param {AbortSignal} signal
   */
  async send(signal) {
    const { plan, meter, pool } = this.#options;
    this.#pending = missing(plan.partCount, meter.done);
    const stop = new AbortController();
    const forget = onAbort(signal, () => stop.abort(signal.reason));
    /** @type {Promise<void>[]} */
    const flights = [];
    try {
      while (this.#pending.length > 0) {
        const release = await pool.acquire(this, stop.signal);
        const number = /** @type {number} */ (this.#pending.shift());
        const flight = this.#one(number, stop.signal).finally(release);
        flights.push(flight);
        flight.catch((error) => stop.abort(error));
      }
      await Promise.all(flights);
    } finally {
      stop.abort();
      await Promise.allSettled(flights);
      forget();
      meter.rest();
    }
  }

  /**
   * @param {number} number
   * @param {AbortSignal} signal
   */
  async #one(number, signal) {
    const { meter, plan, reporter } = this.#options;
    this.#underWay.add(number);
    try {
      const { etag, recorded } = await sendPart(number, this.#ports, signal);
      const { size } = partRange(plan, number);
      meter.arrived(number, size);
      if (recorded) return;
      const digest = this.#wishes.digest(number);
      reporter.add({ part_number: number, size, ...(etag === null ? {} : { etag }), ...digest });
    } finally {
      meter.dropped(number);
      this.#underWay.delete(number);
      this.#trouble(number, false);
    }
  }

  /** @param {number} number */
  #bodyOf(number) {
    const { plan, file } = this.#options;
    const { offset, size } = partRange(plan, number);
    return file.slice(offset, offset + size);
  }

  /** @param {SignedPart[]} parts */
  #planned(parts) {
    const odd = parts.find((signed) => !agrees(this.#options.plan, signed));
    if (odd) throw new Error(`part ${odd.part_number} was signed outside the plan`);
    return parts;
  }

  async #openPaths() {
    this.#opening ??= this.#options.openPaths();
    this.#paths = await this.#opening.catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#paths;
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

/**
 * @param {number} count
 * @param {ReadonlySet<number>} done
 * @returns {number[]}
 */
function missing(count, done) {
  const numbers = [];
  for (let number = 1; number <= count; number += 1) if (!done.has(number)) numbers.push(number);
  return numbers;
}
