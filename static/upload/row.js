/**
 * One file's row: what it is, how far it is, what may be done with it. For tests and scripts: the row is
 * `li[data-upload]` with `data-state` and, once known, `data-upload-id`; its buttons carry `data-action`
 * pause, resume, retry, anew, download, cancel or clear.
 */

/** @import { UploadTask, Uploader } from '../client/index.js' */

import { CoordinatorError, UploadError } from '../client/index.js';
import { confirmed } from './confirm.js';
import { fill, fromTemplate } from './dom.js';
import { saveAs } from './download.js';
import { formatBytes, formatPercent, formatSpeed, formatTimeLeft, isolated } from './format.js';
import { drawParts } from './parts_map.js';

/**
 * @typedef {'pause' | 'resume' | 'retry' | 'anew' | 'download' | 'cancel' | 'clear'} Action
 *
 * @typedef {object} Face
 * @property {string} word
 * @property {'file' | 'done' | 'pause' | 'alert'} icon
 * @property {Action | null} main
 * @property {Action | null} side
 */

/** @type {Record<UploadTask['state'], Face>} */
const FACES = {
  waiting: { word: 'Waiting', icon: 'file', main: 'pause', side: 'cancel' },
  preparing: { word: 'Preparing', icon: 'file', main: 'pause', side: 'cancel' },
  uploading: { word: 'Uploading', icon: 'file', main: 'pause', side: 'cancel' },
  paused: { word: 'Paused', icon: 'pause', main: 'resume', side: 'cancel' },
  finishing: { word: 'Finishing', icon: 'file', main: null, side: null },
  completed: { word: 'Complete', icon: 'done', main: 'download', side: 'clear' },
  failed: { word: 'Stopped', icon: 'alert', main: 'retry', side: 'cancel' },
  cancelling: { word: 'Cancelling', icon: 'file', main: null, side: null },
  cancelled: { word: 'Cancelled', icon: 'file', main: null, side: 'clear' },
};

/** @type {Record<Action, string>} */
const LABELS = {
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Try again',
  anew: 'Discard and send anew',
  download: 'Download',
  cancel: 'Cancel',
  clear: 'Clear',
};

/** Trying again with the same file cannot help. */
const FINAL = new Set(['other_file', 'already_here', 'file_changed', 'ended', 'no_fingerprint']);
/** Trying again with the same file changes nothing. */
const REFUSED = new Set(['validation_failed', 'size_not_allowed', 'unknown_policy', 'forbidden']);

/**
 * @param {Uploader} uploader
 * @param {UploadTask} upload
 * @param {() => void} onClear
 * @returns {HTMLElement}
 */
export function fileRow(uploader, upload, onClear) {
  const { element, part } = fromTemplate('file-row');
  const { name } = upload.file;
  element.dataset.upload = '';
  element.tabIndex = -1;
  part('name').textContent = name;
  part('name').title = name;
  part('bar').setAttribute('aria-label', name);
  const show = () => {
    const { state, upload: known } = upload;
    const face = faceOf(upload);
    element.dataset.state = state;
    element.toggleAttribute('data-troubled', upload.troubled);
    if (known) element.dataset.uploadId = known.id;
    part('state').textContent = upload.troubled ? 'Trying again' : face.word;
    element.querySelector('.mark use')?.setAttribute('href', `#icon-${face.icon}`);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    label(part('main'), face.main, name);
    label(part('side'), face.side, name);
    // a hidden button would drop the focus, and a keyboard's user would start at the top of the page again
    if (focused?.matches('[hidden]')) element.focus();
    part('progress').hidden =
      state === 'completed' || state === 'cancelled' || (state === 'failed' && upload.progress.bytesSent === 0);
    complain(upload.error);
    showProgress();
  };
  const showProgress = () => {
    const { fraction } = upload.progress;
    const percent = formatPercent(fraction);
    part('facts').textContent = facts(upload);
    part('percent').textContent = percent;
    fill(part('bar'), fraction);
    part('bar').setAttribute('aria-valuenow', String(Math.floor(fraction * 100)));
    part('bar').setAttribute('aria-valuetext', `${percent}, ${FACES[upload.state].word}`);
    if (part('progress').hidden) part('parts').hidden = true;
    else if (upload.parts) drawParts(part('parts'), upload.parts);
  };
  const complain = (/** @type {unknown} */ error) => {
    part('problem').hidden = error === null;
    part('problem').textContent = error === null ? '' : explain(error);
  };
  element.addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('[data-action]');
    const action = button?.getAttribute('data-action');
    if (action) act(/** @type {Action} */ (action), uploader, upload, onClear).catch(complain);
  });
  upload.addEventListener('state', show);
  upload.addEventListener('progress', () => {
    if (element.hasAttribute('data-troubled') === upload.troubled) showProgress();
    else show();
  });
  show();
  return element;
}

/**
 * @param {Action} action
 * @param {Uploader} uploader
 * @param {UploadTask} upload
 * @param {() => void} onClear
 */
async function act(action, uploader, upload, onClear) {
  if (action === 'pause') upload.pause();
  else if (action === 'resume' || action === 'retry') upload.resume();
  else if (action === 'clear') onClear();
  else if (action === 'anew' && (await mayDiscard(upload))) upload.sendAnew();
  else if (action === 'cancel' && (await mayCancel(upload))) await upload.cancel();
  else if (action === 'download' && upload.upload) saveAs(await uploader.downloadUrl(upload.upload.id));
}

/** @param {UploadTask} upload */
async function mayCancel({ file, progress }) {
  if (progress.bytesSent === 0) return true;
  return confirmed({
    title: `Cancel ${isolated(file.name)}?`,
    text: `The ${formatBytes(progress.bytesSent)} sent so far are deleted. A paused upload can go on later, a cancelled one cannot.`,
    action: 'Cancel upload',
  });
}

/** @param {UploadTask} upload */
async function mayDiscard({ standing }) {
  if (!standing) return false;
  return confirmed({
    title: `Discard ${isolated(standing.filename)}?`,
    text: `The ${formatBytes(standing.bytes_uploaded)} stored so far are deleted, and the file is sent as it is now.`,
    action: 'Discard and send anew',
  });
}

/**
 * @param {UploadTask} upload
 * @returns {Face}
 */
function faceOf({ state, error, upload, standing }) {
  const face = FACES[state];
  if (state !== 'failed') return face;
  const final =
    (error instanceof UploadError && FINAL.has(error.code)) ||
    (error instanceof CoordinatorError && REFUSED.has(error.code));
  const again = final ? null : 'retry';
  return { ...face, main: standing ? 'anew' : again, side: upload ? 'cancel' : 'clear' };
}

/**
 * Keeps the element, so that the focus stays where it was.
 *
 * @param {HTMLElement} button
 * @param {Action | null} action
 * @param {string} name
 */
function label(button, action, name) {
  button.hidden = action === null;
  if (action === null) return button.removeAttribute('data-action');
  button.dataset.action = action;
  button.textContent = LABELS[action];
  button.setAttribute('aria-label', `${LABELS[action]} ${name}`);
  button.classList.toggle('primary', action === 'resume' || action === 'retry' || action === 'download');
}

/** @param {UploadTask} upload */
function facts({ state, progress, file, troubled }) {
  const { bytesSent, bytesTotal, bytesPerSecond, secondsLeft } = progress;
  if (state === 'completed' || state === 'cancelled' || bytesSent === 0) return ` · ${formatBytes(file.size)}`;
  const all = [`${formatBytes(bytesSent)} of ${formatBytes(bytesTotal)}`];
  const moving = state === 'uploading' && !troubled;
  if (moving && bytesPerSecond !== null) all.push(formatSpeed(bytesPerSecond));
  if (moving && secondsLeft !== null) all.push(formatTimeLeft(secondsLeft));
  return all.map((fact) => ` · ${fact}`).join('');
}

/** @param {unknown} error */
function explain(error) {
  return error instanceof Error ? error.message : String(error);
}
