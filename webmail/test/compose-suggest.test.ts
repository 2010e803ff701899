import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folded, likelyMeant, People, WEIGHTS } from '../src/features/compose/suggest.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY = 86_400_000;

function people(...list: [name: string | null, email: string, daysAgo: number, weight?: number][]): People {
  const made = new People();
  for (const [name, email, days, weight] of list) made.add({ name, email }, NOW - days * DAY, NOW, weight ?? WEIGHTS.writtenTo);
  return made;
}

const found = (made: People, typed: string): string[] => made.find(typed).map((p) => p.email);

test('who is written to the most comes first, and lately counts more than long ago', () => {
  const made = people(['Anna A', 'a@x.test', 1], ['Anna B', 'b@x.test', 400], ['Anna B', 'b@x.test', 410], ['Anna C', 'c@x.test', 1, WEIGHTS.heardOf]);
  assert.deepEqual(found(made, 'anna'), ['a@x.test', 'b@x.test', 'c@x.test']);
  assert.deepEqual(found(people(['Anna A', 'a@x.test', 30], ['Anna B', 'b@x.test', 30], ['Anna B', 'b@x.test', 31]), 'anna'), ['b@x.test', 'a@x.test']);
});

test('each word that is typed begins a word of the name or the address', () => {
  const made = people(['Anna Petrova', 'anna.petrova@example.test', 1], ['Bob', 'bob@petrov.test', 1], ['Ünal Çelik', 'u@x.test', 1], ['Пётр', 'p@x.test', 1]);
  assert.deepEqual(found(made, 'pet'), ['anna.petrova@example.test', 'bob@petrov.test']);
  assert.deepEqual(found(made, 'pet an'), ['anna.petrova@example.test']);
  assert.deepEqual(found(made, 'etr'), []);
  assert.deepEqual(found(made, 'unal cel'), ['u@x.test']);
  assert.deepEqual(found(made, 'петр'), ['p@x.test']);
  assert.deepEqual(found(made, 'anna.petrova@ex'), ['anna.petrova@example.test']);
  assert.deepEqual(found(made, '  '), []);
  assert.equal(folded('Ünal'), 'unal');
});

test('one address is one person, by the newest name that it had; whoever is named already is not offered', () => {
  const made = people(['Anna New', 'A@x.test', 1], ['Anna Old', 'a@x.test', 100]);
  assert.deepEqual(made.find('anna').map((p) => p.name), ['Anna New']);
  assert.deepEqual(made.find('anna', [{ name: null, email: 'a@X.test' }]), []);
});

test('thousands of people are searched within a key press', () => {
  const made = new People();
  for (let i = 0; i < 20_000; i++) made.add({ name: `Person Number ${i}`, email: `p${i}@example${i % 100}.test` }, NOW, NOW, 1);
  const begun = process.cpuUsage();
  for (let i = 0; i < 10; i++) assert.equal(made.find('person 199').length, 8);
  assert.ok(process.cpuUsage(begun).user / 10_000 < 50, 'more than 50 ms each');
});

test('domains that are mistyped are noticed, and only those', () => {
  const made = people(['Anna', 'anna@gmial.com', 1]);
  assert.equal(likelyMeant('bob@gmial.com', made), 'bob@gmail.com');
  assert.equal(likelyMeant('bob@hotmial.com', made), 'bob@hotmail.com');
  assert.equal(likelyMeant('anna@gmial.com', made), null);
  for (const right of ['bob@gmail.com', 'bob@example.test', 'bob@mail.com', 'bob@web.de', 'bob', 'bob@outlook.fr']) assert.equal(likelyMeant(right, made), null, right);
});
