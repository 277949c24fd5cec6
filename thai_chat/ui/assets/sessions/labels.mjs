// Boxes for the tags and the folder of sessions: what is in use is offered, anything new can be written.
import { api } from '../lib/api.mjs';
import { $, el, icon } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';
import { toast } from '../lib/toast.mjs';
import { change } from './actions.mjs';

const MOST_CHARS = 60;

/** How names are put in order; making it takes a millisecond. */
const inOrder = () => new Intl.Collator(document.documentElement.lang).compare;

/** The folders and tags in use on a shelf, by name, with the number of its sessions; none when the server does not say. @param {string} shelf @returns {Promise<Labels>} */
export async function labelsInUse(shelf) {
  try { return await api('GET', 'api/sessions/labels', { query: { shelf } }); } catch { return { folders: [], tags: [] }; }
}

/** The names of the folders, or tags, of all sessions outside the trash. @param {keyof Labels} kind */
async function namesInUse(kind) {
  const shelves = await Promise.all(['current', 'archived'].map(labelsInUse));
  return shelves.flatMap((labels) => labels[kind].map(({ name }) => name));
}

/** @param {string} text */
const cleaned = (text) => text.trim().replace(/\s+/g, ' ');

/** @param {Session[]} sessions */
const about = (sessions) => (sessions.length === 1 ? sessions[0].session_name : t('chosen_count', { count: number(sessions.length) }));

/** A box with a title and what it is about; `closed` gets what it was closed with, '' when it was given up. @param {string} title @param {Session[]} sessions @param {(value: string) => void} closed @param {...Child} content */
function openBox(title, sessions, closed, ...content) {
  const box = el('dialog', { class: 'box labels', 'aria-label': title },
    el('h2', {}, title), el('p', { class: 'about', dir: 'auto' }, about(sessions)), content);
  box.addEventListener('click', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('close', () => { box.remove(); closed(box.returnValue); });
  document.body.append(box);
  box.showModal();
  return box;
}

/** A field and a button to add what is written; `add` gets it cleaned and not empty. @param {string} label @param {string} button @param {(name: string) => void} add */
function adder(label, button, add) {
  const input = el('input', { type: 'text', 'aria-label': label, placeholder: label, maxlength: MOST_CHARS, dir: 'auto', autocomplete: 'off' });
  return el('form', { class: 'adder', onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const name = cleaned(input.value);
    if (name) add(name);
    input.value = '';
    input.focus();
  } }, input, el('button', { type: 'submit' }, button));
}

/** True when something was changed. @param {Session[]} sessions */
export async function editTags(sessions) {
  const names = [...new Set([...await namesInUse('tags'), ...sessions.flatMap((session) => session.tags)])].sort(inOrder());
  /** The decisions made here, by tag; other tags stay as each session has them. */
  const decided = new Map();
  /** @param {string} name */
  const held = (name) => sessions.filter((session) => session.tags.includes(name)).length;
  /** @param {string} name */
  const state = (name) => decided.get(name) ?? (held(name) === 0 ? false : held(name) === sessions.length ? true : 'mixed');
  const chips = el('div', { class: 'chips', role: 'group', 'aria-label': t('tags') });
  /** @type {(HTMLElement & { paint: () => void })[]} */
  const shown = [];
  /** @param {string} name */
  const chip = (name) => {
    const button = el('button', { type: 'button', class: 'chip', onclick: () => { decided.set(name, state(name) !== true); paint(); } }, el('span', { dir: 'auto' }, name));
    const paint = () => button.setAttribute('aria-pressed', String(state(name)));
    paint();
    const made = Object.assign(button, { paint });
    shown.push(made);
    return made;
  };
  /** @param {string} text */
  const add = (text) => {
    const name = cleaned(text.replace(/^#+/, ''));
    if (!name) return;
    decided.set(name, true);
    const known = shown.find((other) => other.textContent === name);
    if (known) known.paint(); else chips.append(chip(name));
  };
  chips.append(...names.map(chip));
  const field = adder(t('new_tag'), t('add'), add);
  const wanted = await new Promise((closed) => {
    const box = openBox(t('tags'), sessions, closed, chips, field,
      el('div', { class: 'box-foot' },
        el('button', { type: 'button', onclick: () => box.close() }, t('cancel')),
        el('button', { type: 'button', class: 'main', onclick: () => { add($('input', field).value); box.close('save'); } }, t('save'))));
    if (!names.length) $('input', field).focus();
  });
  if (!wanted || !decided.size) return false;
  await change(sessions, (session) => ({ tags: tagsAfter(session.tags, decided) }));
  return true;
}

/** @param {string[]} tags @param {Map<string, boolean>} decided */
const tagsAfter = (tags, decided) =>
  [...new Set([...tags, ...decided.keys()])].filter((name) => decided.get(name) ?? tags.includes(name));

/** True when they were moved. @param {Session[]} sessions */
export async function moveToFolder(sessions) {
  const inUse = await namesInUse('folders');
  const here = sessions.every(({ folder }) => folder === sessions[0].folder) ? sessions[0].folder ?? '' : null;
  const names = [...new Set([...inUse, ...sessions.flatMap(({ folder }) => folder ?? [])])].sort(inOrder());
  let picked;
  await new Promise((closed) => {
    /** @param {string} folder */
    const pick = (folder) => { picked = folder; box.close(); };
    /** @param {string} folder @param {string} image @param {string} text */
    const entry = (folder, image, text) => el('button', { type: 'button', 'aria-current': folder === here ? 'true' : null, onclick: () => pick(folder) },
      icon(image), el('span', { dir: 'auto' }, text), folder === here ? icon('check') : null);
    const box = openBox(t('move'), sessions, closed,
      el('div', { class: 'folders', role: 'group', 'aria-label': t('folders') }, entry('', 'sessions', t('no_folder')), names.map((name) => entry(name, 'folder', name))),
      adder(t('new_folder'), t('move_there'), pick));
    if (!names.length) $('input', box).focus();
  });
  if (picked === undefined) return false;
  await move(sessions, picked);
  return true;
}

/** @param {Session[]} sessions @param {string} folder */
async function move(sessions, folder) {
  const before = new Map(sessions.map((session) => [session.session_id, session.folder ?? '']));
  const moved = await change(sessions, { folder });
  if (!moved.length) return;
  toast(folder ? t('moved_to', { folder }) : t('moved_out'), { undo: () => change(moved, ({ session_id }) => ({ folder: before.get(session_id) })) });
}
