/**
 * The parts of a stream. The next part is read only when the last one was taken, and kept until it is at the store:
 * what is held in memory are the parts under way and one more, whatever the stream's length.
 */

/** @import { Source } from './file_source.js' */

import { UploadError } from './errors.js';
import { abortable } from './surroundings.js';

/** Parts to sign before it is known whether the stream goes on so far. */
const AHEAD = 4;
/** Of an upload, as stores have it. */
const MOST_PARTS = 10_000;

/** @implements {Source} */
export class StreamSource {
  #reader;
  #partSize;
  #onEnd;
  /** @type {Map<number, Blob>} read, and not yet at the store */
  #held = new Map();
  /** @type {number[]} read, and not yet taken */
  #waiting = [];
  /** @type {Uint8Array | null} what was read beyond the last part */
  #rest = null;
  /** @type {Promise<Blob> | null} */
  #reading = null;
  #count = 0;
  #size = 0;
  #ended = false;
  #cancelled = false;

  /**
   * @param {ReadableStream<BufferSource | string>} stream
   * @param {number} partSize
   * @param {(size: number, partCount: number) => void} onEnd
   */
  constructor(stream, partSize, onEnd) {
    this.#reader = stream.getReader();
    this.#partSize = partSize;
    this.#onEnd = onEnd;
  }

  /** Bytes in all; null while the stream goes on. */
  get size() {
    return this.#ended ? this.#size : null;
  }

  /** @type {Source['restart']} */
  restart(done) {
    this.#waiting = [...this.#held.keys()].filter((number) => !done.has(number));
  }

  /** @type {Source['next']} */
  async next(signal) {
    if (this.#waiting.length === 0 && !this.#ended) {
      this.#reading ??= this.#read();
      const body = await abortable(this.#reading, signal);
      this.#reading = null;
      this.#keep(body);
    }
    return this.#waiting.shift() ?? null;
  }

  /** @type {Source['upcoming']} */
  upcoming(most) {
    if (this.#ended) return this.#waiting.slice(0, most);
    const length = Math.min(most, AHEAD, MOST_PARTS - this.#count);
    const next = Array.from({ length }, (_, index) => this.#count + 1 + index);
    return [...this.#waiting, ...next].slice(0, most);
  }

  /** @type {Source['body']} */
  body(number) {
    const body = this.#held.get(number);
    if (!body) throw new Error(`part ${number} is not at hand`);
    return body;
  }

  /** @param {number} number */
  atHand(number) {
    return this.#held.has(number);
  }

  /** @type {Source['sizeOf']} */
  sizeOf(number) {
    return this.#held.get(number)?.size ?? this.#partSize;
  }

  /** @param {number} number */
  arrived(number) {
    this.#held.delete(number);
  }

  /** Nothing more is wanted of the stream. That is not its end: what was read of it is not the whole. */
  async cancel() {
    this.#held.clear();
    this.#cancelled = true;
    await this.#reader.cancel().catch(() => {});
  }

  /**
   * @param {Blob} body
   * @throws {UploadError} `stream_too_long`
   */
  #keep(body) {
    const partSize = this.#partSize;
    if (body.size > 0 && this.#count === MOST_PARTS)
      throw new UploadError('stream_too_long', { limit: MOST_PARTS * partSize, partSize });
    const last = body.size < partSize;
    if (body.size > 0 || this.#count === 0) {
      this.#count += 1;
      this.#size += body.size;
      this.#held.set(this.#count, body);
      this.#waiting.push(this.#count);
    }
    if (!last) return;
    this.#ended = true;
    this.#onEnd(this.#size, this.#count);
  }

  /** @returns {Promise<Blob>} the next part; a smaller one, or an empty one, is the end */
  async #read() {
    /** @type {Uint8Array<any>[]} */
    const pieces = [];
    let missing = this.#partSize;
    while (missing > 0) {
      const piece = this.#rest ?? (await this.#piece());
      if (!piece) break;
      this.#rest = piece.length > missing ? piece.subarray(missing) : null;
      pieces.push(piece.subarray(0, missing));
      missing -= Math.min(missing, piece.length);
    }
    return new Blob(pieces);
  }

  async #piece() {
    const { done, value } = await this.#reader.read().catch((error) => {
      throw error instanceof UploadError ? error : new UploadError('stream_broken', {}, error);
    });
    if (this.#cancelled) throw new UploadError('stream_broken');
    return done ? null : bytesOf(value);
  }
}

/**
 * @param {unknown} piece
 * @returns {Uint8Array}
 * @throws {UploadError} `not_bytes`
 */
function bytesOf(piece) {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return new TextEncoder().encode(piece);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  if (!ArrayBuffer.isView(piece)) throw new UploadError('not_bytes');
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
}
