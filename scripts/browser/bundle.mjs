// Makes few files of the page's scripts and styles: thai_chat/ui/assets/bundle/, which is kept in the repository.
// Called by bundle.sh with the sum of the sources, and the names of the styles in their order.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const NOTICE = '/*! With libraries of others: vendor/README.md names them, and their licences stand beside it. */';
const [folder, sum, ...styles] = process.argv.slice(2);
const assets = path.resolve('../../thai_chat/ui/assets');
const outdir = path.resolve(folder);
// The bundle is served as if it stood among the sources, whose page.mjs and page.css it stands in for.
const addressOf = (file) => `./${path.relative(assets, file).split(path.sep).join('/')}`;

/** What stays a file of its own: fonts, scripts of others that are loaded when first needed, and what is found beside a module. */
const beside = {
  name: 'beside',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\.(?:woff2|svg)$/ }, ({ path: address, resolveDir }) => ({ path: addressOf(path.resolve(resolveDir, address)), external: true }));
    onResolve({ filter: /\/vendor\// }, ({ path: address, resolveDir, kind }) =>
      (kind === 'dynamic-import' ? { path: addressOf(path.resolve(resolveDir, address)), external: true } : undefined));
    onLoad({ filter: /\.mjs$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      return { contents: source.replaceAll('import.meta.url', () => `new URL('${addressOf(file)}', import.meta.url).href`), loader: 'js' };
    });
  },
};

/** The modules that are fetched when they are needed first, by their paths. */
const fetchedLater = async () => {
  const modules = (await readdir(assets, { recursive: true })).filter((name) => name.endsWith('.mjs') && !/^(?:bundle|vendor)\//.test(name));
  const found = new Set();
  for (const name of modules.sort()) {
    const source = await readFile(path.join(assets, name), 'utf8');
    for (const [, address] of source.matchAll(/\bimport\('(\.{1,2}\/[\w./-]+\.mjs)'\)/g)) {
      const file = path.join(assets, path.dirname(name), address);
      if (!file.includes('/vendor/')) found.add(file);
    }
  }
  return [...found];
};

/** Those are one file: parted by who needs what, the page would begin with a file for each of them and more. */
const later = {
  name: 'later',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.mjs$/ }, ({ kind, path: address }) =>
      (kind === 'dynamic-import' && !address.includes('/vendor/') ? { path: 'later', namespace: 'later' } : undefined));
    onLoad({ filter: /.*/, namespace: 'later' }, async () => ({
      contents: (await fetchedLater()).map((file) => `export * from ${JSON.stringify(file)};`).join('\n'), loader: 'js', resolveDir: assets,
    }));
  },
};

const shared = {
  bundle: true,
  minify: true,
  charset: 'utf8',
  legalComments: 'eof',
  footer: { js: NOTICE },
  logLevel: 'warning',
  absWorkingDir: assets,
  outdir,
  plugins: [beside, later],
};

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
await build({
  ...shared,
  entryPoints: ['page.mjs'],
  format: 'esm',
  target: 'es2023',
  splitting: true,
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  outExtension: { '.js': '.mjs' },
});
await build({
  ...shared,
  stdin: { contents: styles.map((style) => `@import './${style}';`).join('\n'), loader: 'css', resolveDir: assets, sourcefile: 'all-styles.css' },
  entryNames: 'page',
});
// The sign-in page shares no file with the page: it is a small one, and nobody has both open at once.
await build({ ...shared, entryPoints: ['sign_in.mjs'], format: 'esm', target: 'es2023', outExtension: { '.js': '.mjs' } });
// So is the style of panels that are opened seldom.
await build({ ...shared, entryPoints: ['sign_in.css', 'panels.css'] });
await writeFile(path.join(outdir, 'sources.txt'), `${sum}\n`);
