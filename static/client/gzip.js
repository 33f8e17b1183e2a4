/**
 * Compression on the way, by the browser's own CompressionStream: off the main thread, without code of ours. Where the
 * coordinator lets nothing that is compressed in, by its policy or because it wants to know sizes, the file goes up as
 * it is.
 */

/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */
/** @import { Delivering } from './task.js' */

import { Delivery } from './delivery.js';
import { CoordinatorError, UploadError } from './errors.js';
import { Identity } from './identity.js';
import { StreamDelivery } from './stream_delivery.js';

const COMPRESSIBLE =
  /^(text\/|application\/(json|xml|javascript|x-ndjson|sql|wasm|rtf)$|image\/(svg\+xml|bmp)$)|[+](xml|json)$/;
/** Types that browsers do not name. */
const BY_NAME =
  /\.(csv|tsv|json|ndjson|jsonl|log|txt|md|sql|xml|svg|yaml|yml|html?|css|m?js|geojson|vcf|sam|fastq|fasta)$/i;
/** `size_not_allowed`: the file's own size counts for nothing while it is not told. */
const REFUSALS = new Set(['encoding_not_allowed', 'size_not_allowed']);

/** @type {WeakMap<DeliveryContext, Set<string>>} of each Uploader, the policies that refused */
const refusing = new WeakMap();

/**
 * @param {File} file
 * @param {DeliveryContext} context
 * @param {FileOptions} options
 * @param {Watcher} watcher
 * @returns {Delivering | null} null: it goes up as it is
 */
export function compressing(file, context, options, watcher) {
  // what an unfinished upload holds of a file is not compressed
  const fits = isCompressible(file) && !options.expected;
  return fits ? new CompressedDelivery(file, context, options, watcher) : null;
}

/** @implements {Delivering} */
class CompressedDelivery {
  #file;
  #context;
  #options;
  #watcher;
  #policy;
  #refusing;
  /** @type {Delivering | null} null before the first run */
  #delivery = null;

  /**
   * @param {File} file
   * @param {DeliveryContext} context
   * @param {FileOptions} options
   * @param {Watcher} watcher
   */
  constructor(file, context, options, watcher) {
    this.#file = file;
    this.#context = context;
    this.#options = options;
    this.#watcher = watcher;
    this.#policy = options.policy ?? '';
    this.#refusing = refusing.get(context) ?? new Set();
    refusing.set(context, this.#refusing);
  }

  get work() {
    return this.#delivery?.work ?? null;
  }

  get resumption() {
    return this.#delivery?.resumption ?? null;
  }

  /** @type {Delivering['run']} */
  async run(signal) {
    this.#delivery ??= this.#refusing.has(this.#policy) ? this.#asItIs() : this.#compressed();
    try {
      return await this.#delivery.run(signal);
    } catch (error) {
      if (this.#delivery instanceof Delivery || this.work || !isRefusal(error)) throw error;
    }
    // nothing was begun, and no byte sent
    this.#refusing.add(this.#policy);
    await this.#delivery.abandon();
    this.#delivery = this.#asItIs();
    return this.#delivery.run(signal);
  }

  async abandon() {
    await this.#delivery?.abandon();
  }

  #compressed() {
    const stream = openedLate(this.#file);
    const options = { ...this.#options, encoding: /** @type {const} */ ('gzip') };
    return new StreamDelivery(stream, this.#file, this.#context, options, this.#watcher);
  }

  #asItIs() {
    return new Delivery(this.#file, this.#context, this.#options, this.#watcher);
  }
}

/**
 * Opened when it is first read. A compressor that is open holds memory and reads ahead, and a coordinator may take its
 * time, or refuse. Before it and at its end the file is looked at: some browsers read on in one that was changed.
 *
 * @param {File} file
 * @returns {ReadableStream<BufferSource>} breaks off with an UploadError `file_unreadable`, `file_changed`
 */
function openedLate(file) {
  const identity = new Identity(file);
  /** @type {ReadableStreamDefaultReader<BufferSource> | undefined} */
  let reader;
  return new ReadableStream(
    {
      async pull(out) {
        if (!reader) await identity.check();
        reader ??= compressed(file).getReader();
        const { done, value } = await reader.read().catch((error) => {
          throw new UploadError('file_changed', {}, error);
        });
        if (!done) return out.enqueue(value);
        await identity.check();
        out.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * @param {File} file
 * @returns {ReadableStream<BufferSource>}
 */
function compressed(file) {
  return file.stream().pipeThrough(/** @type {any} */ (new CompressionStream('gzip')));
}

/** @param {unknown} error */
function isRefusal(error) {
  return error instanceof CoordinatorError && REFUSALS.has(error.code);
}

/** @param {File} file  where the browser cannot compress, none is */
function isCompressible({ name, type }) {
  if (typeof CompressionStream !== 'function') return false;
  const essence = type.split(';')[0] ?? '';
  return essence ? COMPRESSIBLE.test(essence) : BY_NAME.test(name);
}
