/** The cache alone, when things go wrong: lost answers, crashes, full disks, other devices, other tabs. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Id } from '../src/jmap/types.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';
import { Deposed } from '../src/layer/store/store.ts';
import { ARCHIVE, BODY, DRAFTS, INBOX, SENT, device, draft, ready, type Json } from './support/device.ts';
import { ACCOUNT, FakeServer } from './support/fake-server.ts';

test('another device changing the same email is not undone', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask } = await ready(server);
  wire.go('offline');
  await ask('Email/set', { update: { [id]: { keywords: { $seen: true } } } });
  server.request([['Email/set', { accountId: ACCOUNT, update: { [id]: { 'keywords/$flagged': true } } }, '0']]);
  wire.go('online');
  await engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true, $flagged: true });
  assert.deepEqual((await ask('Email/get', { ids: [id], properties: ['keywords'] }))['list'][0].keywords, { $flagged: true, $seen: true });
});

test('an answer that was lost makes nothing twice', async () => {
  const server = new FakeServer();
  const { engine, wire, ask, list } = await ready(server);
  let lost = 0;
  wire.fate = () => (lost++ < 2 ? 'lost' : 'well');
  const id = (await ask('Email/set', { create: { d: draft('Once') } }))['created'].d.id;
  await ask('EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1' } }, onSuccessUpdateEmail: { '#s': { [`mailboxIds/${DRAFTS}`]: null, [`mailboxIds/${SENT}`]: true } } });
  for (let at = 0; at < 5 && engine.status().waiting; at++) {
    wire.go('online');
    await engine.flushed().catch(() => undefined);
    if (at === 1) lost = 0;
  }
  await engine.flushed();
  assert.deepEqual([server.emails.size, server.submissions.size], [1, 1]);
  assert.deepEqual(await list(SENT), server.ids({ inMailbox: SENT }));
});

test('what was done by an attempt without an answer is undone all the same, and by a browser that was killed meanwhile too', async () => {
  for (const isKilled of [false, true]) {
    const server = new FakeServer();
    const id = server.deliver({ mailboxIds: { [INBOX]: true } });
    let { engine, wire, ask, store } = await ready(server);
    wire.fate = () => 'lost';
    await ask('Email/set', { update: { [id]: { [`mailboxIds/${INBOX}`]: null, [`mailboxIds/${ARCHIVE}`]: true } } });
    await engine.flushed().catch(() => undefined);
    assert.deepEqual(server.emails.get(id)!['mailboxIds'], { [ARCHIVE]: true });
    if (isKilled) {
      await engine.stop();
      ({ engine, wire, ask, store } = await device(server, store, false));
      engine.start();
    }
    await ask('Email/set', { update: { [id]: { [`mailboxIds/${INBOX}`]: true, [`mailboxIds/${ARCHIVE}`]: null } } });
    wire.fate = () => 'well';
    wire.go('online');
    await engine.flushed();
    assert.deepEqual(server.emails.get(id)!['mailboxIds'], { [INBOX]: true });
    assert.equal(engine.status().waiting, 0);
  }
});

test('what an attempt without an answer has made can be replaced while it is looked for', async () => {
  const server = new FakeServer();
  const { engine, wire, ask } = await ready(server);
  const first = (await ask('Email/set', { create: { d: { ...draft('First'), messageId: ['plan@example.test'] } } }))['created'].d.id;
  wire.fate = () => 'lost';
  await assert.rejects(engine.flushed());
  assert.equal(server.emails.size, 1);
  // It is found by its Message-ID, and has a name at the server from then on; what it is has not been fetched yet.
  let replaced: Promise<Json> | undefined;
  const send = wire.send.bind(wire);
  wire.send = async (calls) => {
    const answers = await send(calls);
    if (!replaced && calls.some(([name]) => name === 'Email/changes')) {
      const second = (await ask('Email/set', { create: { d: draft('Second') } }))['created'].d.id;
      replaced = ask('Email/set', { destroy: [first], '@after': [second] });
      await replaced;
    }
    return answers;
  };
  wire.fate = () => 'well';
  wire.go('online');
  await engine.flushed();
  assert.deepEqual((await replaced)!['notDestroyed'], null);
  assert.deepEqual([...server.emails.values()].map((email) => email['subject']), ['Second']);
});

test('a server that fails at a change is said to, until it takes it', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, events } = await ready(server);
  server.refuse = (name) => (name === 'Email/set' ? { type: 'serverUnavailable' } : undefined);
  await ask('Email/set', { update: { [id]: { 'keywords/$flagged': true } } });
  await engine.flushed().catch(() => undefined);
  assert.equal(events.flatMap((event) => (event.kind === 'status' ? [event.status.fails] : [])).at(-1), true);
  server.refuse = undefined;
  wire.go('online');
  await engine.flushed();
  assert.equal(events.flatMap((event) => (event.kind === 'status' ? [event.status.fails] : [])).at(-1), false);
  assert.ok(server.emails.get(id)!['keywords'].$flagged);
});

test('what cannot be known without the server is said so for a call, though the network goes within it', async () => {
  const { engine, wire } = await ready(new FakeServer());
  wire.fate = () => {
    wire.connection = 'offline';
    return 'cut';
  };
  const answers = await engine.request([['Email/query', { accountId: ACCOUNT, filter: { header: ['Message-ID', 'x'] } }, 'a']]);
  assert.deepEqual(answers.map(([name, { type }]) => [name, type]), [['error', 'unsupportedFilter']]);
});

test('a version of a draft that never arrived is not taken for the one before it', async () => {
  const server = new FakeServer();
  const { engine, wire, ask } = await ready(server);
  // Neither its text nor its Message-ID tells one from the other.
  const version = (to: string, references: string[]): Json => ({ ...draft('Plan'), messageId: ['plan@example.test'], to: [{ name: null, email: to }], references });
  let last = (await ask('Email/set', { create: { d: version('anna@example.test', []) } }))['created'].d.id;
  await engine.flushed();
  for (const next of [version('anna@example.test', ['a@x']), version('bob@example.test', ['a@x'])]) {
    wire.fate = () => 'cut';
    last = (await ask('Email/set', { create: { d: next }, destroy: [last] }))['created'].d.id;
    await assert.rejects(engine.flushed());
    wire.fate = () => 'well';
    wire.go('online');
    await engine.flushed();
    assert.deepEqual([...server.emails.values()].map((email) => [email['to'], email['references']]), [[next['to'], next['references']]]);
  }
});

test('a submission is found again though the clock of this browser is wrong', async () => {
  const server = new FakeServer();
  server.now = () => Date.now() - 86_400_000;
  const { engine, wire, ask } = await ready(server);
  const id = (await ask('Email/set', { create: { d: draft('Once') } }))['created'].d.id;
  await engine.flushed();
  let lost = true;
  wire.fate = () => {
    const fate = lost ? 'lost' : 'well';
    lost = false;
    return fate;
  };
  await ask('EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1' } } });
  await engine.flushed().catch(() => undefined);
  wire.go('online');
  await engine.flushed();
  assert.equal(server.submissions.size, 1);
});

test('a message that the server does not even read stays here, and can be changed', async () => {
  const server = new FakeServer();
  const { engine, wire, ask, events, list } = await ready(server);
  wire.fate = () => 'refused';
  await ask('Email/set', { create: { d: draft('Large') } });
  for (let at = 0; at < 4 && !events.some((event) => event.kind === 'refused'); at++) {
    wire.go('online');
    await engine.flushed().catch(() => undefined);
  }
  assert.deepEqual(events.flatMap((event) => (event.kind === 'refused' ? [event.error.type] : [])), ['requestTooLarge']);
  const [id] = await list(DRAFTS);
  wire.fate = () => 'well';
  await ask('Email/set', { create: { d: draft('Smaller') }, destroy: [id] });
  wire.go('online');
  await engine.flushed();
  assert.deepEqual([...server.emails.values()].map((email) => email['subject']), ['Smaller']);
});

test('a mail that the server refuses is a draft again, and nothing waits for it', async () => {
  const server = new FakeServer();
  const { engine, ask, list, events } = await ready(server);
  server.refuse = (name, args) => (name === 'Email/set' && args['create'] ? { type: 'overQuota' } : undefined);
  const send = async (): Promise<Id> => {
    const { id } = (await ask('Email/set', { create: { mail: draft('Offer') } }))['created'].mail;
    await ask('EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1' } }, onSuccessUpdateEmail: { '#s': { mailboxIds: { [SENT]: true }, 'keywords/$draft': null } } });
    await engine.flushed();
    return id;
  };
  const refused = await send();
  assert.equal(events.filter((event) => event.kind === 'refused').length, 1);
  assert.deepEqual(await list(SENT), []);
  assert.deepEqual(await list(DRAFTS), [refused]);
  assert.equal(engine.status().waiting, 0);
  server.refuse = undefined;
  await send();
  assert.equal(server.submissions.size, 1);
  await ask('Email/set', { destroy: [refused] });
  await engine.flushed();
  assert.deepEqual([(await list(SENT)).length, (await list(DRAFTS)).length, engine.log.entries.size], [1, 0, 0]);
});

test('sending is undone also while nobody knows whether the server has it yet', async () => {
  const server = new FakeServer();
  const { engine, wire, ask } = await ready(server);
  const { id } = (await ask('Email/set', { create: { mail: draft('Offer') } }))['created'].mail;
  await engine.flushed();
  const send = wire.send.bind(wire);
  let release: (() => void) | undefined;
  wire.send = async (calls) => {
    if (!release && calls.some(([name]) => name === 'EmailSubmission/set')) await new Promise<void>((resolve) => (release = resolve));
    return send(calls);
  };
  const submission = (await ask('EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1' } } }))['created'].s.id;
  while (!release) await new Promise((resolve) => setImmediate(resolve));
  const undone = ask('EmailSubmission/set', { update: { [submission]: { undoStatus: 'canceled' } } });
  release();
  assert.equal(Object.keys((await undone)['updated']).length, 1);
  await engine.flushed();
  assert.deepEqual([...server.submissions.values()].map((one) => one['undoStatus']), ['canceled']);
});

test('local names are forgotten after a month, but for those that something still says', async (t) => {
  const server = new FakeServer();
  const { engine, ask, store } = await ready(server);
  const id = (await ask('Email/set', { create: { d: draft('Old') } }))['created'].d.id;
  await engine.flushed();
  const real = server.ids({ inMailbox: DRAFTS })[0];
  const soon = await device(server, store.copy());
  assert.equal((await soon.ask('Email/get', { ids: [id], properties: ['subject'] }))['list'][0].subject, 'Old');
  const { now } = Date;
  t.after(() => (Date.now = now));
  Date.now = () => now() + 31 * 86_400_000;
  const later = await device(server, store.copy());
  await later.ask('Email/set', { update: { [real!]: { 'keywords/$seen': null } } });
  await later.engine.flushed();
  assert.deepEqual(await later.store.keys('about', 'alias/'), []);
  assert.deepEqual((await later.ask('Email/get', { ids: [id], properties: ['subject'] }))['list'], []);
});

test('a draft that two devices change becomes two', async () => {
  const server = new FakeServer();
  const old = server.deliver(draft('Draft'));
  const one = await ready(server);
  const two = await ready(server);
  one.wire.go('offline');
  await one.ask('Email/set', { create: { d: draft('From one') }, destroy: [old] });
  await two.ask('Email/set', { create: { d: draft('From two') }, destroy: [old] });
  await two.engine.flushed();
  one.wire.go('online');
  await one.engine.flushed();
  assert.deepEqual([...server.emails.values()].map((email) => email['subject']).sort(), ['From one', 'From two']);
  assert.ok(!one.events.some((event) => event.kind === 'refused'));
});

test('a draft that another device has sent is not sent again', async () => {
  const server = new FakeServer();
  const id = server.deliver(draft('Twice'));
  const one = await ready(server);
  const two = await ready(server);
  const send: Json = { create: { s: { emailId: id, identityId: 'I1-1' } }, onSuccessUpdateEmail: { '#s': { [`mailboxIds/${DRAFTS}`]: null, [`mailboxIds/${SENT}`]: true, 'keywords/$draft': null } } };
  one.wire.go('offline');
  await one.ask('EmailSubmission/set', send);
  await two.ask('EmailSubmission/set', send);
  await two.engine.flushed();
  one.wire.go('online');
  await one.engine.flushed();
  assert.equal(server.submissions.size, 1);
  assert.deepEqual(one.events.flatMap((event) => (event.kind === 'refused' ? [event.error.type] : [])), ['alreadySent']);
  assert.deepEqual(await one.list(SENT), [id]);
});

test('what was made here is never shown beside itself, whenever somebody looks', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, events } = await ready(server);
  wire.go('offline');
  const folder = (await ask('Mailbox/set', { create: { m: { name: 'Trips' } } }))['created'].m.id;
  const mail = (await ask('Email/set', { create: { d: draft('Once') } }))['created'].d.id;
  await ask('Email/set', { update: { [id]: { [`mailboxIds/${folder}`]: true } } });
  // More news than one answer holds: what was made comes rounds before it is settled.
  for (let at = 0; at < 600; at++) server.deliver({ mailboxIds: { [ARCHIVE]: true } });
  let since = (await ask('Mailbox/get', { ids: [] }))['state'];
  // Looked at after each turn of the program, while all goes to the server.
  let done = false;
  const looks = (async () => {
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      const names = (await ask('Mailbox/get', { ids: null, properties: ['name'] }))['list'].map((one: Json) => one['name']);
      assert.equal(new Set(names).size, names.length, `twins among ${names}`);
      assert.equal((await ask('Email/query', { filter: { inMailbox: DRAFTS } }))['ids'].length, 1);
      const changes = await ask('Mailbox/changes', { sinceState: since });
      assert.equal(changes['created'].length, changes['destroyed'].length);
      since = changes['newState'];
    }
  })();
  wire.go('online');
  await engine.flushed();
  done = true;
  await looks;
  const real = [...server.mailboxes.values()].find((one) => one['name'] === 'Trips')!['id'];
  const named = Object.assign({}, ...events.flatMap((event) => (event.kind === 'named' ? [event.ids] : []))) as Record<Id, Id>;
  assert.deepEqual(named, { [folder]: real, [mail]: server.ids({ inMailbox: DRAFTS })[0] });
  // By the first name, too.
  assert.deepEqual((await ask('Email/query', { filter: { inMailbox: folder } }))['ids'], [id]);
});

test('a server that failed once does not keep questions from it', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask } = await ready(server);
  wire.fate = () => 'cut';
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  await assert.rejects(engine.flushed());
  wire.fate = () => 'well';
  // The person goes on before the pump would have tried again by itself.
  await ask('Email/set', { update: { [id]: { 'keywords/$flagged': true } } });
  await engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true, $flagged: true });
});

/** What is to be done later, in place of a clock: `due` does it. */
function clock(t: TestContext): { waits: number[]; due(): void } {
  const { setTimeout } = globalThis;
  const waiting: (() => void)[] = [];
  const waits: number[] = [];
  t.after(() => (globalThis.setTimeout = setTimeout));
  globalThis.setTimeout = ((act: () => void, ms: number) => (waits.push(ms), waiting.push(act))) as unknown as typeof setTimeout;
  return { waits, due: () => waiting.splice(0).forEach((act) => act()) };
}

async function turns(count = 50): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

test('what the server cannot say now is asked again later, each time after a longer wait', async (t) => {
  const { waits, due } = clock(t);
  // Of a browser that has nothing yet, and of one that has all and hears of new mail.
  for (const what of ['Email/query', 'Email/get', 'Email/changes', 'Mailbox/changes', 'bodies']) {
    const isFirst = what === 'Email/query' || what === 'Email/get';
    const server = new FakeServer();
    const id = server.deliver({});
    server.deliver({});
    const { engine, wire, ask, list } = await (isFirst ? device(server) : ready(server));
    await turns();
    waits.length = wire.sent.length = 0;
    server.refuse = (name, args) => (name === what || (what === 'bodies' && args['fetchTextBodyValues'] && args['ids'].join() !== id) ? { type: 'serverUnavailable' } : undefined);
    if (isFirst) engine.start();
    else if (what !== 'bodies') server.deliver({});
    // Who reads one mail is to find the texts of others here.
    else await ask('Email/get', { ids: [id], ...BODY });
    const before = what === 'bodies' ? 1 : 0;
    for (let at = 1; at <= 4; at++) {
      await turns();
      assert.deepEqual([wire.sent.length, waits.length], [before + at, at], what);
      due();
    }
    await turns();
    // Each is twice the one before, give or take half of it.
    assert.ok(waits.every((ms, at) => ms >= 500 * 2 ** at && ms <= 1_500 * 2 ** at), `${what}: ${waits}`);
    server.refuse = undefined;
    due();
    await turns();
    assert.deepEqual(await list(INBOX), server.ids({ inMailbox: INBOX }), what);
    if (what === 'bodies') {
      wire.go('offline');
      for (const one of await list(INBOX)) assert.ok((await ask('Email/get', { ids: [one], ...BODY }))['list'][0].bodyValues, 'its text is here');
    }
    await engine.stop();
  }
});

test('whom another tab has deposed writes nothing more, and says so', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, store } = await ready(server);
  store.refuse = () => {
    throw new Deposed('another leads');
  };
  const requests = wire.sent.length;
  await assert.rejects(ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } }), Deposed);
  server.deliver({});
  await engine.flushed().catch(() => undefined);
  assert.deepEqual(server.emails.get(id)!['keywords'], {});
  assert.ok(!wire.sent.slice(requests).flat().some(([name]) => name === 'Email/set'));
  assert.equal(engine.status().kept, 'whole');
});

test('what waits outlasts a store that can not be read for a while', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const one = await ready(server);
  one.wire.go('offline');
  await one.ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  const store = one.store.copy();
  const get = store.withPrefix.bind(store);
  store.withPrefix = () => Promise.reject(new DOMException('cannot read', 'UnknownError'));
  const broken = await device(server, store);
  assert.equal(broken.engine.status().kept, 'none');
  store.withPrefix = get;
  const again = await device(server, store);
  again.engine.start();
  await again.engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
  // And is not done again when it is done.
  assert.deepEqual(await store.keys('log', ''), []);
});

test('a store that was killed at any moment goes on where it was', async () => {
  const server = new FakeServer();
  const ids = Array.from({ length: 20 }, () => server.deliver({}));
  const one = await ready(server);
  one.wire.go('offline');
  await one.ask('Email/set', { update: { [ids[3]!]: { mailboxIds: { [ARCHIVE]: true } } }, create: { d: draft('Kept') } });
  const again = await device(server, one.store.copy(), false);
  assert.deepEqual(await again.list(), ids.filter((_, at) => at !== 3).reverse());
  assert.equal((await again.list(DRAFTS)).length, 1);
  assert.equal(again.engine.status().waiting, 2);
  again.wire.go('online');
  await again.engine.flushed();
  assert.deepEqual(server.ids({ inMailbox: ARCHIVE }), [ids[3]]);
  assert.equal(server.ids({ inMailbox: DRAFTS }).length, 1);
});

test('when the server has forgotten what changed, all is looked at again', async () => {
  const server = new FakeServer();
  const ids = Array.from({ length: 20 }, () => server.deliver({}));
  const { engine, wire, list, ask } = await ready(server);
  wire.go('offline');
  server.request([['Email/set', { accountId: ACCOUNT, destroy: [ids[0]], update: { [ids[1]!]: { 'keywords/$seen': true } } }, '0']]);
  server.deliver({});
  server.forgotten = Number(server.state);
  wire.go('online');
  await engine.flushed();
  await engine.flushed();
  assert.deepEqual(await list(), server.ids({ inMailbox: INBOX }));
  assert.deepEqual((await ask('Email/get', { ids: [ids[1]], properties: ['keywords'] }))['list'][0].keywords, { $seen: true });
});

test('a session that has ended keeps what waits, for the next one of the same person', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, events, store } = await ready(server);
  wire.fate = () => 'ended';
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  await assert.rejects(engine.flushed());
  assert.ok(events.some((event) => event.kind === 'signed-out'));
  assert.deepEqual(server.emails.get(id)!['keywords'], {});
  const next = await device(server, store.copy());
  next.engine.start();
  await next.engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
});

test('a full disk: what waits is kept first, and it goes on without', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const store = new MemoryStore();
  const one = await device(server, store);
  one.engine.start();
  await one.engine.flushed();
  store.refuse = (puts) => {
    if (puts.some(({ table, value }) => value !== undefined && table !== 'log')) throw new DOMException('full', 'QuotaExceededError');
  };
  server.deliver({});
  await one.engine.flushed();
  assert.equal(one.engine.status().kept, 'log');
  one.wire.go('offline');
  await one.ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  assert.deepEqual(await one.list(), server.ids({ inMailbox: INBOX }));
  const again = await device(server, store.copy(), true);
  again.engine.start();
  await again.engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
});
