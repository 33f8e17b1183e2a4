/** An upload under way: what sends its parts, counts them and reports them. */

/** @import { DeliveryContext, Watcher } from './delivery.js' */
/** @import { Source } from './file_source.js' */
/** @import { Plan } from './plan.js' */
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
 * @param {() => Promise<unknown>} content.checkFile
 * @param {AbortSignal} signal
 * @returns {Promise<Work>}
 */
export async function workOn(context, watcher, { upload, parts }, content, signal) {
  const { plan, source, signedSize } = content;
  const { coordinator, surroundings, load } = context;
  const { id } = upload;
  const meter = new Meter(plan);
  const reporter = new Reporter((claims) => coordinator.report(id, claims), surroundings);
  let wishes = null;
  if (context.digests || upload.part_digests?.rule === 'required') {
    const { wishesOf } = await load(() => import('./wishes.js'), signal);
    wishes = wishesOf(context, upload, source, signedSize);
  }
  const sender = new Sender({
    ...context,
    ...content,
    wanted: wishes ?? onlySizes(signedSize),
    uploadId: id,
    // one PutObject is looked at when it is completed, and carries what it must
    claims: upload.method !== 'put',
    meter,
    reporter,
    openPaths: async () => (await import('./relay.js')).pathsOf(context, id, watcher.onPath),
    onTrouble: watcher.onTrouble,
  });
  // without its digest a URL is bound to too little
  if (!wishes) sender.offer(parts);
  return { upload, plan, meter, reporter, sender };
}
