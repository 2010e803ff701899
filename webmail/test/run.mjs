// Runs tests: `node test/run.mjs [FILE-PART...]` those without a browser; `node test/run.mjs --browser [FILE-PART...]` those in Debian's
// Chromium, and `--firefox` those in its Firefox, against a server of their own (environment POSTRIDER: the program). They are compiled first,
// for the Node of Debian 12. `--long`: also what takes minutes, as all screens in all looks.
import * as esbuild from 'esbuild';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { icons, words } from '../build/plugins.mjs';
import { squire } from '../build/squire.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.dirname(here);
const browser = ['browser', 'firefox'].find((name) => process.argv.includes(`--${name}`));
if (process.argv.includes('--long')) process.env.WEBMAIL_LONG = '1';
const parts = process.argv.slice(2).filter((part) => !part.startsWith('--'));
const folder = browser ? path.join(here, browser) : here;
const files = fs.readdirSync(folder).filter((name) => name.endsWith('.test.ts') || name.endsWith('.test.tsx')).filter((name) => parts.length === 0 || parts.some((part) => name.includes(part))).sort();
if (files.length === 0) {
  console.error(`no test has a name like ${parts.join(', ')}`);
  process.exit(64);
}
// Below node_modules, so that packages that are not bundled are found.
const out = fs.mkdtempSync(path.join(root, 'node_modules/.tests-'));
try {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: files.map((name) => path.join(folder, name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node18',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'inline',
    banner: { js: fs.readFileSync(path.join(here, 'node18.mjs'), 'utf8') },
    external: ['playwright-core', 'axe-core', 'esbuild'],
    loader: { '.css': 'empty', '.woff2': 'empty' },
    define: { __LANGUAGES__: '{}', __WORKERS__: '{}', __DEV__: 'true', __ROOT__: JSON.stringify(root) },
    plugins: [words(root), icons(root), squire(root)],
    logLevel: 'warning',
  });
  const made = fs.readdirSync(out).filter((name) => name.endsWith('.mjs')).sort().map((name) => path.join(out, name));
  const flags = ['--enable-source-maps', '--test'];
  // What each says comes in one piece.
  const run = (list) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [...flags, ...list], { stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
      const said = [];
      child.stdout.on('data', (data) => said.push(data));
      child.on('close', (status) => {
        process.stdout.write(Buffer.concat(said));
        resolve(status ?? 1);
      });
    });
  // A file in a browser waits half of its time, so two go together; alone where figures are looked at.
  const lists = browser ? made.map((file) => [file]) : [made];
  const atOnce = process.env.MESSAGES ? 1 : 2;
  const statuses = [];
  const next = async () => {
    for (let list = lists.shift(); list; list = lists.shift()) statuses.push(await run(list));
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  process.exitCode = statuses.find((status) => status !== 0) ?? 0;
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
