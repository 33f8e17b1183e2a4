/** Compression on the way, by the browser's own CompressionStream: off the main thread, without code of ours. */

/** @import { DeliveryContext, FileOptions, Watcher } from './delivery.js' */

import { StreamDelivery } from './stream_delivery.js';

const COMPRESSIBLE =
  /^(text\/|application\/(json|xml|javascript|x-ndjson|sql|wasm|rtf)$|image\/(svg\+xml|bmp)$)|[+](xml|json)$/;
/** Types that browsers do not name. */
const BY_NAME =
  /\.(csv|tsv|json|ndjson|jsonl|log|txt|md|sql|xml|svg|yaml|yml|html?|css|m?js|geojson|vcf|sam|fastq|fasta)$/i;

/**
 * @param {File} file
 * @param {DeliveryContext} context
 * @param {FileOptions} options
 * @param {Watcher} watcher
 * @returns {StreamDelivery | null} null: it goes up as it is
 */
export function compressing(file, context, options, watcher) {
  const stream = compressed(file);
  return stream && new StreamDelivery(stream, file, context, { ...options, encoding: 'gzip' }, watcher);
}

/**
 * @param {File} file
 * @returns {ReadableStream<BufferSource> | null} null: it is of no compressible type, or the browser cannot
 */
function compressed(file) {
  if (typeof CompressionStream !== 'function') return null;
  const type = file.type.split(';')[0] ?? '';
  if (type ? !COMPRESSIBLE.test(type) : !BY_NAME.test(file.name)) return null;
  return file.stream().pipeThrough(/** @type {any} */ (new CompressionStream('gzip')));
}
