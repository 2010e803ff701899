/** What the header of a message says, and what a file is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareSubject, fileName, isDangerous, kindOf, recipients, shortDate, shortName, size } from '../src/features/reading/facts.ts';

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
  for (const name of ['a.exe', 'a.pdf.scr', 'a.html', 'a.lnk ', 'a.JS.', 'x.docm', 'y.svg']) assert.ok(isDangerous({ type: 'application/octet-stream', name }), name);
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
});
