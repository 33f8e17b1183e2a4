/**
 * The protocol of one file, top to bottom: recognise the file, start or resume, ask what is held, send what
 * is missing, report, complete. The coordinator's ledger is the truth; nothing is stored here. It may be
 * stopped at any await and run again.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Pool } from './pool.js' */
/** @import { Pace } from './pace.js' */
/** @import { Load } from './loading.js' */
/** @import { PathName, Throttle } from './ports.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { UploadTask } from './task.js' */
/** @import { Transport } from './transfer.js' */
/** @import { Turns } from './turns.js' */
/** @import { RecordedPart, Started, Upload } from './types.js' */
/** @import { UploaderOptions } from './uploader.js' */
/** @import { Work } from './work.js' */

import { complete } from './completion.js';
import { UploadError } from './errors.js';
import { FileSource } from './file_source.js';
import { Identity } from './identity.js';
import { hold } from './lock.js';
import { partRange, planOf } from './plan.js';
import { Start } from './start.js';
import { abortable } from './surroundings.js';
import { workOn } from './work.js';

const MOST_ROUNDS = 5;

/**
 * @typedef {object} DeliveryContext  what all deliveries of an Uploader share
 * @property {Coordinator} coordinator
 * @property {Pool} pool  places for parts
 * @property {Transport} transport
 * @property {Throttle | undefined} throttle  undefined: no rate is set
 * @property {Surroundings} surroundings
 * @property {Load} load
 * @property {Pace} pace
 * @property {Turns} turns  of starts, by fingerprint
 * @property {Set<string>} ended  ids of uploads that were cancelled here: the answer to a start may still name one
 * @property {UploaderOptions['digests']} digests  that are wanted, whatever the policy says
 *
 * @typedef {object} FileOptions
 * @property {string} [policy]
 * @property {Record<string, string>} [metadata]  kept with the upload; a `last_modified` of one's own stands in for the file's
 * @property {string} [path]  of the file in its folder, kept as `path` in the metadata; by default what the browser
 *   says when a folder was chosen
 * @property {AbortSignal} [signal]  cancels the upload; what is finishing by then completes
 * @property {boolean} [gzip]  compresses what is of a compressible type on its way, where the policy allows it; the
 *   length is then not known in advance, so it is sent as a stream, and the object carries `Content-Encoding: gzip`
 * @property {Upload} [expected]  the unfinished upload that this file was chosen for
 * @property {FileSystemFileHandle} [handle]  of the file: kept by the browser while the upload is unfinished, so that
 *   after a reload it need not be chosen again
 *
 * @typedef {object} Watcher
 * @property {(stage: 'preparing' | 'uploading' | 'finishing') => void} onStage
 * @property {(id: string) => UploadTask | null} rival  the other one on this page that sends this upload, or still has
 *   it cleared away
 * @property {(id: string) => void} claim
 * @property {(path: PathName) => void} onPath
 * @property {(elsewhere: boolean, signal: AbortSignal) => Promise<void>} onElsewhere  whether another tab sends this very
 *   upload; where not, resolves when it is this one's turn among the files of this page. Rejects with the signal's reason
 * @property {(troubled: boolean) => void} onTrouble  whether everything under way waits for its next try
 */

export class Delivery {
  #file;
  #context;
  #watcher;
  #identity;
  #start;
  /** @type {Work | null} null until the coordinator knows of the upload */
  work = null;
  #inStep = false;
  /** @type {RecordedPart[]} what was held, with a digest, before anything was sent from here */
  #found = [];
  /** @type {(() => void) | null} lets another tab send */
  #letGo = null;
  #elsewhere = false;

  /**
   * @param {File} file
   * @param {DeliveryContext} context
   * @param {FileOptions} options
   * @param {Watcher} watcher
   */
  constructor(file, context, options, watcher) {
    this.#file = file;
    this.#context = context;
    this.#watcher = watcher;
    this.#identity = new Identity(file);
    this.#start = new Start(file, context, options, watcher);
  }

  get resumption() {
    return this.#start.resumption;
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Upload>} completed
   */
  async run(signal) {
    try {
      for (;;) {
        try {
          return await this.#pass(signal);
        } catch (error) {
          const upload = await this.#detour(error, signal);
          if (upload?.state === 'completed') return upload;
        }
      }
    } finally {
      // another tab would go on with what is being cancelled
      if (signal.reason?.code !== 'cancelled') this.#leave();
    }
  }

  /** Clears away what a start, even one whose answer is still on its way, left at the coordinator. */
  async abandon() {
    this.work?.reporter.drop();
    try {
      const upload = (this.work ?? (await this.#start.outcome()))?.upload;
      if (!upload || this.#watcher.rival(upload.id)) return;
      const { abortUnlessSent } = await this.#context.load(() => import('./detour.js'));
      await abortUnlessSent(this.#context, upload.id, this.#elsewhere);
    } finally {
      this.#leave();
    }
  }

  /**
   * The protocol, once.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Upload>} completed
   */
  async #pass(signal) {
    this.#stage('preparing', signal);
    const fingerprint = await this.#identity.check();
    this.work ??= await this.#begin(fingerprint, signal);
    const work = this.work;
    if (!this.#letGo) await this.#takeTurn(work, signal);
    if (work.upload.state === 'open' && !this.#inStep) await this.#learn(work, signal);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (work.upload.state === 'open') await this.#send(work, signal);
      this.#stage('finishing', signal);
      if (work.upload.state === 'open') await this.#identity.check();
      await work.reporter.flush();
      const { coordinator, surroundings } = this.#context;
      const answer = await complete(coordinator, work.upload.id, undefined, surroundings, signal);
      if ('upload' in answer) return (work.upload = answer.upload);
      for (const number of answer.missing) work.meter.missing(number, partRange(work.plan, number).size);
    }
    throw new UploadError('part_failed');
  }

  /**
   * @param {string | null} fingerprint
   * @param {AbortSignal} signal
   * @returns {Promise<Work>}
   */
  async #begin(fingerprint, signal) {
    const started = await abortable(this.#start.run(fingerprint), signal);
    this.#inStep = started.created;
    this.#found = [];
    return abortable(this.#prepare(started, signal), signal);
  }

  /**
   * @param {Started} started
   * @param {AbortSignal} signal
   * @returns {Promise<Work>}
   */
  #prepare(started, signal) {
    const plan = planOf(started.upload, this.#file.size);
    const content = {
      plan,
      source: new FileSource(this.#file, plan),
      signedSize: () => undefined,
      checkFile: () => this.#identity.check(),
    };
    return workOn(this.#context, this.#watcher, started, content, signal);
  }

  /**
   * @param {Work} work
   * @param {AbortSignal} signal
   */
  async #takeTurn(work, signal) {
    const { surroundings, load } = this.#context;
    const onElsewhere = (/** @type {boolean} */ elsewhere) => {
      this.#elsewhere = elsewhere;
      return this.#watcher.onElsewhere(elsewhere, signal);
    };
    this.#letGo = await hold(surroundings, work.upload.id, { ifAvailable: true });
    signal.throwIfAborted();
    if (!this.#letGo) {
      const { awaitTurn } = await load(() => import('./tabs.js'), signal);
      const learn = () => this.#learn(work, signal);
      this.#letGo = await awaitTurn(this.#context, work, signal, { onElsewhere, learn });
    } else if (this.#elsewhere) {
      // the other tab stopped while this one did not wait for it
      await onElsewhere(false);
    }
  }

  /** What was learnt counts no longer: another tab may send from now on, and a failure may mean anything. */
  #leave() {
    this.#letGo?.();
    this.#letGo = null;
    this.#inStep = false;
  }

  /**
   * Which parts exist is asked, never remembered.
   *
   * @param {Work} work
   * @param {AbortSignal} signal
   */
  async #learn(work, signal) {
    const { coordinator, load } = this.#context;
    const { learn } = await load(() => import('./held.js'), signal);
    this.#found.push(...(await learn(coordinator, work, signal)));
    this.#inStep = true;
  }

  /**
   * @param {Work} work
   * @param {AbortSignal} signal
   */
  async #send({ sender, plan }, signal) {
    this.#stage('uploading', signal);
    const found = this.#found;
    if (found.length === 0) return sender.send(signal);
    const { sendProven } = await this.#context.load(() => import('./verification.js'), signal);
    return sendProven(
      this.#context,
      sender,
      { file: this.#file, plan, found, proven: this.#start.proven },
      signal,
    );
  }

  /**
   * After an error that may mean that the upload is over: what became of it. Null: it is to be started anew.
   *
   * @param {unknown} error
   * @param {AbortSignal} signal
   * @returns {Promise<Upload | null>}
   */
  async #detour(error, signal) {
    const work = this.work;
    if (!work || signal.aborted) throw error;
    const { detoursOf } = await import('./detour.js').catch(() => {
      throw error;
    });
    const upload = await detoursOf(this, this.#context.coordinator).after(error, work, signal);
    this.#inStep = false;
    if (!upload) {
      this.work = null;
      this.#leave();
      this.#start.forget();
    }
    return upload;
  }

  /**
   * @param {'preparing' | 'uploading' | 'finishing'} stage
   * @param {AbortSignal} signal
   */
  #stage(stage, signal) {
    signal.throwIfAborted();
    this.#watcher.onStage(stage);
  }
}
