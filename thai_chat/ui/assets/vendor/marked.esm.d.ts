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
