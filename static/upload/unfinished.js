/**
 * One's unfinished uploads, and which file to choose again for each. For tests and scripts: a row is
 * `li[data-unfinished]` with `data-upload-id`; its file field is labelled "Choose <name> again".
 */

/** @import { Upload } from '../client/types.js' */
/** @import { Uploader } from '../client/index.js' */

import { confirmed } from './confirm.js';
import { byId, fill, fromTemplate } from './dom.js';
import { formatBytes, formatExpiry, formatPercent, isolated } from './format.js';

/** @param {Uploader} uploader */
export function unfinishedList(uploader) {
  const section = byId('unfinished');
  const list = byId('unfinished-list');
  const problem = byId('unfinished-problem');
  /** @type {Upload[]} */
  let known = [];

  const show = () => {
    const here = new Set(uploader.uploads.map((upload) => upload.upload?.id));
    const waiting = known.filter((upload) => !here.has(upload.id));
    const ids = waiting.map((upload) => upload.id).join();
    if (list.dataset.ids !== ids)
      list.replaceChildren(...waiting.map((upload) => row(uploader, upload, discard)));
    list.dataset.ids = ids;
    list.hidden = waiting.length === 0;
    section.hidden = waiting.length === 0 && problem.hidden;
  };

  const refresh = async () => {
    try {
      known = await uploader.unfinished();
      complain(null);
    } catch (error) {
      complain(error);
    }
    show();
  };

  const complain = (/** @type {unknown} */ error) => {
    problem.hidden = error === null;
    problem.textContent = error instanceof Error ? `The list cannot be shown. ${error.message}` : '';
  };

  const discard = async (/** @type {Upload} */ upload) => {
    const goes = await confirmed({
      title: `Discard ${isolated(upload.filename)}?`,
      text: `The ${formatBytes(upload.bytes_uploaded)} stored so far are deleted.`,
      action: 'Discard',
    });
    if (!goes) return;
    await uploader.discard(upload.id).catch(complain);
    await refresh();
  };

  return { refresh, show };
}

/**
 * @param {Uploader} uploader
 * @param {Upload} upload
 * @param {(upload: Upload) => Promise<void>} discard
 * @returns {HTMLElement}
 */
function row(uploader, upload, discard) {
  const { element, part } = fromTemplate('unfinished-row');
  const { filename, size, bytes_uploaded: stored } = upload;
  const fraction = size ? stored / size : 0;
  element.dataset.unfinished = '';
  element.dataset.uploadId = upload.id;
  part('name').textContent = filename;
  part('again').textContent = filename;
  part('facts').textContent = [
    size === null ? 'size not known yet' : formatBytes(size),
    `${formatBytes(stored)} stored`,
    formatExpiry(upload.expires_at, Date.now()),
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
  part('percent').textContent = formatPercent(fraction);
  fill(part('bar'), fraction);
  part('discard').setAttribute('aria-label', `Discard ${filename}`);
  part('discard').dataset.action = 'discard';
  part('discard').addEventListener('click', () => discard(upload));
  const known = upload.fingerprint !== null;
  part('hint').hidden = part('pick').hidden = !known;
  part('foreign').hidden = known;
  const choose = /** @type {HTMLInputElement} */ (part('choose'));
  choose.setAttribute('aria-label', `Choose ${filename} again`);
  choose.addEventListener('change', () => {
    const [file] = choose.files ?? [];
    if (file) uploader.add(file, { expected: upload });
    choose.value = '';
  });
  return element;
}
