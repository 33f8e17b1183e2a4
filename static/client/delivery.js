/**
 * The protocol of one file, top to bottom: recognise the file, start or resume, ask what is held, send what
 * is missing, report, complete. The coordinator's ledger is the truth; nothing is stored here. It may be
 * stopped at any await and run again.
 */

/** @import { Coordinator } from './api.js' */
/** @import { Pool } from './pool.js' */
/** @import { Detours } from './detour.js' */
/** @import { Pace } from './pace.js' */
/** @import { Hasher } from './digests/open.js' */
/** @import { Load } from './loading.js' */
/** @import { Digests, PathName } from './ports.js' */
/** @import { Surroundings } from './surroundings.js' */
/** @import { Transport } from './transfer.js' */
/** @import { Turns } from './turns.js' */
/** @import { RecordedPart, Started, Upload } from './types.js' */
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
 * @property {Surroundings} surroundings
 * @property {Load} load
 * @property {Pace} pace
 * @property {Turns} turns  of starts, by fingerprint
 * @property {(upload: Upload, signal: AbortSignal) => Promise<Digests | null>} openDigests  null: none are wanted
 * @property {(signal?: AbortSignal) => Promise<Hasher>} openHasher
 * @property {boolean} hashes  whether parts are bound to digests, as far as is known before the start
 *
 * @typedef {object} FileOptions
 * @property {string} [policy]
 * @property {Record<string, string>} [metadata]  kept with the upload; a `last_modified` of one's own stands in for the file's
 * @property {string} [path]  of the file in its folder, kept as `path` in the metadata; by default what the browser
 *   says when a folder was chosen
 * @property {AbortSignal} [signal]  cancels the upload; what is finishing by then completes
 * @property {boolean} [gzip]  compresses what is of a compressible type on its way; the length is then not known
 *   in advance, so it is sent as a stream, and the object carries `Content-Encoding: gzip`
 * @property {Upload} [expected]  the unfinished upload that this file was chosen for
 * @property {FileSystemFileHandle} [handle]  of the file: kept by the browser while the upload is unfinished, so that
 *   after a reload it need not be chosen again
 *
 * @typedef {object} Watcher
 * @property {(stage: 'preparing' | 'uploading' | 'finishing') => void} onStage
 * @property {(id: string) => File | null} rival  the other file on this page that sends this upload
 * @property {(id: string) => void} claim
 * @property {(path: PathName) => void} onPath
 * @property {(elsewhere: boolean) => void} onElsewhere  whether another tab sends this very upload
 * @property {(troubled: boolean) => void} onTrouble  whether everything under way waits for its next try
 */

export class Delivery {
  #file;
  #context;
  #watcher;
  #identity;
  #start;
  /** @type {Work | null} */
  #work = null;
  #inStep = false;
  /** @type {RecordedPart[]} what was held, with a digest, before anything was sent from here */
  #found = [];
  /** @type {(() => void) | null} lets another tab send */
  #letGo = null;
  #elsewhere = false;
  /** @type {Detours | null} */
  #detours = null;

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

  /** Null until the coordinator knows of the upload. */
  get work() {
    return this.#work;
  }

  /** The unfinished upload that the file, changed since it began, was refused for. */
  get standing() {
    return this.#start.standing;
  }

  /** The next run discards that upload first. */
  replace() {
    this.#start.replace();
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

  /** After a failure nothing that was learnt counts: the coordinator is asked again. */
  doubt() {
    this.#inStep = false;
  }

  /** Clears away what a start, even one whose answer is still on its way, left at the coordinator. */
  async abandon() {
    this.#work?.reporter.drop();
    try {
      const upload = (this.#work ?? (await this.#start.outcome()))?.upload;
      if (!upload || this.#elsewhere || this.#watcher.rival(upload.id)) return;
      const { abortIfThere } = await this.#context.load(() => import('./detour.js'));
      await abortIfThere(this.#context.coordinator, upload.id);
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
    this.#work ??= await this.#begin(fingerprint, signal);
    const work = this.#work;
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
    this.#letGo = await hold(surroundings, work.upload.id, { ifAvailable: true });
    if (this.#letGo) return;
    const { awaitTurn } = await load(() => import('./tabs.js'), signal);
    this.#letGo = await awaitTurn(this.#context, work, signal, {
      onElsewhere: (elsewhere) => {
        this.#elsewhere = elsewhere;
        this.#watcher.onElsewhere(elsewhere);
      },
      learn: () => this.#learn(work, signal),
    });
  }

  #leave() {
    this.#letGo?.();
    this.#letGo = null;
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
    const work = this.#work;
    if (!work || signal.aborted) throw error;
    this.#detours ??= await import('./detour.js').then(
      ({ Detours }) => new Detours(this.#context.coordinator),
      () => {
        throw error;
      },
    );
    const upload = await this.#detours.after(error, work.upload.id, signal);
    this.#inStep = false;
    if (upload) {
      work.upload = upload;
      return upload;
    }
    work.reporter.drop();
    this.#work = null;
    this.#leave();
    this.#start.forget();
    return null;
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
