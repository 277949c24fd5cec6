// What the tests of reading need to know of tokens, as the body of a function: `base` is where the page's modules are.
const { canBeRead, read, TooMuch } = await import(new URL('message/reading.mjs', base));

const AS = { strong: 'B', em: 'I', del: 'S', blockquote: 'quote', paragraph: 'p' };
const brace = (name, words) => `${name}{${words}}`;

// Tokens as one line: what stands where, and what it is.
function told(token) {
  if (Array.isArray(token)) return token.map(told).join('');
  const words = () => told(token.tokens);
  switch (token.type) {
    case 'text': return token.tokens ? words() : token.text;
    case 'br': return '⏎';
    case 'space': return '';
    case 'hr': return brace('hr', '');
    case 'codespan': return `\`${token.text}\``;
    case 'link': return brace('link', `${words()}|${token.href}${token.title ? `|${token.title}` : ''}`);
    case 'image': return brace('image', `${token.text}|${token.href}`);
    case 'tag': return brace(token.name, words());
    case 'footnote_ref': return brace('ref', token.label);
    case 'formula': return brace(token.display ? 'TEX' : 'tex', token.tex);
    case 'checkbox': return token.checked ? '[x] ' : '[ ] ';
    case 'heading': return brace(`h${token.depth}`, words());
    case 'code': return brace(`code${token.isOpen ? ' open' : ''}`, `${token.lang ?? ''}|${token.text}`);
    case 'list': return brace(token.ordered ? 'ol' : 'ul', token.items.map((item) => `${item.value ?? '-'} ${told(item.tokens)}`).join(';'));
    case 'table': return brace('table', [token.header, ...token.rows].map((row) => row.map((cell) => told(cell.tokens)).join('|')).join(';'));
    case 'def': return brace('def', [token.label, token.href, token.title ?? ''].join('|'));
    case 'footnote': return brace('note', `${token.label}|${words()}`);
    case 'details': return brace(token.isOpen ? 'details open' : 'details', `${told(token.summary)}|${words()}`);
    default: return brace(AS[token.type], words());
  }
}

// The part of a link's source that stands behind what is to be clicked.
const address = (link) => link.raw.slice(link.raw.indexOf('[') + 1 + link.tokens.map(({ raw }) => raw).join('').length);
const SUMMARY = /^\s*<details[^>]*>\s*<summary>[\s\S]*?<\/summary\s*>/i;
const summary = (token) => (SUMMARY.test(token.raw) ? `summary${shown(token.summary)}summary` : '');

// The words of tokens in the order of the source; names of tags and addresses stand where they were written.
function shown(token) {
  if (Array.isArray(token)) return token.map(shown).join('');
  switch (token.type) {
    case 'table': return [token.header, ...token.rows].flat().map((cell) => shown(cell.tokens)).join('\n');
    case 'list': return token.items.map((item) => (token.ordered ? Number.parseInt(item.raw.trim(), 10) : '') + shown(item.tokens)).join('\n');
    case 'code': return `${token.lang ?? ''}\n${token.text}`;
    case 'details': return `details${summary(token)}${shown(token.tokens)}details`;
    case 'footnote': return `${token.label} ${shown(token.tokens)}`;
    case 'def': return `${token.label} ${token.href} ${token.title ?? ''}`;
    case 'formula': return token.tex;
    case 'footnote_ref': return token.label;
    case 'link': return shown(token.tokens) + (token.raw.startsWith('[') ? address(token) : '');
    case 'image': return token.text + address(token);
    case 'tag': return token.name + shown(token.tokens) + token.name;
    case 'checkbox': case 'br': case 'space': case 'hr': return token.raw;
    default: return token.tokens ? shown(token.tokens) : token.text;
  }
}

// All letters and digits, one behind the other. Entities are left out: in code they stay what they are.
const letters = (text) => (text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).join('').replace(/amp|nbsp|copy|lt/g, '').replaceAll('©', '');

// What is wrong with what was read of `source`; an empty text when nothing is.
function lossOf(source) {
  const tokens = read(source);
  if (tokens.map(({ raw }) => raw).join('') !== source) return `the raw of tokens is not the source: ${JSON.stringify(source)}`;
  const [found, meant] = [letters(shown(tokens)), letters(source)];
  return found === meant ? '' : `${JSON.stringify(source)}\n  is read as ${JSON.stringify(found)}`;
}

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const WORDS = ['ราคา', 'น้ำตาล', 'ภาษาไทย', 'ฯลฯ', 'ต่างๆ', 'word', 'API', 'x', '12', '๑๒', 'ab_cd', '术语', '注意', 'é', 'https://example.com/x',
  'foo@example.com', 'www.example.com/ก'];
const SIGNS = ['*', '**', '***', '_', '__', '~', '~~', '`', '``', '```', '$', '$$', '\\(', '\\)', '\\[', '\\]', '[', ']', '(', ')', '![', '](', '[^1]',
  '[^1]:', '[x]:', '[x]', '<', '>', '</', '<b>', '</b>', '<br>', '<sub>', '</sub>', '<details>', '</details>', '<summary>', '</summary>', '<!--', '-->',
  '<pre>', '</pre>', '<script>', '</script>', '&amp;', '&nbsp;', '&', '!', '"', ':', '.', ',', '|', '\\', '\\|', '#', '-', '+', '=', '/', '{', '}', '%',
  '“', '”', '：', '。', '(https://a.b/c "t")', '[x](https://a.b)', '[x](ก)', '<https://a.b/c>', '<div class="a*b">', '<?', '?>', '<![CDATA[', ']]>', '@'];
const BLANKS = [' ', ' ', ' ', '  ', '\n', '\n', '\n\n', '\t', '\n    ', '\n   ', '\n\t', '\n  - ', '\n> ', '\n1. ', '\n- ', '\n* ', '\n# ', '\n```js\n',
  '\n```\n', '\n~~~\n', '\n\n$$\n', '\n$$\n', '\n---\n', '\n===\n', '\n| a | b |\n|---|:-:|\n| ', '\n|', '\n[x]: https://e.f/g "t"\n',
  '\n[ย]: ไม่มีช่องว่าง\n', '\n[^ก]: ', '\n<details>\n', '\n</details>\n', '\n2568. ', '\n- [ ] ', '\n- [x] ', '\n\\[\n', '\n\\]\n', '\n>> ', '\n     code\t',
  '\n<!-- ', '\n<pre>\n'];

// Markdown as nobody would write it, the same for the same seed.
function randomMarkdown(seed) {
  const random = seeded(seed);
  const one = (list) => list[Math.floor(random() * list.length)];
  const size = 3 + Math.floor(random() * random() * 120);
  const [signs, blanks] = [random() * 0.5, 0.1 + random() * 0.6];
  let text = '';
  for (let at = 0; at < size; at += 1) {
    text += one(random() < signs ? SIGNS : WORDS);
    if (random() < blanks) text += one(BLANKS);
  }
  return text;
}
