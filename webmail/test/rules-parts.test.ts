/** What the dialog of a rule can say: conditions with their opposites, sizes, attachments, labels; and a rule as a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutOf, emptyDeed, howOf, howsOf, isEditable, keywordFor, kindOf, labelFor, labelsOf, listOf, sizeOf, splitFlags, withAbout, withHow } from '../src/features/rules/parts.ts';
import type { Condition, Rule } from '../src/features/rules/scripts.ts';
import { sentenceOf } from '../src/features/rules/sentence.ts';

const rule = (more: Partial<Rule>): Rule => ({ name: 'R', enabled: true, match: 'all', conditions: [], actions: [{ do: 'stop' }], ...more });
const subject: Condition = { test: 'header', how: 'contains', fields: ['Subject'], values: ['bill'] };

test('what the dialog knows of conditions, and what is left to the text', () => {
  assert.deepEqual([aboutOf(subject), aboutOf({ ...subject, not: true }), howOf({ ...subject, not: true })], ['subject', 'subject', 'not contains']);
  assert.deepEqual([aboutOf({ test: 'size', how: 'over', number: 5 }), aboutOf({ test: 'attachment', how: 'exists', not: true })], ['size', 'attachment']);
  // Not more than: nobody says that.
  assert.equal(aboutOf({ test: 'size', how: 'over', not: true, number: 5 }), undefined);
  for (const other of [{ ...subject, how: 'regex' }, { ...subject, fields: ['x-spam'] }, { test: 'date', how: 'is' } as Condition]) assert.equal(aboutOf(other), undefined);
  assert.ok(!isEditable(rule({ conditions: [{ ...subject, how: 'regex' }] })));
  assert.ok(!isEditable(rule({ actions: [{ do: 'answer', text: 'x' }] })));
});

test('a condition about something else keeps what makes sense there', () => {
  assert.deepEqual(withHow(subject, 'not is'), { ...subject, how: 'is', not: true });
  assert.deepEqual(withHow({ ...subject, not: true }, 'ends'), { ...subject, how: 'ends' });
  assert.deepEqual(withAbout({ ...subject, not: true }, 'from'), { test: 'address', fields: ['from'], how: 'contains', not: true, values: ['bill'] });
  assert.deepEqual(withAbout(subject, 'size'), { test: 'size', how: 'over', number: 1 << 20 });
  assert.deepEqual(withAbout({ test: 'size', how: 'under', number: 7 }, 'attachment'), { test: 'attachment', how: 'exists' });
  assert.deepEqual(withAbout({ test: 'attachment', how: 'exists', not: true }, 'body'), { test: 'body', how: 'contains', values: [] });
  for (const about of ['from', 'size', 'attachment']) for (const how of howsOf(about)) assert.equal(aboutOf(withHow(withAbout(undefined, about), how)), about);
  assert.deepEqual([sizeOf(5 << 20), sizeOf(1536), sizeOf(0), sizeOf((1 << 20) + 512)], [{ amount: 5, unit: 'MB' }, { amount: 1.5, unit: 'KB' }, { amount: 0, unit: 'KB' }, { amount: 1024.5, unit: 'KB' }]);
});

test('labels are flags with names of their own', () => {
  assert.deepEqual([kindOf({ do: 'flags', flags: ['\\Seen'] }), kindOf({ do: 'flags', flags: ['reisepl=c3=a4ne'] }), kindOf(emptyDeed('label')), kindOf({ do: 'flags', flags: ['$Forwarded'] }), kindOf({ do: 'copy', mailbox: 'x' })], ['flags', 'label', 'label', 'flags', undefined]);
  assert.deepEqual([keywordFor('Reisepläne 2026'), keywordFor(' '), keywordFor('junk'), keywordFor('Ярлык'.repeat(8))?.length, keywordFor('Ярлык'.repeat(9))], ['reisepl=c3=a4ne_2026', undefined, undefined, 240, undefined]);
  assert.equal(labelFor({ do: 'flags', flags: ['Reisepl=c3=a4ne'] }), 'Reisepläne');
  const several = rule({ actions: [{ do: 'flags', flags: ['\\Seen', 'Work', 'travel'] }, { do: 'stop' }] });
  assert.deepEqual(splitFlags(several).actions, [{ do: 'flags', flags: ['\\Seen'] }, { do: 'flags', flags: ['Work'] }, { do: 'flags', flags: ['travel'] }, { do: 'stop' }]);
  assert.deepEqual(labelsOf(splitFlags(several)), ['work', 'travel']);
  assert.ok(isEditable(several));
});

test('a rule is told as a sentence; what the dialog cannot show is not', () => {
  const told = sentenceOf(rule({ match: 'any', conditions: [{ ...subject, values: ['bill', 'invoice'], not: true }, { test: 'size', how: 'over', number: 5 << 20 }, { test: 'attachment', how: 'exists' }], actions: [{ do: 'flags', flags: ['\\Flagged', 'work'] }, { do: 'file', mailbox: 'Bills' }] }));
  assert.equal(told, 'If Subject does not contain “bill” or “invoice”, Size is more than 5 MB, or Attachments are there: mark as starred · give the label “Work” · move to the folder “Bills”');
  assert.equal(sentenceOf(rule({ actions: [{ do: 'discard' }] })), 'All mail: delete it at once');
  assert.equal(sentenceOf(rule({ actions: [{ do: 'answer' }] })), undefined);
});

test('which list a message came from', () => {
  assert.deepEqual(listOf('Debian users <debian-user.lists.debian.org>'), { id: 'debian-user.lists.debian.org', name: 'Debian users' });
  assert.deepEqual([listOf('"" <a.b>'), listOf('a.b.example'), listOf(null), listOf('No id here'), listOf('<>')], [{ id: 'a.b', name: 'a.b' }, { id: 'a.b.example', name: 'a.b.example' }, undefined, undefined, undefined]);
});
