/** The files in what was dropped or pasted, in folders too, with their paths and, where the browser gives them, handles. */

/**
 * @typedef {object} Found
 * @property {File} file
 * @property {string} [path]  from the folder that was given, its name included: `photos/2026/a.jpg`
 * @property {FileSystemFileHandle} [handle]
 *
 * @typedef {object} Given
 * @property {Promise<FileSystemHandle | null>} handle
 * @property {FileSystemEntry | null} entry
 * @property {File | null} file
 *
 * @typedef {object} Finding
 * @property {(found: Found) => void} onFile
 * @property {(name: string) => void} onUnreadable
 */

/**
 * To be called inside the event: afterwards the browser has forgotten what was given.
 *
 * @param {DataTransfer | null} transfer
 * @returns {Given[]}
 */
export function take(transfer) {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === 'file');
  return items.map((item) => ({
    handle: handleOf(item),
    entry: item.webkitGetAsEntry?.() ?? null,
    file: item.getAsFile(),
  }));
}

/**
 * @param {Given[]} given
 * @param {Finding} finding
 */
export async function find(given, finding) {
  for (const { handle, entry, file } of given) {
    const held = await handle;
    if (held) await findByHandle(held, '', finding);
    else if (entry?.isDirectory) await findByEntry(entry, '', finding);
    else if (file) finding.onFile({ file });
  }
}

/** @param {DataTransferItem} item */
async function handleOf(item) {
  const { getAsFileSystemHandle } =
    /** @type {{ getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }} */ (item);
  // some pages may not have them: frames of another origin, pages without https
  return (await getAsFileSystemHandle?.call(item).catch(() => null)) ?? null;
}

/**
 * @param {FileSystemHandle} handle
 * @param {string} folder  with its closing slash
 * @param {Finding} finding
 */
async function findByHandle(handle, folder, finding) {
  const path = folder + handle.name;
  try {
    if (handle instanceof FileSystemDirectoryHandle) {
      for await (const inside of handle.values()) await findByHandle(inside, `${path}/`, finding);
    } else if (handle instanceof FileSystemFileHandle) {
      finding.onFile({ file: await handle.getFile(), handle, ...(folder ? { path } : {}) });
    }
  } catch {
    finding.onUnreadable(path);
  }
}

/**
 * @param {FileSystemEntry} entry
 * @param {string} folder  with its closing slash
 * @param {Finding} finding
 */
async function findByEntry(entry, folder, finding) {
  const path = folder + entry.name;
  try {
    if (entry.isDirectory) {
      const inside = await children(/** @type {FileSystemDirectoryEntry} */ (entry));
      for (const child of inside) await findByEntry(child, `${path}/`, finding);
    } else {
      finding.onFile({ file: await fileOf(/** @type {FileSystemFileEntry} */ (entry)), path });
    }
  } catch {
    finding.onUnreadable(path);
  }
}

/** @param {FileSystemDirectoryEntry} directory */
async function children(directory) {
  const reader = directory.createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  for (;;) {
    // browsers answer with a hundred at a time, and with none at the end
    const some = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}
