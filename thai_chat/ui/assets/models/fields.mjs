// The fields of the model settings: options as a person writes them, checked at once, and as the API takes them.
import { el } from '../lib/dom.mjs';
import { number, t } from '../lib/texts.mjs';

const PROMPT_CHARS = window.thaiChatPromptLimit;
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
const EXAMPLE = '{"top_k": 40, "min_p": 0.05}';
const CHECK_MS = 350;
const KINDS = window.thaiChatBackends;
/** The form shows this for a backend that is no more. */
const ANY = { options: Object.values(KINDS)[0].options, effort: true, thinking: false };

/** A labelled control; `read` gives `{ value }` or `{ problem }`, both undefined for an empty one. */
class Field {
  /**
   * @param {string} name
   * @param {string} label
   * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
   * @param {string} more
   */
  constructor(name, label, control, more) {
    this.name = name;
    this.control = control;
    this.problem = el('p', { class: 'field-problem', id: `settings-${name}-problem`, 'aria-live': 'polite', hidden: true });
    this.more = el('small', { id: `settings-${name}-more` }, more);
    for (const [key, value] of Object.entries({ id: `settings-${name}`, 'aria-describedby': `${this.more.id} ${this.problem.id}` })) control.setAttribute(key, value);
    this.element = /** @type {HTMLElement} */ (el('div', { class: `field field-${name}` }, el('label', { for: control.id }, label), control, this.more, this.problem));
  }

  get text() { return this.control.value.trim(); }

  /** @returns {{ value?: any, problem?: string }} */
  read() { return this.text ? { value: this.text } : {}; }

  /** @param {any} value @param {Options} value */
  write(value) {
    this.control.value = value === undefined ? '' : String(value);
    this.say(null);
  }

  check() { this.say(this.read().problem); }

  /** @param {string | null | undefined} problem */
  say(problem) {
    this.problem.textContent = problem ?? '';
    this.problem.hidden = !problem;
    this.control.setAttribute('aria-invalid', String(Boolean(problem)));
  }
}

class NumberField extends Field {
  /** @param {string} name @param {{ low: number, high: number, isCount?: boolean }} limits */
  constructor(name, { low, high, isCount = false }) {
    super(name, t(name), el('input', { type: 'text', inputmode: isCount ? 'numeric' : 'decimal', autocomplete: 'off', placeholder: t('as_model') }), t(`${name}_more`));
    this.low = low;
    this.high = high;
    this.isCount = isCount;
  }

  /** @override */
  read() {
    if (!this.text) return {};
    const written = this.text.replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - 0x0e50));
    const value = Number(this.isCount ? written.replace(/[,\s]/g, '') : written.replace(',', '.'));
    const isIn = value >= this.low && value <= this.high && (!this.isCount || Number.isSafeInteger(value));
    if (isIn) return { value };
    return { problem: this.isCount ? t('not_a_count') : t('not_in_range', { low: number(this.low), high: number(this.high) }) };
  }
}

class ChoiceField extends Field {
  /**
   * `choices` are pairs of what is sent and what is shown.
   *
   * @param {string} name
   * @param {string} label
   * @param {[string, string][]} choices
   * @param {string} more
   */
  constructor(name, label, choices, more) {
    super(name, label, el('select', {}, [['', t('as_model')], ...choices].map(([value, shown]) => el('option', { value }, shown))), more);
  }

  /** A value that the API knows and this page does not is offered too. @override @param {any} value */
  write(value) {
    const written = value === undefined ? '' : String(value);
    const { options } = /** @type {HTMLSelectElement} */ (this.control);
    if (![...options].some((option) => option.value === written)) this.control.append(el('option', { value: written }, written));
    super.write(value);
  }
}

class PromptField extends Field {
  constructor() {
    super('system_prompt', t('system_prompt'), el('textarea', { rows: 5, dir: 'auto', placeholder: t('system_prompt_more') }), '');
    this.control.addEventListener('input', () => this.count());
    this.count();
  }

  /** In code points, as the server counts. */
  get length() { return [...this.control.value].length; }

  count() { this.more.textContent = t('chars_of', { count: number(this.length), limit: number(PROMPT_CHARS) }); }

  /** @override @returns {{ value?: string, problem?: string }} */
  read() {
    if (!this.text) return {};
    return this.length > PROMPT_CHARS ? { problem: t('prompt_too_long', { limit: number(PROMPT_CHARS) }) } : { value: this.control.value };
  }

  /** @override @param {any} value */
  write(value) {
    super.write(value);
    this.count();
  }
}

/** Whatever has no field of its own. */
class JsonField extends Field {
  constructor() {
    super('advanced', t('advanced'), el('textarea', { rows: 4, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', class: 'code', placeholder: EXAMPLE }), '');
    this.folded = el('details', { class: 'field field-advanced' }, el('summary', {}, t('advanced')), this.control, this.problem, this.more);
    this.element = this.folded;
    this.control.setAttribute('aria-label', t('advanced'));
  }

  /** @override */
  read() {
    const { value, problem } = parsed(this.text);
    const taken = value && Object.keys(value).find((name) => OWN.includes(name));
    return taken ? { problem: t('json_has_field', { name: taken }) } : { value, problem };
  }

  /** @override @param {Options} options */
  write(options) {
    super.write(Object.keys(options).length ? JSON.stringify(options, null, 2) : '');
    this.unfold();
  }

  /** Show what is written; whoever has opened it keeps it open. */
  unfold() { if (this.text) this.folded.open = true; }

  /** @override @param {string | null | undefined} problem */
  say(problem) {
    super.say(problem);
    if (problem) this.folded.open = true;
  }
}

/** Options that have a field; a switch for thinking stands in `chat_template_kwargs`. */
const OWN = ['system_prompt', 'temperature', 'top_p', 'max_tokens', 'reasoning_effort'];

/** The JSON object that is written, nothing for nothing, or what is wrong with it and where. @type {(text: string) => { value?: Options, problem?: string }} */
export function parsed(text) {
  if (!text.trim()) return {};
  let value;
  try { value = JSON.parse(text); } catch (error) { return { problem: t('json_wrong', placeOf(error, text)) }; }
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  return isObject ? { value } : { problem: t('json_no_object', { example: EXAMPLE }) };
}

/** Browsers name a position, or a line and a column; nothing when the text ends too early. @param {Error} given @param {string} text */
function placeOf({ message }, text) {
  const [, line, column] = /line (\d+),? column (\d+)/.exec(message) ?? [];
  if (line) return { line: number(Number(line)), column: number(Number(column)) };
  const [, position = text.length] = /position (\d+)/.exec(message) ?? [];
  const before = text.slice(0, Number(position)).split('\n');
  return { line: number(before.length), column: number(before[before.length - 1].length + 1) };
}

export class Form {
  /** `changed` is called with every change that a person makes. @param {{ changed: () => void }} page */
  constructor({ changed }) {
    this.thinking = new ChoiceField('thinking', t('thinking_switch'), [['on', t('thinking_on')], ['off', t('thinking_off')]], t('thinking_more'));
    this.effort = new ChoiceField('reasoning_effort', t('reasoning_effort'), EFFORTS.map((effort) => /** @type {[string, string]} */ ([effort, t(`effort_${effort}`)])), t('effort_more'));
    this.advanced = new JsonField();
    const [temperature, topP, maxTokens] = [
      new NumberField('temperature', { low: 0, high: 2 }), new NumberField('top_p', { low: 0, high: 1 }),
      new NumberField('max_tokens', { low: 1, high: 10_000_000, isCount: true })];
    this.simple = [new PromptField(), temperature, topP, maxTokens, this.effort];
    this.fields = [...this.simple, this.thinking, this.advanced];
    this.element = el('div', { class: 'fields' }, this.simple[0].element,
      el('div', { class: 'field-row' }, temperature.element, topP.element, maxTokens.element),
      el('div', { class: 'field-row' }, this.effort.element, this.thinking.element), this.advanced.element);
    this.written = '';
    for (const field of this.fields) this.watch(field, changed);
  }

  /** Said at once, but not in the middle of a word. @param {Field} field @param {() => void} changed */
  watch(field, changed) {
    let timer = 0;
    field.control.addEventListener('input', () => {
      clearTimeout(timer);
      if (field.read().problem) timer = setTimeout(() => field.check(), CHECK_MS);
      else field.say(null);
      changed();
    });
    field.control.addEventListener('blur', () => { clearTimeout(timer); field.check(); });
  }

  /** Only fields that mean something to the backend are shown, and those that hold a value. @param {string | undefined} backend */
  suit(backend) {
    const { options, effort, thinking } = KINDS[backend ?? ''] ?? ANY;
    this.effort.element.hidden = !effort && !this.effort.text;
    this.thinking.element.hidden = !thinking && !this.thinking.text;
    this.advanced.more.textContent = t('advanced_more', { names: options });
  }

  /** Write the options into the fields; one that is set to nothing is an empty field. @param {Options} options */
  write(options) {
    const rest = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
    for (const field of this.simple) {
      field.write(rest[field.name]);
      delete rest[field.name];
    }
    const { enable_thinking, ...others } = rest.chat_template_kwargs ?? {};
    const isSwitch = typeof enable_thinking === 'boolean';
    this.thinking.write(isSwitch ? (enable_thinking ? 'on' : 'off') : undefined);
    if (isSwitch && Object.keys(others).length) rest.chat_template_kwargs = others;
    else if (isSwitch) delete rest.chat_template_kwargs;
    this.advanced.write(rest);
  }

  /** Write what somebody has begun to write into its fields again. @param {unknown} texts */
  resume(texts) {
    if (!Array.isArray(texts)) return;
    this.fields.forEach(({ control }, at) => {
      if (typeof texts[at] !== 'string' || texts[at] === control.value) return;
      control.value = texts[at];
      control.dispatchEvent(new Event('input'));
    });
    this.advanced.unfold();
  }

  /** Take what is written now as kept. */
  settle() { this.written = this.state(); }

  get isChanged() { return this.state() !== this.written; }

  /** What is written in each field. */
  get texts() { return this.fields.map(({ control }) => control.value); }

  state() { return JSON.stringify(this.fields.map((field) => field.text)); }

  /** The options, or null; then the first field that is wrong has the focus. */
  read() {
    const wrong = this.fields.filter((field) => field.read().problem);
    wrong.forEach((field) => field.check());
    wrong[0]?.control.focus();
    return wrong.length ? null : this.options();
  }

  options() {
    const options = { ...this.advanced.read().value };
    for (const field of this.simple) {
      const { value } = field.read();
      if (value !== undefined) options[field.name] = value;
    }
    const { value } = this.thinking.read();
    if (value) options.chat_template_kwargs = { ...options.chat_template_kwargs, enable_thinking: value === 'on' };
    return options;
  }

  /** The server's word on an option is shown where it is written. @param {string} param @param {string} message */
  refuse(param, message) {
    const field = this.simple.find(({ name }) => name === param) ?? this.advanced;
    field.say(message);
    field.control.focus();
  }
}
