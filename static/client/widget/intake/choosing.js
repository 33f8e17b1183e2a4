/** The browser's file choosers. The newer one gives handles, by which a file is found again after a reload. */

/** @import { Found } from './find.js' */

/** @typedef {(options: object) => Promise<FileSystemFileHandle[]>} Picker */

/**
 * Opens a chooser for a file field; to be called inside a click. What is chosen in the older one arrives as the
 * field's `change`.
 *
 * @param {HTMLInputElement} input
 * @returns {Promise<Found[]>}
 */
export async function choose(input) {
  const picker = /** @type {{ showOpenFilePicker?: Picker }} */ (globalThis).showOpenFilePicker;
  if (!picker || input.webkitdirectory) {
    input.click();
    return [];
  }
  try {
    const handles = await picker({ multiple: input.multiple, types: pickerTypes(input.accept) });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch (error) {
    // somebody closed the chooser
    if (error instanceof DOMException && error.name === 'AbortError') return [];
    input.click();
    return [];
  }
}

/**
 * What was chosen in a file field, which is then ready for the same choice again.
 *
 * @param {HTMLInputElement} input
 * @returns {Found[]}
 */
export function chosen(input) {
  const files = [...(input.files ?? [])];
  input.value = '';
  return files.map((file) => ({ file, ...(file.webkitRelativePath ? { path: file.webkitRelativePath } : {}) }));
}

/**
 * `accept` as the newer chooser takes it.
 *
 * @param {string} accept
 */
function pickerTypes(accept) {
  const types = accept.split(',').filter((type) => type !== '');
  if (types.length === 0) return [];
  const extensions = types.filter((type) => type.startsWith('.'));
  const kinds = types.filter((type) => type.includes('/'));
  /** @type {Record<string, string[]>} */
  const wanted = Object.fromEntries(kinds.map((kind) => [kind, []]));
  if (extensions.length > 0) wanted['application/octet-stream'] = extensions;
  return [{ accept: wanted }];
}
