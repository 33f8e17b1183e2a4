/**
 * A coordinator and a store in memory, speaking the HTTP contract as far as the client uses it. Every call
 * is kept in `calls`; `fault` puts another answer before the real one.
 */
import { TransferError } from '../../static/client/errors.js';
import { problem, sizeIn, standing, streamEnds } from './replies.mjs';

/** @import { Fetch } from '../../static/client/http.js' */
/** @import { PartWish, Upload } from '../../static/client/types.js' */
/** @import { PartPut, Transport } from '../../static/client/transfer.js' */
/** @import { VirtualSurroundings } from './surroundings.mjs' */

const TTL_MS = 900_000;

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path  with its query
 * @property {any} body
 * @property {Record<string, string>} headers
 *
 * @typedef {object} Reply
 * @property {number} status  0: no answer at all
 * @property {any} [body]
 * @property {Record<string, string>} [headers]
 *
 * @typedef {(call: Call) => Reply | Promise<Reply> | undefined} Fault  undefined: no fault, the real answer
 *
 * @typedef {object} Put
 * @property {string} uploadId
 * @property {number} number
 * @property {number} serial  of the signature
 * @property {PartPut} request
 */

export class FakeCoordinator {
  /** @type {Call[]} */
  calls = [];
  /** @type {Put[]} */
  puts = [];
  /** @type {Map<string, any>} */
  uploads = new Map();
  /** @type {Map<string, Map<number, { size: number, etag: string, bytes: string | null }>>} what the store holds */
  store = new Map();
  /** @type {Fault} */
  fault = () => undefined;
  /** @type {(put: Put) => Promise<{ etag: string | null } | undefined> | undefined} */
  partFault = () => undefined;
  partSize = 4;
  hideEtag = false;
  /** @type {Upload['method']} */
  method = 'multipart';
  /** How far this clock is ahead of the client's, in milliseconds; told by a Date header unless 0. */
  skew = 0;
  pageSize = 1000;
  /** The transfers under way at once, at most. */
  most = 0;
  #underWay = 0;
  #serial = 0;

  /** @param {VirtualSurroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
  }

  /** @type {Fetch} */
  fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const headers = /** @type {Record<string, string>} */ (init.headers ?? {});
    /** @type {Call} */
    const call = {
      method: init.method ?? 'GET',
      path: url.pathname + url.search,
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      headers,
    };
    this.calls.push(call);
    const reply = (await this.fault(call)) ?? this.#answer(call, url);
    if (init.signal?.aborted) throw init.signal.reason;
    if (reply.status === 0) throw new TypeError('network');
    /** @type {Record<string, string>} */
    const date = this.skew === 0 ? {} : { Date: new Date(this.#now()).toUTCString() };
    return new Response(JSON.stringify(reply.body ?? {}), {
      status: reply.status,
      headers: { ...date, ...reply.headers },
    });
  };

  #now() {
    return this.surroundings.now() + this.skew;
  }

  /** @type {Transport} */
  transport = async (request) => {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const [, uploadId = '', number = '0'] = url.pathname.split('/');
    const put = { uploadId, number: Number(number), serial: Number(url.searchParams.get('serial')), request };
    this.puts.push(put);
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
    try {
      const done = await this.#raced(this.partFault(put), request.signal);
      return done ?? (await this.#keep(put));
    } finally {
      this.#underWay -= 1;
    }
  };

  /**
   * @param {string} method
   * @param {string} pattern
   */
  callsTo(method, pattern) {
    const shape = new RegExp(`^/v1/uploads${pattern}$`);
    return this.calls.filter((call) => call.method === method && shape.test(call.path));
  }

  /**
   * An upload left over from before.
   *
   * @param {any} body  of the start
   * @param {number[]} held
   */
  leaveUnfinished(body, held) {
    const upload = this.#create(body);
    for (const number of held) this.#hold(upload.id, number, this.#range(upload, number).size, null);
    return upload;
  }

  /**
   * @template T
   * @param {Promise<T> | undefined} promise
   * @param {AbortSignal} signal
   * @returns {Promise<T | undefined>}
   */
  #raced(promise, signal) {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      Promise.resolve(promise)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stop));
    });
  }

  /** @param {Put} put */
  async #keep({ uploadId, number, request }) {
    if (!this.store.has(uploadId)) throw new TransferError('status', 404);
    const bytes = await request.body.text();
    request.onProgress(request.body.size);
    const etag = this.#hold(uploadId, number, request.body.size, bytes);
    return { etag: this.hideEtag ? null : etag };
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {number} size
   * @param {string | null} bytes
   */
  #hold(id, number, size, bytes) {
    const etag = `"etag-${number}"`;
    this.store.get(id)?.set(number, { size, etag, bytes });
    return etag;
  }

  /**
   * @param {any} upload
   * @param {number} number
   */
  #range(upload, number) {
    const offset = (number - 1) * upload.part_size;
    return { offset, size: Math.min(upload.part_size, (upload.size ?? Infinity) - offset) };
  }

  /**
   * @param {any} body
   * @returns {Upload}
   */
  #create(body) {
    const id = `upload-${this.uploads.size + 1}`;
    /** @type {Upload} */
    const upload = {
      id,
      state: 'open',
      reason: null,
      policy: body.policy ?? 'default',
      filename: body.filename,
      content_type: body.content_type ?? 'application/octet-stream',
      content_encoding: body.content_encoding ?? null,
      size: body.size,
      method: this.method,
      part_size: this.partSize,
      part_count: body.size === null ? null : Math.max(1, Math.ceil(body.size / this.partSize)),
      parts_uploaded: 0,
      bytes_uploaded: 0,
      fingerprint: body.fingerprint ?? null,
      metadata: body.metadata ?? {},
      ...standing(id, new Date(this.#now()).toISOString()),
    };
    this.uploads.set(id, upload);
    this.store.set(id, new Map());
    return upload;
  }

  /**
   * @param {any} upload
   * @param {number[]} numbers
   * @param {PartWish[]} [wishes]
   */
  #sign(upload, numbers, wishes = []) {
    this.#serial += 1;
    const expires_at = new Date(this.#now() + TTL_MS).toISOString();
    return numbers.map((part_number) => ({
      part_number,
      ...this.#range(upload, part_number),
      ...sizeIn(wishes, part_number),
      method: 'PUT',
      url: `https://store.test/${upload.id}/${part_number}?serial=${this.#serial}`,
      headers: { 'x-signed': String(part_number) },
      expires_at,
    }));
  }

  /**
   * @param {any} upload
   * @returns {number[]}
   */
  #missing(upload) {
    const held = this.store.get(upload.id);
    return Array.from({ length: upload.part_count }, (_, index) => index + 1).filter(
      (number) => !held?.has(number),
    );
  }

  /**
   * @param {Call} call
   * @param {URL} url
   * @returns {Reply}
   */
  #answer({ method, body }, url) {
    const [, id, tail] = /^\/v1\/uploads(?:\/([^/]+))?(?:\/(.+))?$/.exec(url.pathname) ?? [];
    if (id === undefined) return method === 'POST' ? this.#start(body) : this.#list(url);
    const upload = this.uploads.get(id);
    if (!upload) return problem(404, 'not_found');
    if (method === 'GET' && tail === undefined) return { status: 200, body: upload };
    if (method === 'GET' && tail === 'parts') return this.#parts(upload, url);
    if (method === 'GET') return { status: 200, body: { url: `https://store.test/${id}`, expires_at: '' } };
    if (method === 'DELETE') return this.#abort(upload);
    if (tail === 'complete') return this.#complete(upload, body);
    if (upload.state !== 'open') return problem(409, 'upload_not_open');
    if (tail === 'parts/sign') {
      const numbers = body.parts.map((/** @type {PartWish} */ { part_number }) => part_number);
      return (
        streamEnds(upload, body.parts) ?? {
          status: 200,
          body: { parts: this.#sign(upload, numbers, body.parts) },
        }
      );
    }
    return { status: 200, body: upload };
  }

  /**
   * @param {any} body
   * @returns {Reply}
   */
  #start(body) {
    const live = [...this.uploads.values()].find(
      (upload) => body.fingerprint && upload.state === 'open' && upload.fingerprint === body.fingerprint,
    );
    const upload = live ?? this.#create(body);
    const parts = this.#sign(upload, this.#missing(upload).slice(0, body.sign));
    return { status: live ? 200 : 201, body: { upload, parts } };
  }

  /**
   * @param {URL} url
   * @returns {Reply}
   */
  #list(url) {
    const state = url.searchParams.get('state');
    const uploads = [...this.uploads.values()].filter((upload) => upload.state === state);
    return { status: 200, body: this.#page(uploads, url, 'uploads') };
  }

  /**
   * @param {any} upload
   * @param {URL} url
   * @returns {Reply}
   */
  #parts(upload, url) {
    const held = [...(this.store.get(upload.id) ?? [])].sort(([one], [other]) => one - other);
    const parts = held.map(([part_number, { size, etag }]) => ({ part_number, size, etag }));
    return { status: 200, body: this.#page(parts, url, 'parts') };
  }

  /**
   * @param {any[]} all
   * @param {URL} url
   * @param {string} member
   */
  #page(all, url, member) {
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const end = from + this.pageSize;
    return { [member]: all.slice(from, end), next: end < all.length ? String(end) : null };
  }

  /**
   * @param {any} upload
   * @param {any} body
   * @returns {Reply}
   */
  #complete(upload, body) {
    if (upload.state === 'completed') return { status: 200, body: upload };
    if (upload.state !== 'open') return problem(410, 'upload_gone');
    if (upload.size === null && body.size === undefined) return problem(422, 'validation_failed');
    upload.size ??= body.size;
    upload.part_count ??= Math.max(1, Math.ceil(upload.size / upload.part_size));
    const missing = this.#missing(upload);
    if (missing.length > 0) return problem(422, 'parts_missing', { part_numbers: missing });
    upload.state = 'completed';
    return { status: 200, body: upload };
  }

  /**
   * @param {any} upload
   * @returns {Reply}
   */
  #abort(upload) {
    if (upload.state === 'completed') return problem(409, 'already_completed');
    upload.state = 'aborted';
    upload.reason = 'client';
    this.store.delete(upload.id);
    return { status: 200, body: upload };
  }
}
