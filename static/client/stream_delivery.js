/**
 * The protocol of a stream: start without a size, send parts as they are read, say the size when completing.
 * What is not at the store yet is in memory alone, so only this page can go on with it.
 */

/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */
/** @import { Plan } from './plan.js' */
/** @import { Content } from './task.js' */
/** @import { Upload } from './types.js' */
/** @import { Work } from './work.js' */

import { complete } from './completion.js';
import { abortIfThere } from './detour.js';
import { UploadError } from './errors.js';
import { plain, plainPath, plainType } from './opening.js';
import { idempotencyKey } from './start.js';
import { StreamSource } from './stream_source.js';
import { abortable } from './surroundings.js';
import { workOn } from './work.js';

/** Codes of errors after which the stream gives nothing more. */
const BROKEN = new Set(['stream_broken', 'not_bytes', 'stream_too_long', 'file_changed', 'file_unreadable']);

export class StreamDelivery {
  #stream;
  #content;
  #context;
  #options;
  #watcher;
  #key = idempotencyKey();
  #hurry = new AbortController();
  /** @type {Promise<Work> | null} */
  #starting = null;
  /** @type {StreamSource | null} */
  #source = null;
  /** @type {Plan | null} */
  #plan = null;
  /** @type {string | null} of the upload, also where starting went no further */
  #id = null;
  /** @type {UploadError | null} why the stream gives nothing more */
  #broken = null;
  /** @type {Work | null} null until the coordinator knows of the upload */
  work = null;

  /**
   * @param {ReadableStream<BufferSource | string>} stream
   * @param {Content} content
   * @param {DeliveryContext} context
   * @param {FileOptions & { encoding?: 'gzip', partSize?: number }} options
   * @param {Watcher} watcher
   */
  constructor(stream, content, context, options, watcher) {
    this.#stream = stream;
    this.#content = content;
    this.#context = context;
    this.#options = options;
    this.#watcher = watcher;
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Upload>} completed
   */
  async run(signal) {
    if (this.#broken) return this.#broke(this.#broken);
    if (!this.#source && this.#stream.locked) throw new UploadError('stream_locked');
    this.#stage('preparing', signal);
    const { upload, sender, reporter } = await abortable(this.#begin(), signal);
    this.#stage('uploading', signal);
    await sender.send(signal).catch((error) => this.#broke(error));
    this.#stage('finishing', signal);
    await reporter.flush();
    const { coordinator, surroundings } = this.#context;
    const size = this.#source?.size ?? 0;
    const answer = await complete(coordinator, upload.id, size, surroundings, signal);
    // the bytes of a part that the store lost are gone
    if (!('upload' in answer)) throw new UploadError('part_failed');
    if (this.work) this.work.upload = answer.upload;
    return answer.upload;
  }

  /** Ends the stream, and clears away what was stored. */
  async abandon() {
    this.#broken ??= new UploadError('stream_broken');
    this.work?.reporter.drop();
    this.#hurry.abort();
    await this.#starting?.catch(() => {});
    await (this.#source ? this.#source.cancel() : this.#stream.cancel().catch(() => {}));
    if (this.#id) await abortIfThere(this.#context.coordinator, this.#id);
  }

  /**
   * No one can finish what its stream left.
   *
   * @param {unknown} error
   * @returns {Promise<never>}
   */
  async #broke(error) {
    if (error instanceof UploadError && BROKEN.has(error.code)) {
      this.#broken = error;
      await this.abandon().catch(() => {});
    }
    throw error;
  }

  /**
   * @param {'preparing' | 'uploading' | 'finishing'} stage
   * @param {AbortSignal} signal
   */
  #stage(stage, signal) {
    signal.throwIfAborted();
    this.#watcher.onStage(stage);
  }

  #begin() {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  /** @returns {Promise<Work>} */
  async #start() {
    const started = await this.#context.coordinator.start(this.#body(), this.#key, this.#hurry.signal);
    this.#id = started.upload.id;
    this.#watcher.claim(this.#id);
    // a stream has one reader, however often starting went no further
    const plan = (this.#plan ??= { size: null, partSize: started.upload.part_size, partCount: null });
    const source = (this.#source ??= new StreamSource(this.#stream, plan.partSize, (size, partCount) =>
      Object.assign(plan, { size, partCount }),
    ));
    const content = {
      plan,
      source,
      signedSize: (/** @type {number} */ number) => source.sizeOf(number),
      checkFile: async () => {},
    };
    this.work = await workOn(this.#context, this.#watcher, started, content, this.#hurry.signal);
    return this.work;
  }

  #body() {
    const { name, type } = this.#content;
    const { policy, metadata, encoding, partSize } = this.#options;
    return {
      filename: plain(name),
      size: null,
      metadata: plainPath(metadata),
      part_size: partSize,
      sign: 0,
      content_type: plainType(type),
      content_encoding: encoding,
      policy,
    };
  }
}
