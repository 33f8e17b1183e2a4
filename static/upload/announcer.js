/** @import { UploadTask } from '../client/index.js' */

import { byId } from './dom.js';

const STEP = 0.25;

/** @type {Partial<Record<UploadTask['state'], string>>} */
const NEWS = {
  paused: 'paused',
  completed: 'upload complete',
  failed: 'upload failed',
  cancelled: 'upload cancelled',
};

/**
 * Tells a screen reader how an upload goes, at coarse steps: a quarter more, and the states that matter.
 *
 * @param {UploadTask} upload
 */
export function announce(upload) {
  const region = byId('announcer');
  const say = (/** @type {string} */ news) => {
    region.textContent = `${upload.file.name}: ${news}`;
  };
  let told = 0;
  upload.addEventListener('progress', () => {
    const step = Math.floor(upload.progress.fraction / STEP) * STEP;
    if (upload.state !== 'uploading' || step <= told) return;
    told = step;
    say(`${step * 100} percent`);
  });
  upload.addEventListener('state', () => {
    const news = NEWS[upload.state];
    if (news) say(upload.error ? `${news}. ${upload.error.message}` : news);
  });
}
