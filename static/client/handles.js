/**
 * Handles of the files whose uploads are unfinished, where the browser has any (File System Access): after a reload
 * the file need not be chosen again. Kept in IndexedDB with the upload's id and fingerprint, and nothing else but
 * when: no token, no URL. They are a convenience: whatever fails here, the upload goes on.
 */

/** @import { UploadTask } from './task.js' */

import { UploadError } from './errors.js';

const DATABASE = 'coordinator-uploads';
const STORE = 'handles';
/** No upload lives longer. */
const OUTDATED_MS = 7 * 24 * 3_600_000;
/** Ten thousand files are kept one by one: not every time is looked for outdated ones. */
const SWEEP_MS = 3_600_000;

/** When outdated ones were looked for last. Milliseconds since 1970. */
let swept = 0;

/**
 * @typedef {object} Kept
 * @property {string} id  of the upload
 * @property {string | null} fingerprint
 * @property {FileSystemFileHandle} handle
 * @property {number} kept  milliseconds since 1970
 */

/**
 * Keeps the handle for as long as the task's upload is unfinished. A task that is cancelled while somebody else, another
 * tab or another task of this page, sends its upload leaves that to them, and so the handle.
 *
 * @param {UploadTask} task
 * @param {FileSystemFileHandle} handle
 * @param {ReadonlySet<string>} ended  ids of the uploads that were aborted from here
 */
export function keepWhileUnfinished(task, handle, ended) {
  /** @type {string | null} */
  let kept = null;
  const look = () => {
    const { state, upload, error } = task;
    if (!upload) return;
    const { id, fingerprint } = upload;
    const over = state === 'completed' || ended.has(id) || saysEnded(error);
    // it was begun anew
    if (kept !== null && kept !== id) forgetHandle(kept);
    if (over) forgetHandle(id);
    // no file goes on with one that has no fingerprint
    else if (kept !== id && fingerprint !== null)
      attempt((store) => store.put({ id, fingerprint, handle, kept: Date.now() }), true);
    kept = over || fingerprint === null ? null : id;
  };
  task.addEventListener('state', look);
  look();
}

/**
 * Those of these uploads whose handles are kept. The answer may never come: of a database that another tab blocks, or
 * that is broken.
 *
 * @param {{ id: string, fingerprint: string | null }[]} uploads
 * @returns {Promise<Map<string, FileSystemFileHandle>>} by upload id
 */
export async function handlesOf(uploads) {
  /** @type {Kept[]} */
  const all = (await attempt((store) => store.getAll())) ?? [];
  const byId = new Map(all.filter((kept) => !isOutdated(kept)).map((kept) => [kept.id, kept]));
  /** @type {Map<string, FileSystemFileHandle>} */
  const found = new Map();
  for (const { id, fingerprint } of uploads) {
    const kept = byId.get(id);
    // of one that has no fingerprint nobody can tell whether the file is still the same
    if (kept && fingerprint !== null && kept.fingerprint === fingerprint) found.set(id, kept.handle);
  }
  return found;
}

/** @param {string} id  of an upload that is over */
export function forgetHandle(id) {
  return attempt((store) => store.delete(id));
}

/**
 * The file as it is now. To be called while a person's click is fresh: the browser may ask them.
 *
 * @param {FileSystemFileHandle} handle
 * @returns {Promise<File>}
 * @throws {UploadError} `no_permission`, `file_missing`
 */
export async function openFile(handle) {
  // typed by no library of TypeScript yet
  const asking = /** @type {any} */ (handle);
  const permission = await asking.requestPermission?.({ mode: 'read' });
  if (permission && permission !== 'granted') throw new UploadError('no_permission', { name: handle.name });
  try {
    return await handle.getFile();
  } catch (error) {
    throw new UploadError('file_missing', { name: handle.name }, error);
  }
}

/**
 * @template T
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @param {boolean} [create]  the database, where there is none: who only looks leaves nothing behind
 * @returns {Promise<T | null>} null where the browser keeps nothing (a private window, a full disk)
 */
async function attempt(ask, create = false) {
  try {
    const database = await opened(create);
    try {
      sweep(database);
      return await answer(ask(database.transaction(STORE, 'readwrite').objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

/** @param {IDBDatabase} database */
function sweep(database) {
  if (Date.now() - swept < SWEEP_MS) return;
  swept = Date.now();
  const store = database.transaction(STORE, 'readwrite').objectStore(STORE);
  const looking = store.getAll();
  looking.onsuccess = () => {
    for (const kept of looking.result) if (isOutdated(kept)) store.delete(kept.id);
  };
}

/** @param {Kept} kept */
function isOutdated({ kept }) {
  return Date.now() - kept > OUTDATED_MS;
}

/** @param {Error | null} error */
function saysEnded(error) {
  return error instanceof UploadError && error.code === 'ended';
}

/**
 * @param {boolean} create
 * @returns {Promise<IDBDatabase>}
 */
function opened(create) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    if (create) opening.result.createObjectStore(STORE, { keyPath: 'id' });
    else opening.transaction?.abort();
  };
  return answer(opening);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
