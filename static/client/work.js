/** An upload under way: what sends its parts, counts them and reports them. */

/** @import { DeliveryContext, Watcher } from './delivery.js' */
/** @import { Source } from './file_source.js' */
/** @import { Plan } from './plan.js' */
/** @import { PathName } from './ports.js' */
/** @import { SignedPart, Upload } from './types.js' */

import { Meter } from './progress.js';
import { Reporter } from './report.js';
import { Sender } from './sender.js';
import { onlySizes } from './window.js';

/**
 * @typedef {object} Work
 * @property {Upload} upload
 * @property {Plan} plan
 * @property {Meter} meter
 * @property {Reporter} reporter
 * @property {Sender} sender
 *
 * @typedef {object} Started
 * @property {Upload} upload
 * @property {SignedPart[]} parts
 */

/**
 * @param {DeliveryContext} context
 * @param {Watcher} watcher
 * @param {Started} started
 * @param {object} content
 * @param {Plan} content.plan
 * @param {Source} content.source
 * @param {(number: number) => number | undefined} content.signedSize  undefined where the plan says it
 * @param {() => Promise<void>} content.checkFile
 * @returns {Promise<Work>}
 */
export async function workOn(context, watcher, { upload, parts }, { plan, source, signedSize, checkFile }) {
  const { coordinator, surroundings } = context;
  const { id } = upload;
  const meter = new Meter(plan.size, plan.partCount);
  const reporter = new Reporter((claims) => coordinator.report(id, claims), surroundings);
  const digests = await context.openDigests(upload);
  const wanted = digests
    ? new (await import('./wishes.js')).Wishes({ digests, bodyOf: (number) => source.body(number), signedSize })
    : onlySizes(signedSize);
  const sender = new Sender({
    ...context,
    source,
    wanted,
    uploadId: id,
    // one PutObject is looked at when it is completed, and carries what it must
    claims: upload.method !== 'put',
    meter,
    reporter,
    openPaths: () => openPaths(context, watcher.onPath, id),
    checkFile,
    checkUpload: async (signal) => (await import('./detour.js')).checkOpen(coordinator, id, signal),
    onTrouble: watcher.onTrouble,
  });
  // without its digest a URL is bound to too little
  if (!digests) sender.offer(parts);
  return { upload, plan, meter, reporter, sender };
}

/**
 * @param {DeliveryContext} context
 * @param {(path: PathName) => void} onPath
 * @param {string} uploadId
 */
async function openPaths(context, onPath, uploadId) {
  const { coordinator, pace, surroundings } = context;
  return context.openPaths({
    uploadId,
    coordinator: await coordinator.ledger(),
    transport: (put) => context.transport({ ...put, patience: () => pace.patience() }),
    surroundings,
    onPath: (path) => {
      pace.leads(path);
      onPath(path);
    },
  });
}
