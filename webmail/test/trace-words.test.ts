/** The steps of a message's way, in the reader's language. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setWords } from '../src/base/words.ts';
import { eventWords, stepWords, type TraceStep } from '../src/base/traceWords.ts';

declare const __ROOT__: string;
const words = (language: string): Record<string, string> => JSON.parse(fs.readFileSync(path.join(__ROOT__, 'words', language, 'reading.json'), 'utf8'));
const step = (event: string, more: Partial<TraceStep> = {}): TraceStep => ({ at: '2026-11-22T08:25:06Z', event, text: `${event}, in English`, recipient: null, host: null, reply: null, tls: null, nextAt: null, ...more });

after(() => setWords('en', words('en')));

test('in English the server says it; in other languages we do, with what the host answered', () => {
  const late = step('deferred', { recipient: 'joe@example.com', host: 'mx.example.com', reply: '450 4.7.1 Greylisted' });
  assert.equal(stepWords(late), 'deferred, in English');
  setWords('de', words('de'));
  assert.equal(stepWords(late), 'joe@example.com: wurde aufgeschoben · mx.example.com · 450 4.7.1 Greylisted');
  assert.equal(stepWords(step('done')), 'hat die Warteschlange verlassen');
  // A step that only a newer server knows.
  assert.equal(stepWords(step('beamed', { recipient: 'joe@example.com' })), 'beamed, in English');
});

test('an administrator is told the same, and what else was recorded; no name of a queue of the server itself', () => {
  const waits = { time: '2026-11-22T08:25:06Z', event: 'queued', text: 'joe@example.com waits here until it is time to send it', recipient: 'joe@example.com', destination: '@submit', original: 'all@example.com', notify: null };
  setWords('en', words('en'));
  assert.deepEqual(eventWords(waits), { what: waits.text, more: '' });
  setWords('de', words('de'));
  assert.deepEqual(eventWords(waits), { what: 'joe@example.com: wartet auf den Versand', more: 'original=all@example.com' });
  assert.equal(eventWords({ ...waits, destination: 'example.com' }).more, 'destination=example.com original=all@example.com');
  assert.deepEqual(eventWords({ ...waits, event: 'beamed' }), { what: waits.text, more: '' });
});

test('there are words for each step that the server may tell', () => {
  const told = fs.readFileSync(path.join(__ROOT__, '../doc/jmap.md'), 'utf8');
  const list = /^- `steps`:[^(]*\(([^)]*)\)/m.exec(told)![1]!;
  const events = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
  assert.ok(events.length > 10);
  for (const event of events) assert.ok(`trace.step.${event}` in words('en'), event);
});
