/** What a script says of mail that is there, as it is shown and done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, isTouched, notesOf, outcomeOf, type PastDeed } from '../src/features/rules/past.ts';

const INBOX = { id: 'M1', role: 'inbox' as const };
const deed = (action: PastDeed['action'], more: Partial<PastDeed> = {}): PastDeed => ({ action, target: null, flags: [], line: null, rule: null, ruleName: null, testLine: null, test: null, mailboxId: null, specialUse: null, create: false, ...more });
const folders: Record<string, string> = { INBOX: 'M1', Bills: 'M5', Work: 'M6' };
const find = ({ target, create }: PastDeed) => (target !== null && folders[target] ? { id: folders[target], path: target } : create && target ? { id: undefined, path: target } : undefined);
const outcome = (deeds: PastDeed[], failed: string | null = null) => outcomeOf({ emailId: 'E1', failed, deeds }, find, INBOX);

test('what is filed leaves, what is kept besides is copied, and a folder that is missing keeps it', () => {
  const moved = outcome([deed('file', { target: 'Bills', ruleName: 'Money', flags: ['\\Seen', 'Paid'] })]);
  assert.deepEqual([moved.leaves, moved.into, moved.keywords, moved.ruleName], [true, [{ id: 'M5', path: 'Bills' }], ['$seen', 'paid'], 'Money']);
  assert.deepEqual([outcome([deed('file', { target: 'Bills' }), deed('keep')])].map((one) => [one.leaves, one.into.length]), [[false, 1]]);
  assert.ok(!isTouched(outcome([deed('file', { target: 'Nowhere' })])));
  assert.deepEqual(outcome([deed('file', { target: 'New', create: true })]).into, [{ id: undefined, path: 'New' }]);
  // Into the folder where it lies: nothing is done. Twice into one is once.
  assert.ok(!isTouched(outcome([deed('file', { target: 'INBOX' })])));
  assert.equal(outcome([deed('file', { target: 'Bills' }), deed('file', { target: 'Bills' })]).into.length, 1);
});

test('what is discarded goes into Trash, unless something keeps it; a script that fails keeps all', () => {
  assert.deepEqual([outcome([deed('discard')]).toTrash, outcome([deed('discard'), deed('keep')]).toTrash, outcome([deed('discard'), deed('file', { target: 'Work' })]).toTrash], [true, false, false]);
  const failed = outcome([], 'it has no memory');
  assert.deepEqual([failed.leaves, isTouched(failed)], [false, true]);
  assert.ok(!isTouched(outcome([deed('keep')])));
  assert.deepEqual([outcome([deed('redirect', { target: 'x@y' }), deed('keep')]).notDone, outcome([deed('answer')]).leaves], [['redirect'], false]);
});

test('one change for all that need the same; without a Trash nothing is thrown away', () => {
  const one = outcome([deed('file', { target: 'Bills', flags: ['\\Seen'] })]);
  const two = { ...one, emailId: 'E2' };
  const three = { ...outcome([deed('discard')]), emailId: 'E3' };
  const four = { ...outcome([deed('file', { target: 'New', create: true })]), emailId: 'E4' };
  const five = { ...outcome([deed('redirect')]), emailId: 'E5' };
  assert.deepEqual(changesOf([one, two, three, four, five], 'M1', 'M9', new Map([['New', 'M7']])), [
    { emails: ['E1', 'E2'], add: ['M5'], remove: ['M1'], keywords: { $seen: true } },
    { emails: ['E3'], add: ['M9'], remove: ['M1'], keywords: {} },
    { emails: ['E4'], add: ['M7'], remove: ['M1'], keywords: {} },
  ]);
  assert.deepEqual(changesOf([three, four], 'M1', undefined, new Map()), []);
});

test('with each is kept why it goes there: the first deed that does something, and what the email had not yet', () => {
  const why = { line: 3, rule: 1, ruleName: 'Money', testLine: 3, test: 'subject contains "bill"' };
  const filed = outcome([deed('keep'), deed('file', { target: 'Bills', flags: ['\\Seen', '\\Flagged', 'Paid'], ...why })]);
  const discarded = { ...outcome([deed('discard', { target: 'no folder', ruleName: 'Ads' })]), emailId: 'E2' };
  const sentOn = { ...outcome([deed('redirect', { target: 'x@y' })]), emailId: 'E3' };
  const made = { ...outcome([deed('file', { target: 'New', create: true }), deed('redirect')]), emailId: 'E4' };
  const nothing = { line: null, rule: null, ruleName: null, testLine: null, test: null };
  assert.deepEqual(notesOf([filed, discarded, sentOn, made], 'M1', 'M9', new Map([['New', 'M7']]), (id) => (id === 'E1' ? { $flagged: true } : {})), [
    ['E1', { from: 'M1', into: ['M5'], action: 'file', target: 'Bills', flags: ['\\Seen', 'paid'], ...why }],
    ['E2', { from: 'M1', into: ['M9'], action: 'discard', target: null, flags: [], ...nothing, ruleName: 'Ads' }],
    ['E4', { from: 'M1', into: ['M7'], action: 'file', target: 'New', flags: [], ...nothing }],
  ]);
});
