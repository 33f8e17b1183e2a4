import { byId } from './dom.js';

/**
 * Files from the chooser, or dropped anywhere on the page.
 *
 * @param {(files: File[]) => void} onFiles
 */
export function dropZone(onFiles) {
  const choose = /** @type {HTMLInputElement} */ (byId('choose'));
  const problem = byId('drop-problem');
  const give = (/** @type {File[]} */ files, /** @type {number} */ folders) => {
    problem.hidden = folders === 0;
    problem.textContent =
      folders === 0 ? '' : 'Folders cannot be uploaded. Open the folder and choose its files.';
    if (files.length > 0) onFiles(files);
  };
  choose.addEventListener('change', () => {
    give([...(choose.files ?? [])], 0);
    // choosing the same file again must be a change again
    choose.value = '';
  });

  let depth = 0;
  const mark = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dragging', depth > 0);
  };
  const withFiles = (/** @type {(event: DragEvent) => void} */ handle) => (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    handle(event);
  };
  document.addEventListener(
    'dragenter',
    withFiles(() => mark(1)),
  );
  document.addEventListener(
    'dragleave',
    withFiles(() => mark(-1)),
  );
  document.addEventListener(
    'dragover',
    withFiles(() => {}),
  );
  document.addEventListener(
    'drop',
    withFiles((event) => {
      mark(-depth);
      const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file');
      const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory);
      give(
        files.map((item) => item.getAsFile()).filter((file) => file !== null),
        items.length - files.length,
      );
    }),
  );
}
