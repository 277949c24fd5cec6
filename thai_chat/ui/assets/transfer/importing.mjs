// One import: sends the files, and reads how far the server is from the events of its answer.
import { t } from '../lib/texts.mjs';

/**
 * `tell` gets `{ sent, done, total }`: the part of the files that is sent (0 to 1), and sessions. `result` is what was
 * imported, or rejects with an error whose message can be shown. After `cancel` nothing was imported.
 */
export function upload(files, tell) {
  const request = new XMLHttpRequest(); // fetch does not say how much of a body it has sent
  const progress = { sent: 0, done: 0, total: 0 };
  const result = new Promise((resolve, reject) => {
    const events = reader({
      progress: ({ done, total }) => { Object.assign(progress, { done, total }); tell(progress); },
      completed: resolve,
      error: ({ message }) => reject(new Error(message)),
    });
    request.upload.onprogress = ({ loaded, total }) => { progress.sent = loaded / total; tell(progress); };
    request.upload.onload = () => { progress.sent = 1; tell(progress); };
    request.onprogress = () => { if (request.status === 200) events(request.responseText); };
    request.onload = () => {
      if (request.status === 200) events(request.responseText);
      reject(new Error(request.status === 200 ? t('import_cut') : messageOf(request.responseText)));
    };
    request.onerror = () => reject(new Error(t('import_cut')));
    request.onabort = () => reject(new Error(t('import_cancelled')));
  });
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  request.open('POST', new URL('api/import', document.baseURI));
  request.setRequestHeader('Accept', 'text/event-stream');
  request.send(form);
  return { result, cancel: () => request.abort() };
}

/** A function that takes all of the answer so far, again and again, and tells of each event once. */
function reader(on) {
  let read = 0;
  return (text) => {
    const end = text.lastIndexOf('\n\n');
    if (end < read) return;
    for (const frame of text.slice(read, end).split('\n\n')) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
      if (name) on[name]?.(JSON.parse(data));
    }
    read = end + 2;
  };
}

function messageOf(answer) {
  try { return JSON.parse(answer).error.message; } catch { return t('import_cut'); }
}
