/** NOTICE names each package that is a part of the program, with the version that package-lock.json has. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

declare const __ROOT__: string;

/** They are built in, though npm knows them as tools of the build. */
const BUILT_IN = ['@fontsource-variable/inter', 'lucide-static'];

test('NOTICE names what is shipped', () => {
  const { packages } = JSON.parse(fs.readFileSync(path.join(__ROOT__, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string; dev?: boolean }> };
  const notice = fs.readFileSync(path.join(__ROOT__, 'NOTICE'), 'utf8');
  const missing = Object.entries(packages)
    .map(([place, { version, dev }]) => ({ name: place.replace('node_modules/', ''), version, dev }))
    // Types are not in the bundle.
    .filter(({ name, dev }) => name && !name.startsWith('@types/') && (!dev || BUILT_IN.includes(name)))
    .filter(({ name, version }) => !notice.includes(`- ${name} ${version}`))
    .map(({ name }) => name);
  assert.deepEqual(missing, []);
});
