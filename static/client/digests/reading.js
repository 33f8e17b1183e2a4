/**
 * Reads a blob from its beginning into memory that is used again and again: fresh memory for every step costs the
 * browser more than the reading. Where a browser cannot (its blobs' streams fill no buffer), it gets its own.
 */

/** A blob has fewer bytes than it should: its file was cut short after it was chosen. */
export class ShortRead extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'ShortRead';
  }
}

/**
 * Readers under way. Chromium clears away a blob's stream that nothing but its own pending read refers to, and then
 * that read never ends.
 *
 * @type {Set<ReadableStreamBYOBReader>}
 */
const underWay = new Set();

export class Reading {
  #blob;
  #signal;
  #reader;
  #at = 0;

  /**
   * @param {Blob} blob
   * @param {AbortSignal} signal
   */
  constructor(blob, signal) {
    this.#blob = blob;
    this.#signal = signal;
    this.#reader = open(blob);
    if (this.#reader) underWay.add(this.#reader);
    signal.addEventListener('abort', this.stop);
  }

  /** Bytes that are still to be read. */
  get left() {
    return this.#blob.size - this.#at;
  }

  /**
   * The next bytes: as many as the buffer takes, or all that are left.
   *
   * @param {ArrayBuffer} buffer  is taken away; the answer's is to be used from then on
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   * @throws {DOMException | ShortRead} what the browser says of a blob that cannot be read; the signal's reason
   */
  async next(buffer) {
    const most = Math.min(buffer.byteLength, this.left);
    try {
      const bytes = this.#reader ? await this.#fill(this.#reader, buffer, most) : await this.#slice(most);
      this.#signal.throwIfAborted();
      if (bytes.length < most) throw new ShortRead(`${this.#at + bytes.length} of ${this.#blob.size} bytes`);
      this.#at += bytes.length;
      return bytes;
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      if (this.left === 0) this.stop();
    }
  }

  stop = () => {
    this.#signal.removeEventListener('abort', this.stop);
    if (!this.#reader || !underWay.delete(this.#reader)) return;
    this.#reader.cancel().catch(() => {});
  };

  /**
   * @param {ReadableStreamBYOBReader} reader
   * @param {ArrayBuffer} buffer
   * @param {number} most
   */
  async #fill(reader, buffer, most) {
    let filled = buffer;
    let length = 0;
    while (length < most) {
      const into = new Uint8Array(filled, length, most - length);
      const { done, value } = await reader.read(into).catch(() => this.#fails());
      this.#signal.throwIfAborted();
      if (!value) break;
      filled = value.buffer;
      length += value.length;
      if (done) break;
    }
    return new Uint8Array(filled, 0, length);
  }

  /**
   * A stream does not say why it broke off, a slice does.
   *
   * @returns {Promise<never>}
   */
  async #fails() {
    this.#signal.throwIfAborted();
    await this.#slice(1);
    throw new ShortRead('the stream broke off');
  }

  /** @param {number} most */
  async #slice(most) {
    return new Uint8Array(await this.#blob.slice(this.#at, this.#at + most).arrayBuffer());
  }
}

/**
 * @param {Blob} blob
 * @returns {ReadableStreamBYOBReader | null}
 */
function open(blob) {
  try {
    return blob.stream().getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
