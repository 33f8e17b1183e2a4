"""Handles of files, which no driver can get from a chooser: had, and seen to be kept."""

# files of the origin's own file system have real handles, and need nobody's permission
OWN_CHOOSER = """
window.showOpenFilePicker = async () => {
  const root = await navigator.storage.getDirectory();
  return [await root.getFileHandle('kept.bin', { create: true })];
};
"""
# a database that is opened only by `mend()`, as one that takes long to be mended
HELD = """
const open = IDBFactory.prototype.open;
window.mend = null;
IDBFactory.prototype.open = function (...named) {
  const held = {};
  window.mend = () => {
    const opening = open.apply(this, named);
    opening.onsuccess = () => {
      held.result = opening.result;
      held.onsuccess();
    };
  };
  return held;
};
"""
KEPT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('coordinator-uploads');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const all = opening.result.transaction('handles').objectStore('handles').getAll();
    all.onsuccess = () => {
      opening.result.close();
      resolve(all.result.map((kept) => ({ ...kept, handle: kept.handle.kind })));
    };
  };
})"""
