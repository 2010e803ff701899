import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blank } from '../src/features/compose/draft/answer.ts';
import { filled } from '../src/features/compose/fill.ts';
import { laterTimes, reminderTimes } from '../src/features/compose/times.ts';

const times = (now: string): string[] => laterTimes(new Date(now), 'en').map(({ name, date }) => `${name} ${date.getDate()}. ${date.getHours()}:00`);

test('times for later lie ahead, and none stands there twice', () => {
  assert.deepEqual(times('2026-11-25T09:00:00'), ['thisAfternoon 25. 13:00', 'tomorrowMorning 26. 8:00', 'tomorrowAfternoon 26. 13:00', 'monday 30. 8:00']);
  assert.deepEqual(times('2026-11-25T12:50:00'), ['tomorrowMorning 26. 8:00', 'tomorrowAfternoon 26. 13:00', 'monday 30. 8:00']);
  // On a Sunday, Monday morning is tomorrow morning; on a Monday it is the next one.
  assert.deepEqual(times('2026-11-29T20:00:00'), ['tomorrowMorning 30. 8:00', 'tomorrowAfternoon 30. 13:00']);
  assert.ok(times('2026-11-30T20:00:00').includes('monday 7. 8:00'));
});

test('a template names its recipient, and nothing that a name holds becomes markup', () => {
  const draft = { ...blank({ key: 'D', accountId: 'A1', senders: [], usual: null, mode: 'rich' as const }), to: [{ name: 'Anna <b>Petrova', email: 'a@b.test' }] };
  assert.equal(filled('Dear {first name}, {name}, {date}, {other}', draft, '3 May'), 'Dear Anna, Anna <b>Petrova, 3 May, {other}');
  assert.equal(filled('{name}', draft, '', (text) => text.replaceAll('<', '&lt;')), 'Anna &lt;b>Petrova');
  assert.equal(filled('{name}', { ...draft, to: [] }, ''), '{name}');
  assert.equal(filled('{first name}', { ...draft, to: [{ name: null, email: 'a@b.test' }] }, ''), 'a@b.test');
});

test('one is reminded in the morning of a day to come, also over the end of a month', () => {
  const shown = reminderTimes(new Date('2026-01-29T23:30:00'), 'en').map(({ name, date }) => `${name} ${date.getMonth() + 1}/${date.getDate()} ${date.getHours()}`);
  assert.deepEqual(shown, ['tomorrow 1/30 8', 'threeDays 2/1 8', 'week 2/5 8', 'twoWeeks 2/12 8']);
});
