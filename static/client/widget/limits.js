/** What may be sent, said before anybody chooses. The engine is who holds to it. */

/** @import { Options } from './options.js' */
/** @import { Key, Words } from './words.js' */

/** @type {Record<string, Key>} */
const KINDS = {
  'image/*': 'kindImages',
  'video/*': 'kindVideos',
  'audio/*': 'kindAudio',
  'text/*': 'kindText',
};

/**
 * @param {Words} words
 * @param {Options} options
 */
export function sayLimits(words, { types, maxSize, minSize, maxFiles }) {
  const limits = [
    types.length === 0 ? null : words.say('limitTypes', { types: sayTypes(words, types) }),
    maxSize === null ? null : words.say('limitSize', { size: words.size(maxSize) }),
    minSize === null ? null : words.say('limitMin', { size: words.size(minSize) }),
    maxFiles === null ? null : words.say('limitCount', { count: maxFiles }),
  ].filter((limit) => limit !== null);
  return limits.length === 0 ? words.say('hint') : limits.join(' · ');
}

/**
 * @param {Words} words
 * @param {string[]} types
 */
export function sayTypes(words, types) {
  return words.list([...new Set(types.map((type) => sayType(words, type)))]);
}

/**
 * @param {Words} words
 * @param {string} type
 */
function sayType(words, type) {
  const kind = KINDS[type];
  if (kind) return words.say(kind);
  return type.replace(/^\.|^.*\//, '').toUpperCase();
}
