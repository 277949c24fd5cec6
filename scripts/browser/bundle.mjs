// Makes few files of the page's scripts and styles: thai_chat/ui/assets/bundle/, which is kept in the repository.
// Called by bundle.sh with the sum of the sources, and the names of the styles in their order.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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

const shared = {
  bundle: true,
  minify: true,
  charset: 'utf8',
  legalComments: 'eof',
  footer: { js: NOTICE },
  logLevel: 'warning',
  absWorkingDir: assets,
  outdir,
  plugins: [beside],
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
await writeFile(path.join(outdir, 'sources.txt'), `${sum}\n`);
