// The presets: options under a name, one's own and those that others share.
import { api } from '../lib/api.mjs';
import { askText } from '../lib/asking.mjs';
import { confirm } from '../lib/confirm.mjs';
import { $, $$, copyText, el, focused, icon, iconButton } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { emit, store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';

const NAME_CHARS = 255;

/** As the server gave them last; null before. */
let presets = /** @type {Preset[] | null} */ (null);

/** Asks the server, and tells whoever listens for "presets". Rejects when it can't be asked. */
export async function loadPresets() {
  ({ presets } = await api('GET', 'api/presets'));
  emit('presets');
}

/** The preset that a model of mine is always asked with, unless a session has settings of its own. @param {Partial<Choice>} choice */
export const defaultOf = ({ backend, model }) =>
  (presets ?? []).find((preset) => preset.is_default && preset.backend === backend && preset.model === model) ?? null;

export const presetWith = (options) => (presets ?? []).find((preset) => isSame(preset.options, options)) ?? null;

const isSame = (one, other) => inOrder(one) === inOrder(other);
const inOrder = (value) => JSON.stringify(value, (_, inner) =>
  (inner && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));

export const asJson = (preset_name, options) => JSON.stringify({ preset_name, options }, null, 2);

export class PresetList {
  /**
   * `use` has the session use a preset, `read` gives the options that are written, `say` and `refuse` tell a person.
   *
   * @param {{ use: (preset: Preset) => void, read: () => Options | null, say: (words: string) => void, refuse: (error: any) => void }} page
   */
  constructor({ use, read, say, refuse }) {
    this.use = use;
    this.read = read;
    this.say = say;
    this.refuse = refuse;
    this.list = el('ul', { 'aria-label': t('presets') });
    this.none = el('p', { class: 'none' }, t('presets_none'));
    this.element = el('section', { class: 'presets' }, el('h3', {}, t('presets')), this.none, this.list);
  }

  /** `used` is the preset that is in force. */
  paint(used) {
    const had = /** @type {HTMLElement | null} */ (focused().closest('.presets li'));
    const wasMore = focused().matches('.more');
    const at = had ? $$('li', this.list).indexOf(had) : -1;
    this.none.hidden = Boolean(presets?.length);
    this.list.hidden = !presets?.length;
    this.list.replaceChildren(...(presets ?? []).map((preset) => this.row(preset, preset === used)));
    if (!had) return;
    const rows = $$('li', this.list);
    const row = rows.find(({ dataset }) => dataset.id === had.dataset.id) ?? rows[Math.min(at, rows.length - 1)];
    if (row) $(wasMore ? '.more' : '.preset', row).focus();
  }

  row(preset, isUsed) {
    const more = iconButton('more', t('preset_options', { name: preset.preset_name }), () => openMenu(more, this.menu(preset), { label: preset.preset_name }),
      { class: 'icon-button more', 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
    const labels = labelsOf(preset);
    return el('li', { dataset: { id: preset.preset_id } },
      el('button', { type: 'button', class: 'preset', 'aria-pressed': String(isUsed), title: t('preset_apply'), onclick: () => this.use(preset) },
        el('span', { class: 'words' }, el('span', { class: 'name', dir: 'auto' }, preset.preset_name), labels ? el('small', { dir: 'auto' }, labels) : null),
        isUsed ? icon('check') : null),
      more);
  }

  menu(preset) {
    const name = preset.preset_name;
    const model = preset.model;
    const use = { text: t('preset_apply'), icon: 'check', act: () => this.use(preset) };
    const copy = { text: t('json_copy'), icon: 'copy', act: () => this.copy(preset) };
    if (!preset.is_own) return [use, copy];
    const change = (body, said) => this.tried(() => api('PATCH', `api/presets/${preset.preset_id}`, { body }), said);
    const toDefault = preset.is_default
      ? { text: t('preset_default_off', { model }), icon: 'star', act: () => change({ is_default: false }, t('preset_default_gone', { name, model })) }
      : { text: t('preset_default', { model }), icon: 'star', act: () => change({ is_default: true }, t('preset_default_on', { name, model })) };
    const toShared = preset.is_shared
      ? { text: t('preset_unshare'), icon: 'share', act: () => change({ is_shared: false }, t('preset_unshared', { name })) }
      : { text: t('preset_share'), icon: 'share', act: () => change({ is_shared: true }, t('preset_shared', { name })) };
    const picked = /** @type {Partial<Choice>} */ (store.choice ?? {});
    const isForPicked = preset.backend === picked.backend && model === picked.model;
    const now = { name, model: picked.model };
    const toPicked = { text: t('preset_for', now), icon: 'tag', act: () => change({ backend: picked.backend, model: picked.model }, t('preset_is_now_for', now)) };
    return [
      use,
      ...(model ? [toDefault] : []),
      ...(picked.model && !isForPicked ? [toPicked] : []),
      '-',
      { text: t('preset_update'), icon: 'download', act: () => this.update(preset, change) },
      { text: t('rename'), icon: 'pencil', act: () => this.rename(preset, change) },
      toShared,
      copy,
      '-',
      { text: t('delete'), icon: 'trash', danger: true, act: () => this.delete(preset) },
    ];
  }

  /** Keeps what is written as a new preset, meant for the model that is picked. */
  async make(name = '') {
    const options = this.read();
    if (!options) return;
    const preset_name = await askText(t('preset_name'), { value: name, yes: t('preset_save'), limit: NAME_CHARS, check: nameless });
    if (preset_name === null) return;
    const { backend, model } = /** @type {Partial<Choice>} */ (store.choice ?? {});
    await this.tried(() => api('POST', 'api/presets', { body: { preset_name, options, backend, model } }), t('preset_made', { name: preset_name.trim() }));
  }

  update({ preset_name }, change) {
    const options = this.read();
    if (options) return change({ options }, t('preset_updated', { name: preset_name }));
  }

  async rename(preset, change) {
    const preset_name = await askText(t('preset_name'), { value: preset.preset_name, yes: t('preset_save'), limit: NAME_CHARS, check: nameless });
    if (preset_name !== null) await change({ preset_name }, t('preset_updated', { name: preset_name.trim() }));
  }

  async delete({ preset_id, preset_name: name, is_default, model }) {
    const question = is_default ? t('preset_delete_default', { name, model }) : t('preset_delete_question', { name });
    if (!(await confirm(question, t('delete')))) return;
    await this.tried(() => api('DELETE', `api/presets/${preset_id}`), t('preset_deleted', { name }));
  }

  async copy({ preset_name, options }) {
    await copyText(asJson(preset_name, options));
    this.say(t('json_copied'));
  }

  /** What the server says no to is told; then the list is what it has now. */
  async tried(act, said) {
    try {
      await act();
      await loadPresets();
      this.say(said);
    } catch (error) {
      this.refuse(error);
      loadPresets().catch(() => {});
    }
  }
}

const nameless = (name) => (name.trim() ? null : t('preset_needs_name'));

const labelsOf = ({ model, is_default, is_shared, is_own }) => [
  is_default ? t('preset_is_default', { model }) : model ? t('preset_is_for', { model }) : null,
  !is_own ? t('preset_is_others') : is_shared ? t('preset_is_shared') : null,
].filter(Boolean).join(' · ');
