// The languages of code that get colours: what they are called, their endings, and what the line above code says of it.

/** @typedef {{ grammar: string, label: string, ending: string }} Language */
/** @typedef {{ label: string, grammar: string | null, ending: string, file: string }} Info */

/** Grammar, label, ending of a file, other names. Two rows may share a grammar. @type {[string, string, string, string][]} */
const ROWS = [
  ['bash', 'Bash', 'sh', 'bash sh zsh ksh'],
  ['c', 'C', 'c', 'c h'],
  ['clojure', 'Clojure', 'clj', 'clojure clj cljs cljc edn'],
  ['cmake', 'CMake', 'cmake', 'cmake cmakelists.txt'],
  ['cpp', 'C++', 'cpp', 'cpp c++ cc cxx hpp h++ hh hxx cplusplus'],
  ['csharp', 'C#', 'cs', 'csharp c# cs'],
  ['css', 'CSS', 'css', 'css'],
  ['dart', 'Dart', 'dart', 'dart'],
  ['diff', 'Diff', 'diff', 'diff patch'],
  ['dockerfile', 'Dockerfile', 'dockerfile', 'dockerfile docker containerfile'],
  ['elixir', 'Elixir', 'ex', 'elixir ex exs'],
  ['erlang', 'Erlang', 'erl', 'erlang erl hrl'],
  ['fortran', 'Fortran', 'f90', 'fortran f90 f95 f03 f77'],
  ['go', 'Go', 'go', 'go golang'],
  ['graphql', 'GraphQL', 'graphql', 'graphql gql'],
  ['groovy', 'Groovy', 'groovy', 'groovy gradle'],
  ['haskell', 'Haskell', 'hs', 'haskell hs'],
  ['ini', 'INI', 'ini', 'ini cfg conf properties'],
  ['ini', 'TOML', 'toml', 'toml'],
  ['java', 'Java', 'java', 'java'],
  ['javascript', 'JavaScript', 'js', 'javascript js mjs cjs node'],
  ['javascript', 'JSX', 'jsx', 'jsx'],
  ['json', 'JSON', 'json', 'json jsonc json5 jsonl ndjson'],
  ['julia', 'Julia', 'jl', 'julia jl'],
  ['kotlin', 'Kotlin', 'kt', 'kotlin kt kts'],
  ['latex', 'LaTeX', 'tex', 'latex tex'],
  ['lua', 'Lua', 'lua', 'lua luau'],
  ['makefile', 'Makefile', 'mk', 'makefile make mk mak'],
  ['markdown', 'Markdown', 'md', 'markdown md mdown mkd'],
  ['matlab', 'MATLAB', 'm', 'matlab octave'],
  ['nginx', 'nginx', 'conf', 'nginx nginxconf'],
  ['objectivec', 'Objective-C', 'm', 'objectivec objective-c objc obj-c mm objective-c++'],
  ['perl', 'Perl', 'pl', 'perl pl pm'],
  ['php', 'PHP', 'php', 'php'],
  ['powershell', 'PowerShell', 'ps1', 'powershell pwsh ps1 ps'],
  ['protobuf', 'Protocol Buffers', 'proto', 'protobuf proto'],
  ['python', 'Python', 'py', 'python py python3 py3 pyi gyp ipython'],
  ['r', 'R', 'r', 'r rlang'],
  ['ruby', 'Ruby', 'rb', 'ruby rb gemspec'],
  ['rust', 'Rust', 'rs', 'rust rs'],
  ['scala', 'Scala', 'scala', 'scala sc'],
  ['scss', 'SCSS', 'scss', 'scss sass'],
  ['shell', 'Shell', 'txt', 'shell console shellsession shell-session terminal'],
  ['sql', 'SQL', 'sql', 'sql postgresql postgres psql pgsql plpgsql mysql sqlite tsql mssql'],
  ['swift', 'Swift', 'swift', 'swift'],
  ['typescript', 'TypeScript', 'ts', 'typescript ts mts cts'],
  ['typescript', 'TSX', 'tsx', 'tsx'],
  ['vbnet', 'VB.NET', 'vb', 'vbnet vb.net vb visualbasic'],
  ['xml', 'HTML', 'html', 'html htm xhtml vue svelte'],
  ['xml', 'XML', 'xml', 'xml svg rss atom xsd xsl xslt plist'],
  ['yaml', 'YAML', 'yaml', 'yaml yml'],
  ['', 'Mermaid', 'mmd', 'mermaid mmd'],
];
const PLAIN = new Set(['', 'text', 'txt', 'plain', 'plaintext', 'none', 'raw', 'output']);

/** A Map, because `constructor` and `__proto__` are names that models write too. @type {Map<string, Language>} */
const byName = new Map(ROWS.flatMap(([grammar, label, ending, names]) =>
  names.split(' ').map((name) => /** @type {[string, Language]} */ ([name, { grammar, label, ending }]))));

const MOST_CHARS_OF_INFO = 1_000;
const MOST_CHARS_OF_LABEL = 30;
const NAMED = /(?:^|[\s{,])(?:title|filename|file|name)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s}"',]+))/i;
const LOOKS_LIKE_A_FILE = /^[^\s{}="'<>|]*[^\s{}="'<>|.][^\s{}="'<>|]*\.[\p{L}\d_-]{1,12}$|^[^\s{}="'<>|]*(?:Dockerfile|Makefile)$/u;

/**
 * Return the language and, of `python:src/a.py`, the file.
 * @param {string} info
 * @returns {[string, string]}
 */
function firstWord(info) {
  const word = /^\{?\s*\.?([^\s{}=,]*)(?=[\s{},]|$)/.exec(info)?.[1] ?? '';
  const colon = word.indexOf(':');
  return colon > 0 ? [word.slice(0, colon), word.slice(colon + 1)] : [word, ''];
}

/** @param {string} info @param {string} word */
function fileIn(info, word) {
  const named = NAMED.exec(info);
  if (named) return named[1] ?? named[2] ?? named[3];
  const second = info.slice(info.indexOf(word) + word.length).trim().split(/\s/, 1)[0];
  return LOOKS_LIKE_A_FILE.test(second) ? second : '';
}

/** @param {string} file */
const byEnding = (file) => byName.get((/([^./\\]+)$/.exec(file)?.[1] ?? '').toLowerCase());

/** Read what stands in the first line of a fence: whatever it is, the answer is good for showing. @param {string} info @returns {Info} */
export function readInfo(info) {
  const said = info.trim().slice(0, MOST_CHARS_OF_INFO);
  const [word, behind] = firstWord(said);
  const language = byName.get(word.toLowerCase());
  if (language) return { ...language, file: behind || fileIn(said, word) };
  if (!behind && LOOKS_LIKE_A_FILE.test(word)) return { ...(byEnding(word) ?? unknown('')), file: word };
  const file = behind || fileIn(said, word);
  return PLAIN.has(word.toLowerCase()) && file ? { ...(byEnding(file) ?? unknown('')), file } : { ...unknown(word), file };
}

/** @param {string} word @returns {Language} */
const unknown = (word) => ({ grammar: '', label: PLAIN.has(word.toLowerCase()) ? '' : word.slice(0, MOST_CHARS_OF_LABEL), ending: 'txt' });

// A file of a model's naming lands in the reader's folder: no path, nothing that reads from right to left, no sign that a system refuses.
const NOT_IN_A_NAME = /[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;
const MOST_CHARS_OF_NAME = 100;

/** @param {Info} info */
export function downloadName({ file, ending }) {
  const name = (file.split(/[/\\]/).at(-1) ?? '').replace(NOT_IN_A_NAME, '').replace(/^[.\s]+|[.\s]+$/g, '').slice(-MOST_CHARS_OF_NAME);
  return name || `code.${ending}`;
}
