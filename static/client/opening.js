/** What a start says of its file. */

/** @import { FileOptions } from './delivery.js' */
/** @import { StartBody } from './types.js' */

/** When the file was last modified, in milliseconds since 1970. */
export const LAST_MODIFIED = 'last_modified';

/**
 * What the coordinator takes nowhere: control characters, line ends, halves of characters, and the marks that turn
 * the direction of writing. Names have them: an icon's on macOS ends in a carriage return, programs for Hebrew and
 * Arabic put marks around names.
 */
const HARMFUL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** What the coordinator takes as a type; a browser takes any text from whoever made the file. */
const TYPE = /^[\w.+-]+\/[\w.+-]+ *(;[ -~]*)?$/;
/** Characters of a path, at most. */
const LONGEST_PATH = 1024;

/**
 * @param {string} type
 * @returns {string | undefined} undefined: it says nothing that can be sent
 */
export function plainType(type) {
  return TYPE.test(type) && type.length < 256 ? type : undefined;
}

/**
 * A name without what the coordinator refuses.
 *
 * @param {string} name
 */
export function plain(name) {
  return name.replace(HARMFUL, '') || '_';
}

/**
 * @param {Record<string, string>} [metadata]
 * @returns {Record<string, string>} with a plain `path`, where it has one; of a long one the end, with the file's name
 */
export function plainPath(metadata = {}) {
  return metadata.path ? { ...metadata, path: plain(metadata.path.slice(-LONGEST_PATH)) } : metadata;
}

/**
 * @param {File} file
 * @param {Record<string, string>} [metadata]  a `last_modified` of one's own stands in for the file's
 * @returns {Record<string, string>}
 */
export function metadataOf(file, metadata) {
  return { [LAST_MODIFIED]: String(file.lastModified), ...plainPath(metadata) };
}

/**
 * @param {File} file
 * @param {FileOptions} options
 * @param {{ sign: number, fingerprint: string | null }} wanted
 * @returns {StartBody}
 */
export function opening(file, { expected, policy, metadata }, { sign, fingerprint }) {
  return {
    filename: plain(file.name),
    size: file.size,
    metadata: metadataOf(file, metadata),
    sign,
    content_type: plainType(file.type),
    // nothing is stored of an empty file that another one of them could go on with
    fingerprint: ((expected || file.size) && fingerprint) || undefined,
    policy: expected?.policy ?? policy,
  };
}
