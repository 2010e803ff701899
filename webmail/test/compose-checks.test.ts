/** What is known of recipients before a mail is sent: when it is asked for, how long it holds, what is said of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Check, Checks, domainOf, fails, lockOf, noteOf, type RecipientState, type RecipientTls } from '../src/features/compose/checks.ts';
import english from '../words/en/compose.json' with { type: 'json' };

class World {
  time = 0;
  most = 50;
  readonly asked: string[][] = [];
  private readonly timers: (() => void)[] = [];
  private readonly waiting: { emails: string[]; answer(checks: Check[]): void; fail(): void }[] = [];
  readonly checks = new Checks({
    now: () => this.time,
    later: (_ms, run) => void this.timers.push(run),
    most: () => this.most,
    ask: (emails) => {
      this.asked.push(emails);
      return new Promise((answer, fail) => this.waiting.push({ emails, answer, fail: () => fail(new Error('no connection')) }));
    },
  });

  /** The pause is over. */
  pause(): void {
    for (const run of this.timers.splice(0)) run();
  }

  async answer(state: RecipientState = 'good', tls: RecipientTls | null = null): Promise<void> {
    const one = this.waiting.shift()!;
    one.answer(one.emails.map((email) => ({ email, state, tls })));
    await new Promise(setImmediate);
  }

  async fail(): Promise<void> {
    this.waiting.shift()!.fail();
    await new Promise(setImmediate);
  }
}

test('those who are written one after the other are asked about together, and each once', async () => {
  const world = new World();
  world.checks.want(['anna@example.test']);
  world.checks.want(['anna@example.test', 'Bob@example.test']);
  assert.deepEqual(world.asked, []);
  world.pause();
  assert.deepEqual(world.asked, [['anna@example.test', 'Bob@example.test']]);
  // One who is written meanwhile comes behind them.
  world.checks.want(['carol@example.test']);
  world.pause();
  assert.equal(world.asked.length, 1);
  const before = world.checks.version.peek();
  await world.answer();
  assert.ok(world.checks.version.peek() > before);
  world.pause();
  assert.deepEqual(world.asked[1], ['carol@example.test']);
  await world.answer();
  world.checks.want(['ANNA@example.test', 'bob@example.test']);
  world.pause();
  assert.equal(world.asked.length, 2);
  assert.equal(world.checks.of('bob@EXAMPLE.test')?.state, 'good');
});

test('a long list goes in as many calls as the server takes of it', async () => {
  const world = new World();
  const list = Array.from({ length: 120 }, (_, i) => `p${i}@example.test`);
  world.checks.want(list);
  for (let i = 0; i < 3; i++) {
    world.pause();
    await world.answer();
  }
  world.pause();
  assert.deepEqual(world.asked.map((one) => one.length), [50, 50, 20]);
  assert.deepEqual(world.asked.flat(), list);
});

test('what is known is asked anew after a while, and sooner what could not be found out', async () => {
  const world = new World();
  world.checks.want(['anna@example.test']);
  world.pause();
  await world.answer('unknown');
  world.time = 61_000;
  world.checks.want(['anna@example.test']);
  world.pause();
  await world.answer('noSuchUser');
  world.time += 5 * 60_000;
  world.checks.want(['anna@example.test']);
  world.pause();
  assert.equal(world.asked.length, 2);
  world.time += 6 * 60_000;
  world.checks.want(['anna@example.test']);
  world.pause();
  assert.equal(world.asked.length, 3);
});

test('without a connection nobody is asked, and a question that fails says nothing', async () => {
  const world = new World();
  world.most = 0;
  world.checks.want(['anna@example.test']);
  world.pause();
  assert.deepEqual(world.asked, []);
  // There is one again, and whoever shows the recipient wants to know it again.
  world.most = 50;
  world.checks.want(['anna@example.test']);
  world.pause();
  await world.fail();
  assert.equal(world.checks.of('anna@example.test'), undefined);
  world.checks.want(['anna@example.test']);
  world.pause();
  await world.answer();
  assert.equal(world.checks.of('anna@example.test')?.state, 'good');
});

test('what is said of a recipient, and shown', () => {
  const of = (state: RecipientState, tls: RecipientTls | null = null): Check => ({ email: 'a@b.test', state, tls });
  for (const state of ['malformed', 'noSuchUser', 'disabled', 'badAlias', 'noSuchDomain', 'takesNoMail'] as const) {
    assert.ok(fails(of(state)), state);
    assert.ok(noteOf(of(state))! in english, state);
    assert.equal(lockOf(of(state)), undefined);
  }
  for (const quiet of [undefined, of('unknown'), of('good'), of('good', 'unknown')]) assert.deepEqual([fails(quiet), noteOf(quiet), lockOf(quiet)], [false, undefined, undefined]);
  for (const tls of ['proven', 'required', 'seen', 'clear', 'never'] as const) {
    assert.equal(lockOf(of('good', tls)), tls === 'clear' || tls === 'never' ? 'lock-open' : 'lock');
    assert.ok(noteOf(of('good', tls))! in english, tls);
  }
  assert.equal(domainOf('"a@b"@example.test'), 'example.test');
});
