/** The upload page: the one Uploader, and what shows it. */

/** @import { UploadTask } from '../client/index.js' */

import { Uploader } from '../client/index.js';
import { askForToken } from './access.js';
import { announce } from './announcer.js';
import { byId } from './dom.js';
import { dropZone } from './drop_zone.js';
import { formatBytes, formatPercent } from './format.js';
import { fileRow } from './row.js';
import { unfinishedList } from './unfinished.js';

const TITLE = document.title;

const uploader = new Uploader({ token: askForToken });
const unfinished = unfinishedList(uploader);
/** @type {Set<UploadTask>} for an unfinished upload that stands in the way */
const refused = new Set();

dropZone((files) => {
  for (const file of files) uploader.add(file);
});

uploader.addEventListener('add', (event) => addRow(/** @type {CustomEvent<UploadTask>} */ (event).detail));
uploader.addEventListener('state', (event) => {
  if (changesUnfinished(/** @type {CustomEvent<UploadTask>} */ (event).detail)) unfinished.refresh();
  else unfinished.show();
});

window.addEventListener('beforeunload', (event) => {
  if (uploader.active) event.preventDefault();
});
for (const change of ['online', 'offline']) window.addEventListener(change, showNetwork);
showNetwork();
unfinished.refresh();

/**
 * Whether an unfinished upload went, or one is now known that may have been begun elsewhere.
 *
 * @param {UploadTask} upload
 */
function changesUnfinished(upload) {
  const { state, standing } = upload;
  if (state === 'failed' && standing) {
    refused.add(upload);
    return true;
  }
  return state === 'cancelled' || (state === 'uploading' && refused.delete(upload));
}

/** @param {UploadTask} upload */
function addRow(upload) {
  const row = fileRow(uploader, upload, () => {
    uploader.remove(upload);
    row.remove();
    showSummary();
    unfinished.refresh();
    byId('choose').focus();
  });
  byId('file-list').prepend(row);
  announce(upload);
  upload.addEventListener('progress', showSummary);
  showSummary();
}

function showSummary() {
  const uploads = uploader.uploads.filter((upload) => upload.state !== 'cancelled');
  const done = uploads.filter((upload) => upload.state === 'completed').length;
  const total = uploads.reduce((sum, upload) => sum + upload.file.size, 0);
  const sent = uploads.reduce((sum, upload) => sum + upload.progress.bytesSent, 0);
  byId('files').hidden = uploader.uploads.length === 0;
  byId('files-summary').textContent = `${done} of ${uploads.length} complete · ${formatBytes(total)}`;
  document.title = uploader.active && total > 0 ? `${formatPercent(sent / total)} · ${TITLE}` : TITLE;
}

function showNetwork() {
  byId('offline').hidden = navigator.onLine;
}
