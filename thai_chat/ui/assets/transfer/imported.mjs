// The report of an import: what it brought, by where it came from and with ways to it, and what was left out and why.
import { address } from '../lib/api.mjs';
import { el, icon } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';

/** A few are read at once; more are folded. */
const SHOWN = 4;

/** `open` gets the session to go to. @param {Imported} imported @param {{ open: (session_id: string) => void }} given */
export function report(imported, { open }) {
  const { programs, left_out, left_out_count } = imported;
  const companions = left_out.filter(({ code }) => code === 'import_companion');
  const others = left_out.filter(({ code }) => code !== 'import_companion');
  return el('div', { class: 'report' },
    el('div', { class: 'done' }, icon('check'), el('p', {}, summary(imported))),
    el('ul', { class: 'origins', role: 'list' }, programs.map((program) => origin(program, { open, isAlone: programs.length === 1 }))),
    others.length ? leftOut(others, left_out_count - companions.length) : null,
    companions.length ? el('p', { class: 'companions' }, t('import_companions', { files: companions.map(({ file }) => file).join(', ') })) : null);
}

/** @param {Imported} given */
const summary = ({ sessions, messages, extended, skipped, presets, former_defaults }) => [
  sessions || !(extended || skipped || presets) ? t('import_done', { sessions: number(sessions), messages: number(messages) }) : '',
  extended ? t('import_extended', { extended: number(extended) }) : '',
  skipped ? t('import_skipped', { skipped: number(skipped) }) : '',
  presets ? t('import_presets', { presets: number(presets) }) : '',
  former_defaults ? t('import_former_defaults', { former_defaults: number(former_defaults) }) : '',
].filter(Boolean).join(' ');

/** @param {Program} given @param {{ open: (session_id: string) => void, isAlone: boolean }} how */
function origin({ name, sessions, extended, skipped, newest }, { open, isAlone }) {
  const counts = [
    sessions ? t('import_from_new', { sessions: number(sessions) }) : '',
    extended ? t('import_from_extended', { extended: number(extended) }) : '',
    skipped ? t('import_from_skipped', { skipped: number(skipped) }) : '',
  ].filter(Boolean).join(' · ');
  /** @param {Program['newest'][number]} given */
  const link = ({ session_id, session_name }) => el('li', {}, el('a', {
    href: address('', { s: session_id }).href,
    onclick: (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(session_id);
    },
  }, session_name || t('untitled')));
  return el('li', {}, el('p', {}, el('b', {}, name), isAlone ? null : el('span', {}, counts)),
    newest.length ? el('ul', { role: 'list', 'aria-label': t('import_go') }, newest.map(link)) : null);
}

/** @param {Imported['left_out']} told @param {number} count */
const leftOut = (told, count) => el('details', { class: 'left-out', open: told.length <= SHOWN },
  el('summary', {}, t('import_left_out_count', { count: number(count) })),
  el('ul', {}, told.map(({ message }) => el('li', {}, message)), count > told.length ? el('li', {}, t('import_left_out_more', { count: number(count - told.length) })) : null));
