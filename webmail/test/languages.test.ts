// Every language says what English says: the same keys in the same files, the same places for values, and all forms of a plural.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { languageNames } from '../src/base/words.ts';

declare const __ROOT__: string;
const folder = path.join(__ROOT__, 'words');
const languages = fs.readdirSync(folder).sort();

/** English words come first, and their translations follow: a key without one is shown in English. A language of which more is missing is no longer one. */
const MOST_MISSING = 0.05;

/** "many" of these is for millions written as words ("un millón de"), which no text has. */
const withoutMany = new Set(['es', 'fr', 'it', 'pt']);

type Words = Record<string, string>;

function files(language: string): string[] {
  return fs.readdirSync(path.join(folder, language)).sort();
}

function words(language: string, file: string): Words {
  return JSON.parse(fs.readFileSync(path.join(folder, language, file), 'utf8')) as Words;
}

interface Place {
  name: string;
  kind: string;
  cases: string[];
}

/** All places of a text, also those within the cases of others. Braces that do not match are an error. */
function places(text: string): Place[] {
  const found: Place[] = [];
  for (const inside of braces(text)) {
    const [, name, kind = '', choices = ''] = /^\s*(\w+)\s*(?:,\s*(\w+)\s*(?:,([\s\S]*))?)?$/.exec(inside) ?? [];
    assert.ok(name, `{${inside}} is no place for a value`);
    found.push({ name, kind, cases: kind === 'plural' || kind === 'select' ? caseNames(choices) : [] });
    for (const one of braces(choices)) found.push(...places(one));
  }
  return found;
}

function braces(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{' && depth++ === 0) start = at + 1;
    if (text[at] !== '}') continue;
    assert.ok(depth > 0, 'a brace is closed that was not opened');
    if (--depth === 0) found.push(text.slice(start, at));
  }
  assert.equal(depth, 0, 'a brace is not closed');
  return found;
}

function caseNames(choices: string): string[] {
  let outside = '';
  let depth = 0;
  for (const sign of choices) {
    if (sign === '}') depth--;
    else if (sign === '{' && depth++ === 0) outside += ' ';
    else if (depth === 0) outside += sign;
  }
  return outside.split(/\s+/).filter(Boolean);
}

const names = (text: string): string[] => [...new Set(places(text).map(({ name, kind }) => (kind ? `${name}, ${kind}` : name)))].sort();

test('the settings offer the languages that there are', () => {
  for (const language of languages) assert.ok(language in languageNames, `${language} has no name in src/base/words.ts`);
});

for (const language of languages) {
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const texts = files(language).flatMap((file) => Object.entries(words(language, file)));

  test(`${language}: keys`, (context) => {
    const missing: string[] = [];
    let all = 0;
    for (const file of files('en')) {
      const known = Object.keys(words('en', file));
      const here = files(language).includes(file) ? words(language, file) : {};
      missing.push(...known.filter((key) => !(key in here)));
      all += known.length;
      assert.deepEqual(Object.keys(here).filter((key) => !known.includes(key)), [], `${language}/${file} has keys that English has not`);
    }
    assert.deepEqual(files(language).filter((file) => !files('en').includes(file)), [], 'files that English has not');
    if (missing.length > 0) context.diagnostic(`${language}: shown in English: ${missing.join(', ')}`);
    assert.ok(missing.length <= all * MOST_MISSING, `${missing.length} of ${all} texts are missing: ${missing.join(', ')}`);
  });

  test(`${language}: places for values`, () => {
    const english: Words = Object.assign({}, ...files('en').map((file) => words('en', file)));
    for (const [key, text] of texts) assert.deepEqual(names(text), names(english[key] ?? ''), `${key}: ${text}`);
  });

  test(`${language}: forms of a plural and cases of a choice`, () => {
    const wanted = categories.filter((one) => !(one === 'many' && withoutMany.has(language)));
    for (const [key, text] of texts) {
      for (const { name, kind, cases } of places(text)) {
        if (kind === 'select') assert.ok(cases.includes('other'), `${key}: {${name}} has no case "other"`);
        if (kind !== 'plural') continue;
        const forms = cases.filter((one) => !one.startsWith('='));
        // Where zero alone is special ("=0 {} other {line #}"), the text does not depend on the number.
        if (cases.includes('=0') && forms.length === 1 && forms[0] === 'other') continue;
        for (const form of wanted) assert.ok(forms.includes(form), `${key}: {${name}} has no form "${form}"`);
        for (const form of forms) assert.ok((categories as string[]).includes(form), `${key}: ${language} has no form "${form}"`);
      }
    }
  });

  test(`${language}: nothing is empty, and no text begins or ends with a blank that English has not`, () => {
    const english: Words = Object.assign({}, ...files('en').map((file) => words('en', file)));
    for (const [key, text] of texts) {
      assert.ok(text.trim(), `${key} is empty`);
      const original = english[key] ?? '';
      if (original.trim() === original) assert.equal(text.trim(), text, `${key} has blanks around it`);
    }
  });
}
