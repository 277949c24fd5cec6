// What we use of lit-html.
export interface TemplateResult { strings: TemplateStringsArray; values: unknown[] }
export const nothing: unique symbol;
export function html(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export function render(value: unknown, place: HTMLElement): unknown;
export function guard(dependencies: unknown[], make: () => unknown): unknown;
export function repeat<T>(items: Iterable<T>, keyOf: (item: T, at: number) => unknown, make: (item: T, at: number) => unknown): unknown;
