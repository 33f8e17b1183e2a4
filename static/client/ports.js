/**
 * What the engine asks of modules that it loads only when they are needed.
 *
 * The digest of one part, in base64. At least one member; both may be given.
 *
 * @typedef {object} PartDigest
 * @property {string} [md5]
 * @property {string} [sha256]
 *
 * Computes digests off the main thread. For each part that has its place a call may be open, and some ahead of need
 * (DIGESTS_AHEAD in wishes.js); all uploads of an Uploader share one port.
 *
 * @typedef {object} Digests
 * @property {(number: number, blob: Blob, signal: AbortSignal) => Promise<PartDigest>} of  rejects with an
 *   UploadError where the blob cannot be read or is not as long as it should be, or with the signal's reason
 *
 * Holds parts back: resolves when so many bytes may leave. The answer is told how many of them did, where not all.
 *
 * @typedef {(bytes: number, signal: AbortSignal) => Promise<(sent: number) => void>} Throttle
 *
 * Which way parts take: straight to the store, or through the coordinator.
 *
 * @typedef {'direct' | 'relay'} PathName
 *
 * @typedef {object} DirectFailure  a direct try that got no readable answer on a freshly signed URL
 * @property {number} number  of the part
 * @property {'network' | 'stalled'} kind
 * @property {number} sent  bytes that left before
 *
 * @typedef {object} Delivered
 * @property {string | null} etag
 * @property {boolean} [recorded]  the coordinator knows it already: no claim is needed
 *
 * @typedef {object} RelayedPart
 * @property {number} number
 * @property {Blob} body
 * @property {PartDigest | undefined} digest
 * @property {(sent: number) => void} onProgress
 * @property {AbortSignal} signal
 * @property {import('./transfer.js').PartPut['patience']} patience
 *
 * @typedef {object} Paths  of one upload
 * @property {(number: number) => PathName} choose  asked before every try of a part, at once answered
 * @property {(failure: DirectFailure, signal: AbortSignal) => Promise<PathName>} failed  the path the part takes
 *   next; `relay` is taken at once, `direct` after the usual wait
 * @property {(number: number) => void} arrived  a direct try succeeded
 * @property {(number: number) => void} left  the part is under way no longer: it is at the store, or was stopped
 * @property {(part: RelayedPart) => Promise<Delivered>} send  through the coordinator, one try. A TransferError is
 *   tried again with patience, on the path chosen then; any other error ends the upload or, where detour.js
 *   knows it, leads to what became of it
 *
 * @typedef {object} PathContext
 * @property {string} uploadId
 * @property {import('./ledger.js').Ledger} coordinator
 * @property {import('./transfer.js').Transport} transport
 * @property {import('./surroundings.js').Surroundings} surroundings
 * @property {(path: PathName) => void} onPath  shown to the user; `direct` is assumed until told otherwise
 */

export {};
