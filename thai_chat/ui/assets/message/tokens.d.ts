// The tokens that reading.mjs returns. Every `text` is what is to be shown; every `raw` is the source of the token.
export interface Links { [label: string]: { href: string; title: string | null | undefined } }
export interface Text { type: 'text'; raw: string; text: string; tokens?: Inline[] }
export interface Break { type: 'br'; raw: string }
export interface Codespan { type: 'codespan'; raw: string; text: string }
export interface Emphasis { type: 'strong' | 'em' | 'del'; raw: string; tokens: Inline[] }
export interface Link { type: 'link'; raw: string; href: string; title: string | null; tokens: Inline[] }
export interface Image { type: 'image'; raw: string; href: string; title: string | null; text: string; tokens: Inline[] }
export interface Tag { type: 'tag'; raw: string; name: string; tokens: Inline[] }
export interface FootnoteRef { type: 'footnote_ref'; raw: string; label: string }
/** It stands in a line, or as a block. */
export interface Formula { type: 'formula'; raw: string; tex: string; display: boolean }
export interface Checkbox { type: 'checkbox'; raw: string; checked: boolean }
export type Inline = Text | Break | Codespan | Emphasis | Link | Image | Tag | FootnoteRef | Formula | Checkbox;

export interface Space { type: 'space' | 'hr'; raw: string }
export interface Paragraph { type: 'paragraph'; raw: string; text: string; tokens: Inline[] }
export interface Heading { type: 'heading'; raw: string; depth: number; text: string; tokens: Inline[] }
/** `text` is without the last line's end. `isOpen` where the closing fence has not come. */
export interface Code { type: 'code'; raw: string; lang?: string; text: string; codeBlockStyle?: 'indented'; isOpen?: boolean }
export interface Quote { type: 'blockquote'; raw: string; tokens: Block[] }
/** `value` is the number to show, in ordered lists. */
export interface Item { type: 'list_item'; raw: string; task: boolean; checked?: boolean; loose: boolean; text: string; value?: number; tokens: Block[] }
export interface List { type: 'list'; raw: string; ordered: boolean; start: number | ''; loose: boolean; items: Item[] }
export type Align = 'left' | 'right' | 'center' | null;
export interface Cell { text: string; header: boolean; align: Align; tokens: Inline[] }
export interface Table { type: 'table'; raw: string; align: Align[]; header: Cell[]; rows: Cell[][] }
export interface Definition { type: 'def'; raw: string; tag: string; label: string; href: string; title?: string | null }
export interface Footnote { type: 'footnote'; raw: string; label: string; tokens: Block[] }
export interface Details { type: 'details'; raw: string; summary: Inline[]; tokens: Block[]; isOpen: boolean }
export type Block =
  | Space | Paragraph | Heading | Code | Quote | List | Table | Definition | Footnote | Details | Formula | Text | Checkbox;

export type Token = Block | Inline | Item;
export type Tokens = Block[] & { links: Links };
