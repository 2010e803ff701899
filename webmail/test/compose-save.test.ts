import assert from 'node:assert/strict';
import { test } from 'node:test';
import { speaksOfFile } from '../src/features/compose/attachWords.ts';
import { type Kept, MemoryPlace, OwnLocal } from '../src/features/compose/local.ts';
import { blank } from '../src/features/compose/draft/answer.ts';
import { matchBlobs } from '../src/features/compose/remote.ts';
import { Saver, type SaveState } from '../src/features/compose/saver.ts';

/** A clock that goes on when it is told to, and what is due is done on the way. */
class Clock {
  now = 0;
  private timers: { at: number; run: () => void }[] = [];

  later = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.now + ms, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  };

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
      await settle();
    }
    this.now = end;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function saver(clock: Clock, more: { server?: () => Promise<void>; size?: number } = {}) {
  const log: [string, number][] = [];
  const states: SaveState[] = [];
  const made = new Saver({
    now: () => clock.now,
    later: clock.later,
    keepLocal: async () => void log.push(['local', clock.now]),
    keepAtServer: async () => {
      log.push(['server', clock.now]);
      await more.server?.();
    },
    size: () => more.size ?? 0,
    told: (state) => states.push(state),
  });
  return { made, log, states, times: (kind: string) => log.filter(([one]) => one === kind).map(([, at]) => at) };
}

test('each change is in the browser within a second, and at the server at the next pause', async () => {
  const clock = new Clock();
  const { made, times, states } = saver(clock);
  made.changed();
  await clock.pass(10_000);
  assert.ok(times('local')[0]! <= 1_000);
  assert.equal(times('server').length, 1);
  assert.ok(times('server')[0]! <= 5_000);
  assert.equal(states.at(-1), 'saved');
  assert.ok(made.isSaved);
});

test('who writes without a pause is saved at the server every five seconds, and never more than a second behind here', async () => {
  const clock = new Clock();
  const { made, times } = saver(clock);
  for (let i = 0; i < 300; i++) {
    made.changed();
    await clock.pass(100);
  }
  const server = times('server');
  assert.ok(server.length >= 5 && server.length <= 8, String(server));
  assert.ok(server.every((at, i) => at - (server[i - 1] ?? 0) <= 5_000), String(server));
  const local = times('local');
  assert.ok(local.every((at, i) => at - (local[i - 1] ?? 0) <= 1_000), String(local));
});

test('a mail with large files goes to the server less often', async () => {
  const clock = new Clock();
  const { made, times } = saver(clock, { size: 20 * 1024 * 1024 });
  for (let i = 0; i < 600; i++) {
    made.changed();
    await clock.pass(100);
  }
  assert.ok(times('server').length <= 3, String(times('server')));
  assert.ok(times('local').length > 50);
});

test('what is written while it is saved is saved by the next', async () => {
  const clock = new Clock();
  let release: () => void = () => undefined;
  const { made, times, states } = saver(clock, { server: () => new Promise((resolve) => (release = resolve)) });
  made.changed();
  await clock.pass(2_000);
  made.changed();
  assert.equal(times('server').length, 1);
  release();
  await settle();
  assert.equal(states.at(-1), 'changed');
  await clock.pass(5_000);
  assert.equal(times('server').length, 2);
  release();
  await settle();
  assert.ok(made.isSaved);
});

test('a failure is told, and tried again', async () => {
  const clock = new Clock();
  let failures = 2;
  const { made, times, states } = saver(clock, { server: async () => { if (failures-- > 0) throw new Error('no'); } });
  made.changed();
  await clock.pass(3_000);
  assert.equal(states.at(-1), 'failed');
  await clock.pass(30_000);
  assert.equal(states.at(-1), 'saved');
  assert.equal(times('server').length, 3);
});

test('nothing is saved after it was sent', async () => {
  const clock = new Clock();
  const { made, log } = saver(clock);
  made.changed();
  await made.stop();
  made.changed();
  await clock.pass(60_000);
  assert.equal(log.length, 0);
});

test('flush leaves nothing behind', async () => {
  const clock = new Clock();
  const { made, log } = saver(clock);
  made.changed();
  await made.flush();
  assert.ok(made.isSaved && log.some(([kind]) => kind === 'local'));
});

const keptOf = (accountId: string, key: string, more: Partial<Kept> = {}): Kept => ({ draft: { ...blank({ key, accountId, senders: [], usual: null, mode: 'plain' }) }, emailId: null, stale: [], writer: 'D', edited: 0, isAtServer: false, files: {}, sending: null, ...more });

test('drafts of one account are not those of another', async () => {
  const local = new OwnLocal(new MemoryPlace(), 'alice');
  await local.put(keptOf('A1', 'Da'));
  await local.put(keptOf('A12', 'Db'));
  assert.deepEqual((await local.all('A1')).map((one) => one.draft.key), ['Da']);
  await local.clear();
  assert.deepEqual(await local.all('A12'), []);
});

test('two people who write on one draft of a shared account keep what each has written', async () => {
  const place = new MemoryPlace();
  const [alice, bob] = [new OwnLocal(place, 'alice'), new OwnLocal(place, 'bob')];
  await alice.put(keptOf('A3', 'Da', { edited: 1 }));
  await bob.put(keptOf('A3', 'Da', { edited: 2 }));
  assert.deepEqual([(await alice.get('A3', 'Da'))?.edited, (await bob.get('A3', 'Da'))?.edited], [1, 2]);
  await bob.remove('A3', 'Da');
  assert.equal(await bob.get('A3', 'Da'), undefined);
  assert.deepEqual((await alice.all('A3')).map(({ edited, person }) => [edited, person]), [[1, 'alice']]);
});

test('drafts that were kept under the account alone are found, and become the own ones', async () => {
  const place = new MemoryPlace();
  const [alice, bob] = [new OwnLocal(place, 'alice'), new OwnLocal(place, 'bob')];
  await place.put('A3/Da', keptOf('A3', 'Da', { person: 'alice', edited: 1 }));
  await place.put('A3/Db', keptOf('A3', 'Db', { edited: 2 }));
  // Another's is neither read, nor written over, nor removed.
  assert.equal(await bob.get('A3', 'Da'), undefined);
  await bob.put(keptOf('A3', 'Da', { edited: 3 }));
  await bob.remove('A3', 'Da');
  assert.deepEqual([(await alice.get('A3', 'Da'))?.edited, (await bob.get('A3', 'Db'))?.edited], [1, 2]);
  assert.deepEqual((await alice.all('A3')).map(({ edited }) => edited), [1, 2]);
  await alice.put(keptOf('A3', 'Da', { edited: 4 }));
  assert.deepEqual([(await alice.all('A3')).map(({ edited }) => edited), await place.get('A3/Da')], [[2, 4], undefined]);
  await alice.remove('A3', 'Db');
  assert.equal(await bob.get('A3', 'Db'), undefined);
});

test('blobs of a new version find their attachments, in whatever order they come', () => {
  const draft = { ...blank({ key: 'Da', accountId: 'A1', senders: [], usual: null, mode: 'rich' }), html: '<img src="cid:c@x">' };
  draft.attachments = [
    { key: 'a', blobId: 'U1', name: 'same.txt', type: 'text/plain', size: 1, cid: null },
    { key: 'b', blobId: 'U2', name: 'same.txt', type: 'text/plain', size: 1, cid: null },
    { key: 'c', blobId: 'U3', name: 'cat.png', type: 'image/png', size: 1, cid: 'c@x' },
    { key: 'd', blobId: null, name: 'later.txt', type: 'text/plain', size: 1, cid: null },
  ];
  const part = (blobId: string, name: string, type: string, cid: string | null) => ({ blobId, name, type, cid }) as never;
  assert.deepEqual([...matchBlobs(draft, [part('P5', 'cat.png', 'image/png', 'c@x'), part('P6', 'same.txt', 'text/plain', null), part('P7', 'same.txt', 'text/plain', null)])], [['a', 'P6'], ['b', 'P7'], ['c', 'P5']]);
});

test('a text that speaks of a file is found, in languages with and without blanks', () => {
  const list = 'attach*, enclosed, anbei, Anhang, 添付';
  for (const yes of ['I attach the plan.', 'see attachment', 'Enclosed: the plan', 'anbei', '資料を添付します']) assert.ok(speaksOfFile(yes, list), yes);
  for (const no of ['', 'reattach', 'Anhangsvorrichtung', 'unenclosed', 'nothing here']) assert.ok(!speaksOfFile(no, list), no);
});
