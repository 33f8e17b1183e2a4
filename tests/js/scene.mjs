import { Uploader } from '../../static/client/index.js';
import { FakeCoordinator } from './coordinator.mjs';
import { VirtualSurroundings } from './surroundings.mjs';

/** @import { UploadTask } from '../../static/client/index.js' */
/** @import { UploaderOptions } from '../../static/client/uploader.js' */
/** @import { UploadState } from '../../static/client/task.js' */

/**
 * An Uploader in a world of its own.
 *
 * @param {UploaderOptions} [options]
 */
export function scene(options = {}) {
  const time = new VirtualSurroundings();
  const server = new FakeCoordinator(time);
  const uploader = new Uploader({
    endpoint: 'https://coordinator.test/',
    fetch: server.fetch,
    transport: server.transport,
    surroundings: time,
    ...options,
  });
  const reach = (/** @type {UploadTask} */ upload, /** @type {UploadState} */ state) =>
    time.until(() => upload.state === state, `${state}, not ${upload.state} ${upload.error}`);
  return { time, server, uploader, reach };
}

/** When each file was modified, unless a test says otherwise: milliseconds since 1970. */
export const LONG_AGO = 1_600_000_000_000;

/** @param {number} size */
export const text = (size, name = 'film.mov', lastModified = LONG_AGO) =>
  new File(
    [Array.from({ length: size }, (_, index) => String.fromCharCode(97 + (index % 26))).join('')],
    name,
    { lastModified },
  );

/** @param {FakeCoordinator} server */
export const sentNumbers = (server) => server.puts.map((put) => put.number).sort((one, other) => one - other);

/**
 * @param {FakeCoordinator} server
 * @param {string} [id]
 */
export const storedText = (server, id = 'upload-1') =>
  [...(server.store.get(id) ?? [])]
    .sort(([one], [other]) => one - other)
    .map(([, part]) => part.bytes)
    .join('');

/** @returns {Promise<undefined>} */
export const forever = () => new Promise(() => {});
