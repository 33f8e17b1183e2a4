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
/** @import { SignedPart } from './types.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Transport } from './transfer.js' */

import { sendPart } from './part.js';
import { agrees, partRange } from './plan.js';
import { onAbort } from './surroundings.js';
import { SigningWindow } from './window.js';

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
 * @property {PartPorts['checkFile']} checkFile
 * @property {PartPorts['checkUpload']} checkUpload
 * @property {(waiting: boolean) => void} onTrouble  true while every part under way waits for its next try
 */

export class Sender {
  #options;
  #window;
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
    const { coordinator, uploadId, file, meter } = options;
    this.#options = options;
    this.#window = new SigningWindow({
      sign: (numbers, signal) => coordinator.sign(uploadId, numbers, signal),
      upcoming: (most) => this.#pending.slice(0, most),
      size: options.windowSize,
      now: () => coordinator.now(),
    });
    this.#ports = {
      signed: (number, signal) => this.#window.take(number, signal),
      isFresh: (signed) => this.#window.isFresh(signed),
      body: (signed) => this.#bodyOf(file, signed),
      transport: options.transport,
      surroundings: options.surroundings,
      onSent: (number, sent) => {
        meter.sent(number, sent);
        this.#trouble(number, false);
      },
      onWaiting: (number) => {
        meter.dropped(number);
        this.#trouble(number, true);
      },
      checkFile: options.checkFile,
      checkUpload: options.checkUpload,
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
      const { etag } = await sendPart(number, this.#ports, signal);
      const { size } = partRange(plan, number);
      meter.arrived(number, size);
      reporter.add({ part_number: number, size, ...(etag === null ? {} : { etag }) });
    } finally {
      meter.dropped(number);
      this.#underWay.delete(number);
      this.#trouble(number, false);
    }
  }

  /**
   * @param {Blob} file
   * @param {SignedPart} signed
   */
  #bodyOf(file, signed) {
    const { plan } = this.#options;
    if (!agrees(plan, signed)) throw new Error(`part ${signed.part_number} was signed outside the plan`);
    return file.slice(signed.offset, signed.offset + signed.size);
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
