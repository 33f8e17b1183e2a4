"""Handles of files, which no driver can get from a chooser: had, and seen to be kept."""

# files of the origin's own file system have real handles, and need nobody's permission
OWN_CHOOSER = """
window.showOpenFilePicker = async () => {
  const root = await navigator.storage.getDirectory();
  return [await root.getFileHandle('kept.bin', { create: true })];
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
