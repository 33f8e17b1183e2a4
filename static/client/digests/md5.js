/**
 * MD5 (RFC 1321), because Web Crypto has none and Content-MD5 is the digest that every store enforces. It proves
 * that bytes arrived as they left; it is no protection against somebody who makes two files alike.
 *
 * The 64 steps stand unrolled, in four functions that the engine's compiler takes whole.
 *
 * @typedef {{ a: number, b: number, c: number, d: number }} State
 */

const BLOCK = 64;

/** Bytes come in with `update`, in pieces of any length; `digest` ends it. */
export class Md5 {
  /** @type {State} */
  #state = { a: 0x67452301, b: -271733879, c: -1732584194, d: 0x10325476 };
  #tail = new Uint8Array(BLOCK);
  #tailLength = 0;
  #length = 0;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let from = 0;
    if (this.#tailLength > 0) {
      from = Math.min(BLOCK - this.#tailLength, bytes.length);
      this.#tail.set(bytes.subarray(0, from), this.#tailLength);
      this.#tailLength += from;
      if (this.#tailLength < BLOCK) return;
      this.#blocks(this.#tail, 0, BLOCK);
    }
    const end = bytes.length - ((bytes.length - from) % BLOCK);
    this.#blocks(bytes, from, end);
    this.#tail.set(bytes.subarray(end));
    this.#tailLength = bytes.length - end;
  }

  /** @returns {Uint8Array<ArrayBuffer>} 16 bytes */
  digest() {
    const bits = this.#length * 8;
    const zeros = (BLOCK + 56 - 1 - this.#tailLength) % BLOCK;
    const ending = new DataView(new ArrayBuffer(1 + zeros + 8));
    ending.setUint8(0, 0x80);
    ending.setUint32(1 + zeros, bits >>> 0, true);
    ending.setUint32(1 + zeros + 4, Math.floor(bits / 2 ** 32), true);
    this.update(new Uint8Array(ending.buffer));
    const sum = new DataView(new ArrayBuffer(16));
    const { a, b, c, d } = this.#state;
    [a, b, c, d].forEach((word, index) => sum.setInt32(4 * index, word, true));
    return new Uint8Array(sum.buffer);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} from
   * @param {number} end  a whole number of blocks later
   */
  #blocks(bytes, from, end) {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const state = this.#state;
    for (let at = from; at < end; at += BLOCK) {
      const { a, b, c, d } = state;
      first(state, words, at);
      second(state, words, at);
      third(state, words, at);
      fourth(state, words, at);
      state.a = (state.a + a) | 0;
      state.b = (state.b + b) | 0;
      state.c = (state.c + c) | 0;
      state.d = (state.d + d) | 0;
    }
  }
}

/**
 * @param {State} s
 * @param {DataView} x
 * @param {number} at
 */
function first(s, x, at) {
  let { a, b, c, d } = s;
  a = (a + (d ^ (b & (c ^ d))) + x.getInt32(at, true) - 680876936) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + (c ^ (a & (b ^ c))) + x.getInt32(at + 4, true) - 389564586) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + (b ^ (d & (a ^ b))) + x.getInt32(at + 8, true) + 606105819) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + (a ^ (c & (d ^ a))) + x.getInt32(at + 12, true) - 1044525330) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + (d ^ (b & (c ^ d))) + x.getInt32(at + 16, true) - 176418897) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + (c ^ (a & (b ^ c))) + x.getInt32(at + 20, true) + 1200080426) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + (b ^ (d & (a ^ b))) + x.getInt32(at + 24, true) - 1473231341) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + (a ^ (c & (d ^ a))) + x.getInt32(at + 28, true) - 45705983) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + (d ^ (b & (c ^ d))) + x.getInt32(at + 32, true) + 1770035416) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + (c ^ (a & (b ^ c))) + x.getInt32(at + 36, true) - 1958414417) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + (b ^ (d & (a ^ b))) + x.getInt32(at + 40, true) - 42063) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + (a ^ (c & (d ^ a))) + x.getInt32(at + 44, true) - 1990404162) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  a = (a + (d ^ (b & (c ^ d))) + x.getInt32(at + 48, true) + 1804603682) | 0;
  a = (((a << 7) | (a >>> 25)) + b) | 0;
  d = (d + (c ^ (a & (b ^ c))) + x.getInt32(at + 52, true) - 40341101) | 0;
  d = (((d << 12) | (d >>> 20)) + a) | 0;
  c = (c + (b ^ (d & (a ^ b))) + x.getInt32(at + 56, true) - 1502002290) | 0;
  c = (((c << 17) | (c >>> 15)) + d) | 0;
  b = (b + (a ^ (c & (d ^ a))) + x.getInt32(at + 60, true) + 1236535329) | 0;
  b = (((b << 22) | (b >>> 10)) + c) | 0;
  s.a = a;
  s.b = b;
  s.c = c;
  s.d = d;
}

/**
 * @param {State} s
 * @param {DataView} x
 * @param {number} at
 */
function second(s, x, at) {
  let { a, b, c, d } = s;
  a = (a + (c ^ (d & (b ^ c))) + x.getInt32(at + 4, true) - 165796510) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + (b ^ (c & (a ^ b))) + x.getInt32(at + 24, true) - 1069501632) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + (a ^ (b & (d ^ a))) + x.getInt32(at + 44, true) + 643717713) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + (d ^ (a & (c ^ d))) + x.getInt32(at, true) - 373897302) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + (c ^ (d & (b ^ c))) + x.getInt32(at + 20, true) - 701558691) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + (b ^ (c & (a ^ b))) + x.getInt32(at + 40, true) + 38016083) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + (a ^ (b & (d ^ a))) + x.getInt32(at + 60, true) - 660478335) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + (d ^ (a & (c ^ d))) + x.getInt32(at + 16, true) - 405537848) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + (c ^ (d & (b ^ c))) + x.getInt32(at + 36, true) + 568446438) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + (b ^ (c & (a ^ b))) + x.getInt32(at + 56, true) - 1019803690) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + (a ^ (b & (d ^ a))) + x.getInt32(at + 12, true) - 187363961) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + (d ^ (a & (c ^ d))) + x.getInt32(at + 32, true) + 1163531501) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  a = (a + (c ^ (d & (b ^ c))) + x.getInt32(at + 52, true) - 1444681467) | 0;
  a = (((a << 5) | (a >>> 27)) + b) | 0;
  d = (d + (b ^ (c & (a ^ b))) + x.getInt32(at + 8, true) - 51403784) | 0;
  d = (((d << 9) | (d >>> 23)) + a) | 0;
  c = (c + (a ^ (b & (d ^ a))) + x.getInt32(at + 28, true) + 1735328473) | 0;
  c = (((c << 14) | (c >>> 18)) + d) | 0;
  b = (b + (d ^ (a & (c ^ d))) + x.getInt32(at + 48, true) - 1926607734) | 0;
  b = (((b << 20) | (b >>> 12)) + c) | 0;
  s.a = a;
  s.b = b;
  s.c = c;
  s.d = d;
}

/**
 * @param {State} s
 * @param {DataView} x
 * @param {number} at
 */
function third(s, x, at) {
  let { a, b, c, d } = s;
  a = (a + (b ^ c ^ d) + x.getInt32(at + 20, true) - 378558) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + x.getInt32(at + 32, true) - 2022574463) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + x.getInt32(at + 44, true) + 1839030562) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + x.getInt32(at + 56, true) - 35309556) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + x.getInt32(at + 4, true) - 1530992060) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + x.getInt32(at + 16, true) + 1272893353) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + x.getInt32(at + 28, true) - 155497632) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + x.getInt32(at + 40, true) - 1094730640) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + x.getInt32(at + 52, true) + 681279174) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + x.getInt32(at, true) - 358537222) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + x.getInt32(at + 12, true) - 722521979) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + x.getInt32(at + 24, true) + 76029189) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  a = (a + (b ^ c ^ d) + x.getInt32(at + 36, true) - 640364487) | 0;
  a = (((a << 4) | (a >>> 28)) + b) | 0;
  d = (d + (a ^ b ^ c) + x.getInt32(at + 48, true) - 421815835) | 0;
  d = (((d << 11) | (d >>> 21)) + a) | 0;
  c = (c + (d ^ a ^ b) + x.getInt32(at + 60, true) + 530742520) | 0;
  c = (((c << 16) | (c >>> 16)) + d) | 0;
  b = (b + (c ^ d ^ a) + x.getInt32(at + 8, true) - 995338651) | 0;
  b = (((b << 23) | (b >>> 9)) + c) | 0;
  s.a = a;
  s.b = b;
  s.c = c;
  s.d = d;
}

/**
 * @param {State} s
 * @param {DataView} x
 * @param {number} at
 */
function fourth(s, x, at) {
  let { a, b, c, d } = s;
  a = (a + (c ^ (b | ~d)) + x.getInt32(at, true) - 198630844) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + x.getInt32(at + 28, true) + 1126891415) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + x.getInt32(at + 56, true) - 1416354905) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + x.getInt32(at + 20, true) - 57434055) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + x.getInt32(at + 48, true) + 1700485571) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + x.getInt32(at + 12, true) - 1894986606) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + x.getInt32(at + 40, true) - 1051523) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + x.getInt32(at + 4, true) - 2054922799) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + x.getInt32(at + 32, true) + 1873313359) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + x.getInt32(at + 60, true) - 30611744) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + x.getInt32(at + 24, true) - 1560198380) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + x.getInt32(at + 52, true) + 1309151649) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  a = (a + (c ^ (b | ~d)) + x.getInt32(at + 16, true) - 145523070) | 0;
  a = (((a << 6) | (a >>> 26)) + b) | 0;
  d = (d + (b ^ (a | ~c)) + x.getInt32(at + 44, true) - 1120210379) | 0;
  d = (((d << 10) | (d >>> 22)) + a) | 0;
  c = (c + (a ^ (d | ~b)) + x.getInt32(at + 8, true) + 718787259) | 0;
  c = (((c << 15) | (c >>> 17)) + d) | 0;
  b = (b + (d ^ (c | ~a)) + x.getInt32(at + 36, true) - 343485551) | 0;
  b = (((b << 21) | (b >>> 11)) + c) | 0;
  s.a = a;
  s.b = b;
  s.c = c;
  s.d = d;
}
