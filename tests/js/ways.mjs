/** The paths of one upload, with a coordinator and a transport by script. */

import assert from 'node:assert/strict';
import { openPaths } from '../../static/client/relay.js';
import { VirtualSurroundings } from './surroundings.mjs';

/** @import { TransferError } from '../../static/client/errors.js' */
/** @import { PathContext, PathName } from '../../static/client/ports.js' */

export const never = new AbortController().signal;
export const SECOND = 1_000;
export const how = {
  onProgress: () => {},
  signal: never,
  patience: () => ({ moving: 30_000, answer: 120_000 }),
};

/**
 * The paths of one upload; `relayed` are the answers to parts sent through the coordinator, in order.
 *
 * @param {{ relayed?: (TransferError | null)[], answers?: boolean, tokens?: string[] }} [script]
 */
export function ways({ relayed = [], answers = true, tokens = ['one'] } = {}) {
  const time = new VirtualSurroundings();
  /** @type {PathName[]} */
  const told = [];
  /** @type {any[]} */
  const puts = [];
  const held = [...tokens];
  const paths = openPaths(
    /** @type {PathContext} */ (
      /** @type {unknown} */ ({
        uploadId: 'upload-1',
        coordinator: {
          answers: async () => answers,
          relay: async (
            /** @type {string} */ id,
            /** @type {number} */ number,
            /** @type {AbortSignal} */ _signal,
            /** @type {string?} */ refused,
          ) => {
            if (refused && held.length > 1) held.shift();
            return {
              url: `https://coordinator.test/v1/uploads/${id}/parts/${number}`,
              headers: { Authorization: `Bearer ${held[0]}` },
            };
          },
        },
        transport: async (/** @type {any} */ put) => {
          puts.push(put);
          const answer = relayed.shift();
          if (answer) throw answer;
          return { etag: `"${puts.length}"` };
        },
        surroundings: time,
        onPath: (/** @type {PathName} */ path) => told.push(path),
      })
    ),
  );
  const fail = (/** @type {number} */ number, /** @type {'network' | 'stalled'} */ kind = 'network') =>
    paths.failed({ number, kind, sent: 0 }, never);
  const send = (/** @type {number} */ number, digest = {}) =>
    paths.send({ number, body: new Blob(['x']), digest, ...how });
  return { time, paths, told, puts, fail, send };
}

/** @param {ReturnType<typeof ways>} scene  two parts that fail twice within five seconds */
export async function blocked({ time, paths, fail }) {
  for (const number of [1, 2]) paths.choose(number);
  assert.deepEqual([await fail(1), await fail(2), await fail(2)], ['direct', 'direct', 'direct']);
  time.advance(5 * SECOND);
  return fail(1);
}

/** @param {ReturnType<typeof ways>} scene */
export async function moved(scene) {
  assert.equal(await blocked(scene), 'relay');
  assert.equal(scene.paths.choose(1), 'relay');
  await scene.send(1);
}
