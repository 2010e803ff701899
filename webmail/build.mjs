// Builds the webmail: `node build.mjs --out DIR [--depfile FILE --target NAME] [--dev]`. What it writes below DIR is the whole of what
// the server gives out, under the names that it has there. The same sources give the same octets.
import * as esbuild from 'esbuild';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { icons, joinedWords, words } from './build/plugins.mjs';
import { squire } from './build/squire.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const dev = process.argv.includes('--dev');
const out = path.resolve(option('out') ?? path.join(here, 'dist'));
const inputs = new Set([path.join(here, 'package-lock.json'), path.join(here, 'build.mjs'), path.join(here, 'build/plugins.mjs'), path.join(here, 'build/squire.mjs')]);

function read(name) {
  inputs.add(path.join(here, name));
  return fs.readFileSync(path.join(here, name));
}

function write(name, data) {
  const file = path.join(out, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, data);
}

function writeHashed(name, data) {
  const hash = crypto.createHash('sha256').update(data).digest('hex').slice(0, 10);
  const { name: stem, ext } = path.parse(name);
  write(`assets/${stem}.${hash}${ext}`, data);
  return `/assets/${stem}.${hash}${ext}`;
}

const common = {
  absWorkingDir: here,
  bundle: true,
  format: 'esm',
  target: ['chrome120', 'firefox115', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: !dev,
  sourcemap: dev ? 'inline' : false,
  legalComments: 'none',
  metafile: true,
  outdir: out,
  assetNames: 'assets/[name].[hash]',
  chunkNames: 'assets/[name].[hash]',
  loader: { '.woff2': 'file' },
  publicPath: '/',
  plugins: [words(here, inputs), icons(here, inputs), squire(here, inputs)],
};

async function bundle(entryPoints, options) {
  const result = await esbuild.build({ ...common, entryPoints, ...options });
  for (const name of Object.keys(result.metafile.inputs)) {
    const file = path.join(here, name);
    if (!name.includes(':') && fs.existsSync(file)) inputs.add(file);
  }
  return Object.entries(result.metafile.outputs);
}

/** Path of what was made of an entry, as a page names it. */
function made(outputs, entry) {
  const found = outputs.find(([, output]) => output.entryPoint === entry);
  return '/' + path.relative(out, path.join(here, found[0]));
}

fs.rmSync(out, { recursive: true, force: true });

// Languages but English are files of their own, fetched by those who read them.
const languages = {};
for (const language of fs.readdirSync(path.join(here, 'words')).sort())
  if (language !== 'en') languages[language] = writeHashed(`words-${language}.json`, JSON.stringify(joinedWords(here, language, inputs)));

// Workers are bundles of their own: the app knows them by their hashed names.
const workers = {};
for (const [name, entry] of [['layer', 'src/layer/worker/worker.ts']])
  if (fs.existsSync(path.join(here, entry)))
    workers[name] = made(await bundle([entry], { entryNames: `assets/${name}.[hash]` }), entry);

const define = { __LANGUAGES__: JSON.stringify(languages), __WORKERS__: JSON.stringify(workers), __DEV__: String(dev) };
const app = await bundle(['src/main.tsx'], { define, splitting: true, entryNames: 'assets/app.[hash]' });
const script = made(app, 'src/main.tsx');
const style = '/' + path.relative(out, path.join(here, app.find(([name]) => /\/app\.\w+\.css$/.test(name))[0]));

const fill = (page) => page.toString().replaceAll('%SCRIPT%', script).replaceAll('%STYLE%', style);
for (const name of fs.readdirSync(path.join(here, 'pages')).sort()) write(name, name.endsWith('.html') ? fill(read(`pages/${name}`)) : read(`pages/${name}`));

// The service worker keeps these; its own name stays, so that a browser finds a newer one.
if (fs.existsSync(path.join(here, 'src/service-worker.ts'))) {
  const files = fs.readdirSync(path.join(out, 'assets')).sort().map((name) => `/assets/${name}`);
  const version = crypto.createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 10);
  await bundle(['src/service-worker.ts'], { define: { ...define, __FILES__: JSON.stringify(files), __VERSION__: JSON.stringify(version) }, entryNames: '[name]' });
}

if (option('depfile')) fs.writeFileSync(option('depfile'), `${option('target')}: ${[...inputs].sort().map((f) => f.replaceAll(' ', '\\ ')).join(' ')}\n`);
