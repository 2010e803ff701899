import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestLanguage, format, languageNames, localeOf, sayNumber, setWords, t } from '../src/base/words.ts';

test('plurals, nested places and exact numbers', () => {
  const text = '{count, plural, =0 {nothing} one {# mail of {who}} other {# mails of {who}}}';
  assert.equal(format(text, { count: 0, who: 'Bob' }), 'nothing');
  assert.equal(format(text, { count: 1, who: 'Bob' }), '1 mail of Bob');
  assert.equal(format(text, { count: 1200, who: 'Bob' }), '1,200 mails of Bob');
});

test('select falls back to other', () => {
  assert.equal(format('{who, select, me {you} other {they}} wrote', { who: 'me' }), 'you wrote');
  assert.equal(format('{who, select, me {you} other {they}} wrote', { who: 'x' }), 'they wrote');
});

test('a value that is missing shows its name, and a text that is missing its key', () => {
  assert.equal(format('Hello {name}', {}), 'Hello {name}');
  assert.equal(t('no.such.text'), 'no.such.text');
});

test('plurals go by the language', () => {
  setWords('ru', { x: '{n, plural, one {# письмо} few {# письма} other {# писем}}' });
  assert.equal(t('x', { n: 1 }), '1 письмо');
  assert.equal(t('x', { n: 3 }), '3 письма');
  assert.equal(t('x', { n: 5 }), '5 писем');
  setWords('en', {});
});

test('the best language for what is preferred', () => {
  assert.equal(bestLanguage(['de-AT', 'fr'], ['en', 'de', 'fr']), 'de');
  assert.equal(bestLanguage(['xx'], ['en', 'de']), 'en');
});

test('a number looks as the browser has it in the language, small ones without asking it', () => {
  for (const name of Object.keys(languageNames)) {
    setWords(name, {});
    const said = new Intl.NumberFormat(localeOf());
    for (const value of [0, 7, 42, 999, 1_000, 123_456, -5, 0.5]) assert.equal(sayNumber(value), said.format(value), `${value} in ${name}`);
  }
  setWords('en', {});
});
