/** Which folder may import which, and what no file may hold. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

declare const __ROOT__: string;

const MAY: Record<string, string[]> = {
  base: [],
  styles: [],
  jmap: ['base'],
  layer: ['base', 'jmap'],
  service: ['base', 'jmap'],
  model: ['base', 'jmap', 'layer/layer.ts'],
  actions: ['base'],
  ui: ['base', 'actions', 'styles'],
  frame: ['base', 'jmap', 'model', 'actions', 'ui', 'styles'],
  features: ['base', 'jmap', 'model', 'actions', 'ui', 'frame', 'styles', 'layer/layer.ts'],
};
const LINES_MAX = 500;

function files(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? files(name) : /\.(tsx?|css)$/.test(name) ? [name] : [];
  });
}

const src = path.join(__ROOT__, 'src');
const all = files(src).map((file) => ({ name: path.relative(src, file), text: fs.readFileSync(file, 'utf8') }));

test('each folder imports only what lies below it', () => {
  const wrong: string[] = [];
  for (const { name, text } of all) {
    const [folder, feature] = name.split('/') as [string, string];
    const may = MAY[folder];
    if (!may) continue;
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const to = path.normalize(path.join(path.dirname(name), target!));
      const [other, otherFeature] = to.split('/') as [string, string];
      const allowed = other === folder ? folder !== 'features' || otherFeature === feature : may.some((one) => to === one || (!one.includes('/') && other === one));
      if (!allowed) wrong.push(`${name} imports ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no file makes HTML of a string, and none is too long', () => {
  for (const { name, text } of all) {
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\beval\(|new Function\(/, name);
    assert.ok(text.split('\n').length <= LINES_MAX, `${name} has more than ${LINES_MAX} lines`);
  }
});

test('each text that is asked for is there in English', () => {
  const keys = new Set(fs.readdirSync(path.join(__ROOT__, 'words/en')).flatMap((name) => Object.keys(JSON.parse(fs.readFileSync(path.join(__ROOT__, 'words/en', name), 'utf8')) as object)));
  const missing = all.flatMap(({ name, text }) => [...text.matchAll(/\bt\(\s*'([\w.-]+)'/g)].filter(([, key]) => !keys.has(key!)).map(([, key]) => `${name}: ${key}`));
  assert.deepEqual(missing, []);
});

test('colours stand in tokens.css alone', () => {
  for (const { name, text } of all)
    if (name.endsWith('.css') && name !== 'styles/tokens.css') assert.doesNotMatch(text.replaceAll(/\/\*[\s\S]*?\*\//g, ''), /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)\(/i, name);
});
