// What we use of marked.
export interface Token { type: string; raw: string; text?: string; href?: string }
export type Tokens = Token[] & { links?: unknown };
export class Marked {
  constructor(options: {
    gfm: boolean;
    breaks: boolean;
    renderer: { html: (token: { text: string }) => string; image: (token: { href: string; text: string }) => string };
  });
  lexer(text: string): Tokens;
  parser(tokens: Tokens): string;
}
type Links = Record<string, { href: string; title: string | null | undefined }>;
/** Reads blocks. Each method reads the one that begins the source, or returns undefined. */
export class Tokenizer {
  lexer: Lexer;
  rules: { block: Record<string, RegExp>; inline: Record<string, RegExp> };
  fences(source: string): any;
  html(source: string): any;
  def(source: string): any;
  table(source: string): any;
  lheading(source: string): any;
  blockquote(source: string): any;
  list(source: string): any;
}
export class Lexer {
  constructor(options: {
    gfm: boolean;
    breaks: boolean;
    tokenizer: Tokenizer;
    extensions: {
      block: ((this: { lexer: any }, source: string) => any)[];
      startBlock: ((this: { lexer: any }, rest: string) => number)[];
      renderers: object;
      childTokens: object;
    };
  });
  tokens: any[] & { links: Links };
  state: { top: boolean };
  lex(source: string): any[] & { links: Links };
  blockTokens(source: string, tokens?: any[], isClipped?: boolean): any[];
  inline(source: string): any[];
  inlineTokens(source: string, tokens?: any[]): any[];
}
