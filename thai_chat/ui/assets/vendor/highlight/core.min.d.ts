// What we use of highlight.js.
export type Grammar = (hljs: unknown) => unknown;
export interface Node { scope?: string; children: (Node | string)[] }
interface Highlighter {
  registerLanguage(name: string, grammar: Grammar): void;
  getLanguage(name: string): unknown;
  highlight(code: string, how: { language: string; ignoreIllegals: boolean }): { _emitter: { rootNode: Node } };
}
declare const hljs: Highlighter;
export default hljs;
