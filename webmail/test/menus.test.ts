/** Menus and tool bars name actions: each of them is there, and has a name in English. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ENTRIES } from '../src/features/list/menu.ts';
import { MORE, TOOLS } from '../src/features/reading/conversation.tsx';
import { OF_MESSAGE } from '../src/features/reading/message.tsx';

declare const __ROOT__: string;

function files(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]));
}

/** Ids of actions, as the features write them down. */
const ids = new Set(
  files(path.join(__ROOT__, 'src'))
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) => [...fs.readFileSync(name, 'utf8').matchAll(/\bid: '(\w+\.[\w.]+)'/g)].map(([, id]) => id!)),
);
const words = new Set(files(path.join(__ROOT__, 'words/en')).flatMap((name) => Object.keys(JSON.parse(fs.readFileSync(name, 'utf8')) as object)));

for (const [name, entries] of Object.entries({ ENTRIES: ENTRIES.flat(), TOOLS, MORE, OF_MESSAGE: OF_MESSAGE.flat() }))
  test(`${name}: each entry is an action with a name`, () => {
    const named = entries.filter(Boolean);
    assert.deepEqual(named.filter((id) => !ids.has(id) || !words.has(`action.${id}`)), []);
    assert.equal(new Set(named).size, named.length, 'none stands there twice');
  });
