/**
 * The wire, as the coordinator's HTTP contract has it. Times are RFC 3339 in UTC, sizes are bytes.
 * Members may be added by the server; none of these is ever renamed.
 *
 * @typedef {'creating' | 'open' | 'completing' | 'completed' | 'aborting' | 'aborted' | 'failed'} ServerState
 *
 * @typedef {object} Upload
 * @property {string} id
 * @property {ServerState} state
 * @property {UploadReason | null} reason  why aborting, aborted or failed
 * @property {string | null} reason_text  what whoever aborted it said
 * @property {string} policy
 * @property {string} tenant
 * @property {string} owner
 * @property {string} filename
 * @property {string} content_type
 * @property {string | null} content_encoding
 * @property {number | null} size  null while a stream's length is not known
 * @property {string} bucket
 * @property {string} key  of the object in the bucket
 * @property {'multipart' | 'put'} method
 * @property {number} part_size
 * @property {number | null} part_count
 * @property {number} parts_uploaded
 * @property {number} bytes_uploaded
 * @property {number | null} bytes_per_second  as the server sees it; null until it is known
 * @property {number | null} seconds_left
 * @property {string | null} fingerprint
 * @property {string | null} etag  of the finished object
 * @property {string | null} version_id  of the finished object, where the bucket keeps versions
 * @property {{ algorithm: string, value: string, verified: boolean } | null} digest  of the whole object
 * @property {PartDigests | null} [part_digests]  left out by older coordinators
 * @property {Record<string, string>} metadata
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string} expires_at
 * @property {string | null} completed_at
 *
 * @typedef {'client' | 'admin' | 'stale' | 'create_lost' | 'lost' | 'conflict' | 'size' | 'config'
 *   | 'unresolved'} UploadReason
 *
 * @typedef {object} PartDigests  whether parts are to be bound to digests
 * @property {'off' | 'optional' | 'required'} rule
 * @property {('sha256' | 'md5')[]} algorithms  those the store enforces, best first
 *
 * @typedef {object} SignedPart
 * @property {number} part_number
 * @property {number} offset
 * @property {number} size  the body must have exactly this many bytes
 * @property {'PUT'} method
 * @property {string} url
 * @property {Record<string, string>} headers  sent exactly as they stand
 * @property {string} expires_at
 *
 * @typedef {object} PartWish  a part to sign, and what its URL is to be bound to
 * @property {number} part_number
 * @property {number} [size]  only of a stream: the plan knows a file's
 * @property {string} [md5]
 * @property {string} [sha256]
 *
 * @typedef {object} RecordedPart
 * @property {number} part_number
 * @property {number | null} size
 * @property {string | null} etag
 * @property {{ md5?: string | null, sha256?: string | null } | null} [digest]  base64, as its URL was bound to it
 *
 * @typedef {object} PartClaim
 * @property {number} part_number
 * @property {string} [etag]  left out where the store's CORS rules hide the header
 * @property {number} size
 * @property {string} [md5]
 * @property {string} [sha256]
 *
 * @typedef {object} StartBody
 * @property {string} filename
 * @property {number | null} size  null: a stream
 * @property {Record<string, string>} metadata
 * @property {'gzip'} [content_encoding]
 * @property {number} sign  how many parts to sign at once
 * @property {string} [content_type]
 * @property {string} [fingerprint]
 * @property {string} [policy]
 *
 * @typedef {object} Started
 * @property {boolean} created  false: the coordinator knew this file and the upload goes on
 * @property {Upload} upload
 * @property {SignedPart[]} parts
 *
 * @typedef {object} Download
 * @property {string} url
 * @property {string} expires_at
 *
 * @typedef {object} FieldError
 * @property {string} path
 * @property {string} message
 */

export {};
