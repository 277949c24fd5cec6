// The list of presets in the panel: to use, make, change, share and delete them.
import { api } from '../lib/api.mjs';
import { askText } from '../lib/asking.mjs';
import { confirm } from '../lib/confirm.mjs';
import { copyText, el } from '../lib/dom.mjs';
import { openMenu } from '../lib/menu.mjs';
import { html, iconButtonOf, iconOf, nothing, paint, repeat } from '../lib/painting.mjs';
import { store } from '../lib/store.mjs';
import { t } from '../lib/texts.mjs';
import { knownPresets, loadPresets, noteUsed } from './presets.mjs';

/** @typedef {(body: Partial<Preset>, said: string) => Promise<void>} Change */

const NAME_CHARS = 255;

/** @param {string} preset_name @param {Options} options */
export const asJson = (preset_name, options) => JSON.stringify({ preset_name, options }, null, 2);

export class PresetList {
  /**
   * `apply` has the session use a preset and says `words`, `read` gives the options that are written, `say` and `refuse` tell a person.
   *
   * @param {{ apply: (preset: Preset, words: string) => Promise<void>, read: () => Options | null, say: (words: string) => void, refuse: (error: any) => void }} page
   */
  constructor({ apply, read, say, refuse }) {
    this.apply = apply;
    this.read = read;
    this.say = say;
    this.refuse = refuse;
    /** The name of a preset that could not be saved. */
    this.unkept = '';
    this.element = el('section', { class: 'presets' });
    this.paint(null);
  }

  /** `used` is the preset that is in force. @param {Preset | null} used */
  paint(used) {
    const rows = knownPresets();
    paint(this.element, html`<h3>${t('presets')}</h3><p class="none" ?hidden=${rows.length > 0}>${t('presets_none')}</p><ul aria-label=${t('presets')}
      ?hidden=${!rows.length}>${repeat(rows, ({ preset_id }) => preset_id, (preset) => this.row(preset, preset === used))}</ul>`);
  }

  /** @type {(preset: Preset, isUsed: boolean) => unknown} */
  row(preset, isUsed) {
    const { preset_id, preset_name } = preset;
    const labels = labelsOf(preset);
    /** @param {any} given */
    const offer = ({ currentTarget }) => openMenu(currentTarget, this.menu(preset), { label: preset_name });
    return html`<li data-id=${preset_id}
      ><button type="button" class="preset" data-key="preset ${preset_id}" aria-pressed=${String(isUsed)} title=${t('preset_apply')} @click=${() => this.use(preset)}
        ><span class="named"><span class="name" dir="auto">${preset_name}</span>${labels ? html`<small dir="auto">${labels}</small>` : nothing}</span
        >${isUsed ? iconOf('check') : nothing}</button
      >${iconButtonOf('more', t('preset_options', { name: preset_name }), offer, { classes: 'more', isMenu: true, key: `more ${preset_id}` })}</li>`;
  }

  /** @param {Preset} preset */
  menu(preset) {
    const name = preset.preset_name;
    const model = preset.model;
    const use = { text: t('preset_apply'), icon: 'check', act: () => this.use(preset) };
    const copy = { text: t('json_copy'), icon: 'copy', act: () => this.copy(preset) };
    if (!preset.is_own) return [use, copy];
    /** @param {Partial<Preset>} body @param {string} said */
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
      ...(store.mayShare || preset.is_shared ? [toShared] : []),
      copy,
      '-',
      { text: t('delete'), icon: 'trash', danger: true, act: () => this.delete(preset) },
    ];
  }

  /** @param {Preset} preset */
  use(preset, words = t('preset_applied', { name: preset.preset_name })) {
    noteUsed(preset);
    return this.apply(preset, words);
  }

  /** Keep what is written, saved or not, as a preset for the model that is picked, and have the session use it. One of the same name is replaced when the person says so. */
  async make(proposed = '') {
    const options = this.read();
    if (!options) return;
    const given = await askText(t('preset_name'), { value: proposed || this.unkept, yes: t('preset_save'), limit: NAME_CHARS, check: nameless });
    if (given === null) return;
    const name = tidy(given);
    const same = knownPresets().find((preset) => preset.is_own && preset.preset_name === name);
    if (same && !(await confirm(t('preset_replace_question', { name }), t('preset_replace')))) { await this.make(name); return; }
    try {
      const made = await this.send(name, options, same);
      this.unkept = '';
      await loadPresets();
      await this.use(made, t(same ? 'preset_replaced' : 'preset_made', { name }));
    } catch (error) {
      this.unkept = name; // proposed the next time
      this.refuse(error);
      loadPresets().catch(() => {});
    }
  }

  /** A preset that its model is always asked with stays the one of that model. @type {(preset_name: string, options: Options, same: Preset | undefined) => Promise<Preset>} */
  send(preset_name, options, same) {
    const { backend, model } = /** @type {Partial<Choice>} */ (store.choice ?? {});
    if (!same) return api('POST', 'api/presets', { body: { preset_name, options, backend, model } });
    return api('PATCH', `api/presets/${same.preset_id}`, { body: same.is_default || !model ? { options } : { options, backend, model } });
  }

  /** @param {Preset} given @param {Change} change */
  update({ preset_name }, change) {
    const options = this.read();
    if (options) return change({ options }, t('preset_updated', { name: preset_name }));
  }

  /** @param {Preset} preset @param {Change} change */
  async rename(preset, change) {
    const preset_name = await askText(t('preset_name'), { value: preset.preset_name, yes: t('preset_save'), limit: NAME_CHARS, check: nameless });
    if (preset_name !== null) await change({ preset_name }, t('preset_updated', { name: preset_name.trim() }));
  }

  /** @param {Preset} given */
  async delete({ preset_id, preset_name: name, is_default, model }) {
    const question = is_default ? t('preset_delete_default', { name, model }) : t('preset_delete_question', { name });
    if (!(await confirm(question, t('delete')))) return;
    await this.tried(() => api('DELETE', `api/presets/${preset_id}`), t('preset_deleted', { name }));
  }

  /** @param {Preset} given */
  async copy({ preset_name, options }) {
    await copyText(asJson(preset_name, options));
    this.say(t('json_copied'));
  }

  /** Act, and say so or tell the server's refusal; then list what the server has now. @param {() => Promise<unknown>} act @param {string} said */
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

/** As the server keeps a name. @param {string} name */
const tidy = (name) => name.split(/\s+/).filter(Boolean).join(' ');

/** @param {string} name */
const nameless = (name) => (name.trim() ? null : t('preset_needs_name'));

/** @param {Preset} given */
const labelsOf = ({ model, is_default, is_shared, is_own }) => [
  is_default ? t('preset_is_default', { model }) : model ? t('preset_is_for', { model }) : null,
  !is_own ? t('preset_is_others') : is_shared ? t('preset_is_shared') : null,
].filter(Boolean).join(' · ');
