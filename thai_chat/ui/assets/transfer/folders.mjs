// The files that are dropped, those of folders included, and which of many are worth sending.

const MAY_HOLD_CHATS = /\.(jsonl?|zip|db)$/i;

/** To be called while the event is handled: what it holds is gone afterwards. @param {DataTransfer} transfer */
export async function filesOf(transfer) {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const files = [...transfer.files];
  if (!entries.some(({ isDirectory }) => isDirectory)) return files;
  return (await Promise.all(entries.map(within))).flat();
}

/** Return the files of an unpacked export that may hold chats: its pictures would only take time. One file, or none of these, goes as it is. @param {File[]} files */
export function worthSending(files) {
  const found = files.filter(({ name }) => MAY_HOLD_CHATS.test(name) && !name.startsWith('.'));
  return found.length ? found : files;
}

/** Return the file, or the files of a folder; what can't be read is left out. @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function within(entry) {
  if (entry.isFile) return new Promise((resolve) => { /** @type {FileSystemFileEntry} */ (entry).file((file) => resolve([file]), () => resolve([])); });
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = /** @type {FileSystemEntry[]} */ ([]);
  for (;;) { // a reader gives a hundred at a time
    const some = /** @type {FileSystemEntry[]} */ (await new Promise((resolve) => { reader.readEntries(resolve, () => resolve([])); }));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(within))).flat();
}
