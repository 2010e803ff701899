/** What the header of a message says, who sent it, and what a file is. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setWords } from '../src/base/words.ts';
import { evidenceText, verdictText } from '../src/features/reading/verdictWords.ts';
import type { Verdict } from '../src/model/reading.ts';
import { bareSubject, fileName, files, isDangerous, kindOf, recipients, shortDate, shortFileName, shortName, size } from '../src/features/reading/facts.ts';

const words = (language: string): Record<string, string> => JSON.parse(fs.readFileSync(path.join(__ROOT__, `words/${language}/reading.json`), 'utf8'));

declare const __ROOT__: string;

const person = (name: string | null, email: string) => ({ name, email });

test('people are named as people name them, and the reader is "me"', () => {
  assert.equal(shortName(person('Anna Petrova', 'a@x.example')), 'Anna');
  assert.equal(shortName(person('Petrova, Anna', 'a@x.example')), 'Petrova, Anna');
  assert.equal(shortName(person(null, 'anna.p@x.example')), 'anna.p');
  const own = new Set(['me@x.example']);
  const to = [person('Me Myself', 'ME@x.example'), person('Bob Miller', 'b@x.example')];
  assert.equal(recipients({ to, cc: null }, own), 'to me and Bob');
  const many = Array.from({ length: 12 }, (_, i) => person(`P${i}x Q`, `${i}@x.example`));
  assert.equal(recipients({ to: many, cc: null }, own), 'to P0x, P1x, P2x, and 9 others');
  assert.equal(recipients({ to: null, cc: [] }, own), 'to nobody who is named');
});

test('a subject loses what answers and forwards have put before it, and never all of it', () => {
  assert.equal(bareSubject('Re: AW: Fwd: RE[2]: Plan'), 'Plan');
  assert.equal(bareSubject('Re: '), 'Re:');
  assert.equal(bareSubject('Results: final'), 'Results: final');
  assert.equal(bareSubject(null), '(no subject)');
});

test('dates are as short as they are clear, sizes as people say them', () => {
  const now = new Date(2026, 10, 29, 15, 0);
  assert.match(shortDate(new Date(2026, 10, 29, 14, 5), now), /^2:05\sPM$/);
  assert.match(shortDate(new Date(2026, 10, 27, 9, 0), now), /^Fri/);
  assert.match(shortDate(new Date(2026, 4, 3, 9, 0), now), /^May 3/);
  assert.equal(shortDate(new Date(2024, 4, 3, 9, 0), now), 'May 3, 2024');
  assert.deepEqual([0, 5, 1500, 1_500_000, 25_000_000].map(size), ['0 kB', '1 kB', '2 kB', '1.5 MB', '25 MB']);
});

test('files are what their type or their name says; what can run is dangerous whatever it is called', () => {
  assert.equal(kindOf({ type: 'image/png', name: null }), 'picture');
  assert.equal(kindOf({ type: 'application/octet-stream', name: 'x.PDF' }), 'pdf');
  assert.equal(kindOf({ type: 'text/html', name: 'page' }), 'other');
  assert.equal(kindOf({ type: 'image/svg+xml', name: 'x.svg' }), 'other');
  for (const name of ['a.exe', 'a.pdf.scr', 'a.html', 'a.lnk ', 'a.JS.', 'x.docm', 'y.svg', 'a.exe\u200f', 'a.e\u200bxe', 'a.ps1\u0000', 'a.appref-ms']) assert.ok(isDangerous({ type: 'application/octet-stream', name }), name);
  for (const name of ['a.pdf', 'exe', 'a.txt', 'a.docx', null]) assert.ok(!isDangerous({ type: 'application/octet-stream', name }), String(name));
});

test('a name for a file hides nothing and leads nowhere', () => {
  const named = (name: string | null, type = 'x/y') => fileName({ name, type });
  assert.equal(named('../../etc/passwd'), '.._.._etc_passwd');
  assert.equal(named('invoice\u202efdp.exe'), 'invoicefdp.exe');
  assert.equal(named('a\u0000\nb.txt'), 'ab.txt');
  assert.equal(named('..'), 'file');
  assert.equal(named(null, 'message/rfc822'), 'message.eml');
  assert.equal(named('x'.repeat(500)).length, 200);
  assert.equal(shortFileName('notes.txt'), 'notes.txt');
  assert.match(shortFileName(`${'A report '.repeat(20)}of May.pdf`), /^A report.*…ort of May\.pdf$/);
  assert.ok([...shortFileName('😀'.repeat(60))].length <= 40);
  /* Half a sign would make no address. */
  const long = named(`${'😀'.repeat(150)}.gz`);
  assert.ok(long.endsWith('.gz') && encodeURIComponent(long));
});

test('only pictures that the text shows are no files, and each by its whole Content-ID', () => {
  const part = (name: string, type: string, cid: string | null, disposition: string | null = 'inline') => ({ partId: null, blobId: name, name, type, cid, disposition, size: 1, charset: null, language: null, location: null });
  const html = '<img src="cid:logo%40x"><img src=cid:logo10><a href="cid:report">x</a>';
  const listed = files({
    attachments: [part('logo', 'image/png', 'logo@x'), part('1', 'image/png', 'logo1'), part('10', 'image/png', 'logo10'), part('report.pdf', 'application/pdf', 'report'), part('run.exe', 'application/octet-stream', 'logo10'), part('kept', 'image/png', 'logo10', 'attachment')],
    htmlBody: [{ ...part('body', 'text/html', null), partId: '1' }],
    bodyValues: { 1: { value: html, isEncodingProblem: false, isTruncated: false } },
  } as unknown as Parameters<typeof files>[0]);
  assert.deepEqual(listed.map((one) => one.name), ['1', 'report.pdf', 'run.exe', 'kept']);
});

test('who sent it is told in the reader\u2019s language, whatever the server says in English', (t) => {
  t.after(() => setWords('en', words('en')));
  const found = { what: 'spf', result: 'softfail', domain: 'bank.example', text: 'The host 192.0.2.7 probably may not send for bank.example.' };
  const verdict: Verdict = {
    level: 'danger', text: 'Nothing proves it.', standing: 'unproven', domain: 'bank.example', proven: false, by: [], policy: 'reject', action: 'delivered',
    firstContact: true, looksLike: 'anna@bank.example', nameOf: null, evidence: [found],
  };
  assert.deepEqual([verdictText(verdict), evidenceText(found)], [verdict.text, found.text]);
  for (const language of ['de', 'es', 'fr', 'ru', 'zh', 'ja', 'ar']) {
    setWords(language, words(language));
    const text = verdictText(verdict);
    for (const part of ['bank.example', 'anna@bank.example']) assert.ok(text.includes(part), `${language}: ${text}`);
    assert.doesNotMatch(`${text} ${evidenceText(found)}`, /Nothing|probably|softfail|\{|verdict\./);
    for (const standing of ['proven', 'unknown', 'later', null] as const) assert.doesNotMatch(verdictText({ ...verdict, standing }), /verdict\.|\{/);
    assert.equal(verdictText({ ...verdict, standing: null, firstContact: null, looksLike: null }), '');
    assert.notEqual(verdictText({ ...verdict, by: ['list'] }), text);
  }
});
