// Export and import: a dialog that is opened below the list of sessions.
import { address } from '../lib/api.mjs';
import { $, el, icon, iconButton, isPhone } from '../lib/dom.mjs';
import { emit, store } from '../lib/store.mjs';
import { number, t } from '../lib/texts.mjs';
import { filesOf, worthSending } from './folders.mjs';
import { report } from './imported.mjs';
import { upload } from './importing.mjs';
import { TRAINING, trainingPart } from './training.mjs';

const FORMATS = { json: 'JSON', md: 'Markdown', csv: 'CSV', sft: 'JSONL (SFT)', dpo: 'JSONL (DPO)' };
const LIMIT_BYTES = 512_000_000;
const LIMIT_MB = 512;

/** @type {HTMLDialogElement} */
let dialog;
/** The import under way, with which it can be cancelled. */
let running = /** @type {ReturnType<typeof upload> | null} */ (null);

/** `open` shows the dialog; `page.open` goes to a session. @param {HTMLElement} element @param {{ open: (session_id: string) => void }} page */
export function mountTransfer(element, page) {
  const exporting = exportPart();
  dialog = el('dialog', { id: 'transfer-box', 'aria-label': t('export_import') },
    el('header', {}, el('h2', {}, t('export_import')), iconButton('close', t('close'), () => dialog.close())),
    exporting.element, importPart((session_id) => { dialog.close(); page.open(session_id); }));
  // A press beside it closes it, but not while something is being imported.
  dialog.addEventListener('click', (event) => { if (event.target === dialog && !running) dialog.close(); });
  dialog.addEventListener('cancel', (event) => { if (running) event.preventDefault(); });
  element.append(dialog);
  return { open: () => { exporting.refresh(); dialog.showModal(); } };
}

function exportPart() {
  const chosen = { what: 'everything', format: 'json' };
  /** @param {'what' | 'format'} group @param {string} value @param {string} text @param {string} [more] */
  const choice = (group, value, text, more) => el('label', {},
    el('input', { type: 'radio', name: `export-${group}`, value, checked: chosen[group] === value, onchange: () => { chosen[group] = value; refresh(); } }),
    el('span', {}, el('b', {}, text), more ? el('small', {}, more) : null));
  const link = el('a', { class: 'primary', download: '' }, icon('download'), t('export_download'));
  const training = trainingPart(() => refresh());
  const open = choice('what', 'open', t('export_this'));
  const refresh = () => {
    const isOpen = Boolean(store.view?.stored);
    $('input', open).disabled = !isOpen;
    if (!isOpen && chosen.what === 'open') chosen.what = 'everything';
    for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll('input[type=radio]'))) radio.checked = Object.values(chosen).includes(radio.value);
    const path = chosen.what === 'open' ? `api/sessions/${store.view.session_id}/export` : 'api/export';
    const isTraining = TRAINING.includes(chosen.format);
    const asked = { format: chosen.format, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...(isTraining ? training.query() : {}) };
    link.href = address(path, asked).href;
    setOffered(link, true);
    if (isTraining && training.element.hidden) training.offer();
    training.element.hidden = !isTraining;
    if (isTraining) training.count(path, asked, (isThere) => setOffered(link, isThere || !TRAINING.includes(chosen.format)));
  };
  const element = el('section', {}, el('h3', {}, t('export')),
    el('fieldset', { class: 'what' }, el('legend', { class: 'offscreen' }, t('export_what')), choice('what', 'everything', t('export_everything')), open),
    el('fieldset', { class: 'formats' }, el('legend', { class: 'offscreen' }, t('export_format')),
      Object.entries(FORMATS).map(([format, name]) => choice('format', format, name, t(`export_${format}_more`)))),
    training.element, link);
  return { element, refresh };
}

/** A file without examples is none to be had. @param {HTMLAnchorElement} link @param {boolean} isOffered */
function setOffered(link, isOffered) {
  link.toggleAttribute('hidden', !isOffered);
}

/** @param {(session_id: string) => void} open */
function importPart(open) {
  const input = el('input', { type: 'file', multiple: true, accept: '.json,.jsonl,.zip,.db', class: 'offscreen', tabindex: -1, 'aria-label': t('import_pick'), onchange: () => { take([...input.files ?? []]); input.value = ''; } });
  const folder = el('input', { type: 'file', webkitdirectory: true, class: 'offscreen', tabindex: -1, 'aria-label': t('import_pick_folder'), onchange: () => { take([...folder.files ?? []]); folder.value = ''; } });
  const pick = el('button', { type: 'button', class: 'plain', onclick: () => input.click() }, t('import_pick'));
  const pickFolder = isPhone() ? null : el('button', { type: 'button', class: 'plain', onclick: () => folder.click() }, t('import_pick_folder'));
  const drop = el('div', { class: 'drop' }, icon('download'), el('p', {}, isPhone() ? null : el('span', {}, t('import_drop')), ' ', pick, ' ', pickFolder), el('small', {}, t('import_hint')), input, folder);
  const told = el('div', { class: 'told', 'aria-live': 'polite' });
  for (const name of ['dragenter', 'dragover']) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add('over'); });
  for (const name of ['dragleave', 'drop']) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove('over'); });
  drop.addEventListener('drop', async ({ dataTransfer }) => { if (dataTransfer) take(await filesOf(dataTransfer)); });

  /** @param {File[]} chosen */
  const take = async (chosen) => {
    if (running || !chosen.length) return;
    const files = worthSending(chosen);
    if (files.reduce((sum, { size }) => sum + size, 0) > LIMIT_BYTES) { told.replaceChildren(refused(t('import_too_large', { limit: LIMIT_MB }))); return; }
    /** @param {boolean} isBusy */
    const setBusy = (isBusy) => { for (const button of [pick, pickFolder]) button?.toggleAttribute('disabled', isBusy); };
    setBusy(true);
    await bring(files, told, open);
    setBusy(false);
  };
  return el('section', {}, el('h3', {}, t('import')), drop, told);
}

/** Imports the files, and tells at `told` how it goes and what came of it. @param {File[]} files @param {HTMLElement} told @param {(session_id: string) => void} open */
async function bring(files, told, open) {
  const bar = el('progress', { max: 1, 'aria-label': t('import') });
  const line = el('p', {}, t('import_looking'));
  const cancel = el('button', { type: 'button', class: 'plain', onclick: () => running?.cancel() }, t('import_cancel'));
  told.replaceChildren(bar, line, cancel);
  running = upload(files, (progress) => paint(bar, line, progress));
  try {
    told.replaceChildren(report(await running.result, { open }));
    told.scrollIntoView({ block: 'nearest' });
    emit('imported');
  } catch (error) {
    told.replaceChildren(refused(error.message));
  } finally {
    running = null;
  }
}

/** @param {HTMLProgressElement} bar @param {HTMLElement} line @param {{ sent: number, total: number, done: number }} given */
function paint(bar, line, { sent, total, done }) {
  if (total) {
    bar.value = done / total;
    line.textContent = t('import_progress', { done: number(done), total: number(total) });
  } else if (sent < 1) {
    bar.value = sent;
    line.textContent = t('import_uploading', { percent: number(Math.floor(sent * 100)) });
  } else {
    bar.removeAttribute('value');
    line.textContent = t('import_looking');
  }
}

/** @param {string} message */
const refused = (message) => el('div', { class: 'problem', role: 'alert' }, icon('alert'), el('p', {}, message));
