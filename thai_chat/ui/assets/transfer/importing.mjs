// One import: sends the files, and reads how far the server is from the events of its answer.
import { isAborted, sendFiles } from '../lib/api.mjs';
import { t } from '../lib/texts.mjs';

/**
 * `tell` gets `{ sent, done, total }`: the part of the files that is sent (0 to 1), and sessions. `result` is what was
 * imported, or rejects with an error whose message can be shown. After `cancel` nothing was imported.
 *
 * @param {File[]} files
 * @param {(progress: { sent: number, done: number, total: number }) => void} tell
 * @returns {{ result: Promise<Imported>, cancel: () => void }}
 */
export function upload(files, tell) {
  const progress = { sent: 0, done: 0, total: 0 };
  /** @param {{ sent?: number, done?: number, total?: number }} news */
  const show = (news) => { Object.assign(progress, news); tell(progress); };
  let imported = /** @type {Imported | null} */ (null);
  let problem = /** @type {string | null} */ (null);
  const { answered, cancel } = sendFiles('api/import', files, {
    sent: (sent) => show({ sent }),
    heard: ({ name, body }) => {
      if (name === 'progress') show({ done: body.done, total: body.total });
      if (name === 'completed') imported = body;
      if (name === 'error') problem = body.message;
    },
  });
  const result = answered.then(() => {
    if (imported) return imported;
    throw new Error(problem ?? t('import_cut'));
  }, (error) => {
    if (isAborted(error)) throw new Error(t('import_cancelled'));
    throw new Error(error.isSilent ? problem ?? t('import_cut') : error.message);
  });
  return { result, cancel };
}
