/** The cache alone: over memory instead of IndexedDB, and a server in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Id } from '../src/jmap/types.ts';
import { LayerError } from '../src/layer/layer.ts';
import { ARCHIVE, BODY, type Device, DRAFTS, INBOX, SENT, device, draft, ready, type Json } from './support/device.ts';
import { ACCOUNT, FakeServer } from './support/fake-server.ts';

test('lists, rows, threads and mailboxes are answered without the server', async () => {
  const server = new FakeServer();
  for (let i = 0; i < 30; i++) server.deliver({ keywords: i % 3 ? { $seen: true } : {} });
  server.deliver({ threadId: 'T1-1', subject: 'Re: Mail 1' });
  const { engine, wire, ask, list } = await ready(server);
  const requests = wire.sent.length;
  assert.deepEqual(await list(), server.ids({ inMailbox: INBOX }));
  const collapsed = await ask('Email/query', { filter: { inMailbox: INBOX, notKeyword: '$seen' }, sort: [{ property: 'receivedAt', isAscending: false }], collapseThreads: true, position: 2, limit: 5, calculateTotal: true });
  const all = server.ids({ inMailbox: INBOX, notKeyword: '$seen' }, true);
  assert.deepEqual([collapsed['ids'], collapsed['total']], [all.slice(2, 7), all.length]);
  const answers = await engine.request([
    ['Email/query', { accountId: ACCOUNT, filter: { inMailbox: INBOX }, limit: 1 }, '0'],
    ['Email/get', { accountId: ACCOUNT, '#ids': { resultOf: '0', name: 'Email/query', path: '/ids' }, properties: ['threadId'] }, '1'],
    ['Thread/get', { accountId: ACCOUNT, '#ids': { resultOf: '1', name: 'Email/get', path: '/list/*/threadId' } }, '2'],
    ['Email/get', { accountId: ACCOUNT, '#ids': { resultOf: '2', name: 'Thread/get', path: '/list/*/emailIds' }, properties: ['subject', 'from', 'receivedAt'] }, '3'],
  ]);
  assert.deepEqual((answers[3]![1]['list'] as Json[]).map((email) => email['subject']), ['Mail 1', 'Re: Mail 1']);
  const inbox = (await ask('Mailbox/get', { ids: [INBOX] }))['list'][0];
  assert.deepEqual([inbox.totalEmails, inbox.unreadEmails, inbox.unreadThreads], [31, 11, 10]);
  assert.equal(wire.sent.length, requests);
});

test('a list that the server sorted goes on without a network', async () => {
  const server = new FakeServer();
  for (let i = 0; i < 3; i++) server.deliver({});
  const { wire, ask } = await ready(server);
  const question = { filter: { inMailbox: INBOX }, sort: [{ property: 'sentAt', isAscending: false }] };
  const asked = await ask('Email/query', question);
  wire.go('offline');
  // The list is asked for anew, and is here.
  await assert.rejects(ask('Email/queryChanges', { ...question, sinceQueryState: asked['queryState'] }), { type: 'cannotCalculateChanges' });
  const { ids } = await ask('Email/query', question);
  assert.deepEqual(new Set(ids), new Set(server.ids({ inMailbox: INBOX })));
  assert.equal((await ask('Email/get', { ids, properties: ['subject', 'pinnedBy'] }))['list'].length, 3);
});

test('mail that is put off leaves at once, waits, comes back on top, and all of it without asking the server for lists', async () => {
  const server = new FakeServer().withSnooze();
  const ids = [server.deliver({}), server.deliver({}), server.deliver({})];
  const { engine, wire, ask, store } = await ready(server);
  const byDate = async (mailbox: Id): Promise<Id[]> => (await ask('Email/query', { filter: { inMailbox: mailbox }, sort: [{ property: 'snoozedUntil', isAscending: false }] }))['ids'];
  const told = (id: Id): Promise<Json> => ask('Email/get', { ids: [id], properties: ['snoozed', 'awokenAt', 'mailboxIds'] }).then(({ list }) => list[0]);
  wire.sent.length = 0;
  wire.go('offline');
  const until = '2026-12-24T08:00:00Z';
  await ask('Email/set', { update: { [ids[0]!]: { snoozed: { until } } } });
  assert.deepEqual([await byDate(INBOX), await byDate('M1-6')], [[ids[2], ids[1]], [ids[0]]]);
  assert.deepEqual(await told(ids[0]!), { id: ids[0], snoozed: { until }, awokenAt: null, mailboxIds: { 'M1-6': true } });
  // Taken back before it was sent, and done again; then it is moved away, which ends it.
  await ask('Email/set', { update: { [ids[0]!]: { snoozed: null } } });
  assert.deepEqual([await byDate(INBOX), await byDate('M1-6')], [[ids[2], ids[1], ids[0]], []]);
  await ask('Email/set', { update: { [ids[0]!]: { snoozed: { until } }, [ids[1]!]: { snoozed: { until } } } });
  wire.go('online');
  await engine.flushed();
  assert.deepEqual([server.emails.get(ids[0]!)!['snoozed'], server.emails.get(ids[0]!)!['mailboxIds']], [{ until }, { 'M1-6': true }]);
  await ask('Email/set', { update: { [ids[1]!]: { 'mailboxIds/M1-6': null, [`mailboxIds/${ARCHIVE}`]: true } } });
  assert.equal((await told(ids[1]!))['snoozed'], null);
  server.awake(ids[0]!, '2026-12-24T08:00:00Z');
  await engine.flushed();
  assert.deepEqual(await byDate(INBOX), [ids[0], ids[2]]);
  // The same after a restart; and no list was asked for.
  const again = await device(server, store.copy(), false);
  assert.deepEqual((await again.ask('Email/query', { filter: { inMailbox: INBOX }, sort: [{ property: 'snoozedUntil', isAscending: false }] }))['ids'], [ids[0], ids[2]]);
  assert.ok(!wire.sent.flat().some(([name]) => name === 'Email/query'));
});

test('a reminder stays where it lies, by its date, and leaves the put-off alone when it is taken back', async () => {
  const server = new FakeServer().withSnooze();
  const id = server.deliver({ mailboxIds: { [SENT]: true } });
  const { engine, wire, ask } = await ready(server);
  const told = async (): Promise<Json> => (await ask('Email/get', { ids: [id], properties: ['snoozed', 'mailboxIds'] }))['list'][0];
  const snoozed = { until: '2036-12-24T08:00:00Z', unlessAnswered: true };
  wire.go('offline');
  await ask('Email/set', { update: { [id]: { snoozed } } });
  assert.deepEqual(await told(), { id, snoozed, mailboxIds: { [SENT]: true, 'M1-6': true } });
  const newer = { mailboxIds: { [SENT]: true }, subject: 'Newer' };
  await ask('Email/set', { create: { newer } });
  const { ids } = await ask('Email/query', { filter: { inMailbox: SENT }, sort: [{ property: 'snoozedUntil', isAscending: false }] });
  assert.deepEqual([ids.length, ids[1]], [2, id]);
  wire.go('online');
  await engine.flushed();
  assert.deepEqual(server.emails.get(id)!['mailboxIds'], { [SENT]: true, 'M1-6': true });
  await ask('Email/set', { update: { [id]: { snoozed: null } } });
  assert.deepEqual((await told())['mailboxIds'], { [SENT]: true });
  await engine.flushed();
  assert.deepEqual(server.emails.get(id)!['mailboxIds'], { [SENT]: true });
});

test('mail of fewer days is kept when somebody says so, and of more again; a restart knows it', async () => {
  const server = new FakeServer();
  const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
  const ids = [server.deliver({ receivedAt: ago(200) }), server.deliver({ receivedAt: ago(20) }), server.deliver({ receivedAt: ago(1) })];
  const { engine, ask, store } = await ready(server);
  await ask('Email/get', { ids: [ids[2]], ...BODY });
  const kept = async (): Promise<Id[]> => (await store.keys('bodies', '')).map((key) => key.split('/')[1]!).sort();
  await engine.flushed();
  assert.deepEqual(await kept(), [...ids].sort());
  await engine.keepDays(7);
  assert.deepEqual([await kept(), engine.status().days], [[ids[2]], 7]);
  const again = await device(server, store.copy(), false);
  assert.equal(again.engine.status().days, 7);
  await engine.keepDays(30);
  await engine.flushed();
  assert.deepEqual(await kept(), [ids[1], ids[2]].sort());
});

test('rows from before the server put mail off are asked for again', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const one = await ready(server);
  server.emails.set(id, { ...server.withSnooze().emails.get(id)!, awokenAt: '2026-12-24T08:00:00Z' });
  const again = await device(server, one.store.copy());
  await again.engine.use(server.session());
  again.engine.start();
  await again.engine.flushed();
  await again.engine.flushed();
  assert.equal((await again.ask('Email/get', { ids: [id], properties: ['awokenAt'] }))['list'][0].awokenAt, '2026-12-24T08:00:00Z');
});

test('what is not here yet is asked for in one request', async () => {
  const server = new FakeServer();
  server.deliver({ subject: 'One' });
  const { engine, wire } = await device(server);
  const answers = await engine.request([
    ['Email/query', { accountId: ACCOUNT, filter: { inMailbox: INBOX }, limit: 1 }, '0'],
    ['Email/get', { accountId: ACCOUNT, '#ids': { resultOf: '0', name: 'Email/query', path: '/ids' }, properties: ['subject'] }, '1'],
  ]);
  assert.equal((answers[1]![1]['list'] as Json[])[0]!['subject'], 'One');
  assert.equal(wire.sent.length, 1);
});

test('bodies are fetched ahead as the reader asks for them, and are there without a network', async () => {
  const server = new FakeServer();
  const ids = Array.from({ length: 50 }, () => server.deliver({}));
  const { engine, wire, ask, store } = await ready(server);
  await ask('Email/get', { ids: [ids[7]], ...BODY });
  await engine.flushed();
  wire.go('offline');
  const { list } = await ask('Email/get', { ids, ...BODY });
  assert.equal(list.length, 50);
  assert.deepEqual(list.map((email: Json) => email['bodyValues'][1].value), ids.map((_, at) => `Text ${at + 1}`));
  // What is deleted for ever is not kept, either.
  server.request([['Email/set', { accountId: ACCOUNT, destroy: [ids[0]] }, '0']]);
  wire.go('online');
  await engine.flushed();
  wire.go('offline');
  assert.deepEqual([(await store.keys('bodies', '')).length, (await ask('Email/get', { ids: [ids[0]], ...BODY }))['notFound']], [49, [ids[0]]]);
  // Another question about the same emails was never answered: what is not here is said to be so.
  await assert.rejects(ask('Email/get', { ids, properties: ['bodyStructure'] }), (error) => error instanceof LayerError && error.kind === 'offline');
});

/** How often each property was asked for, of how many emails in all, by what is fetched ahead. */
function askedAhead(wire: Device['wire'], property: string): number {
  const gets = wire.sent.flat().filter(([name, args, id]) => name === 'Email/get' && id.includes(' ahead ') && (args as Json)['properties']?.includes(property));
  return gets.reduce((sum, [, args]) => sum + (args as Json)['ids'].length, 0);
}

test('what the first list asks of its rows is fetched with all mail, and nothing twice', async () => {
  const server = new FakeServer();
  for (let i = 0; i < 450; i++) server.deliver({});
  const { engine, wire, ask } = await device(server);
  // Nothing is here yet, so the server answers both.
  await engine.request([
    ['Email/query', { accountId: ACCOUNT, filter: { inMailbox: INBOX }, limit: 30 }, '0'],
    ['Email/get', { accountId: ACCOUNT, '#ids': { resultOf: '0', name: 'Email/query', path: '/ids' }, properties: ['subject', 'firstContact'] }, '1'],
  ]);
  await engine.flushed();
  assert.deepEqual([askedAhead(wire, 'firstContact'), askedAhead(wire, 'keywords')], [450, 450]);
  // Something new is asked of all once more, alone with what may change.
  await ask('Email/get', { ids: server.ids({ inMailbox: INBOX }).slice(0, 3), properties: ['subject', 'another'] });
  await engine.flushed();
  assert.deepEqual([askedAhead(wire, 'another'), askedAhead(wire, 'subject')], [450, 450]);
});

test('what the server found out about a message is kept with its body, and asked of no other mail', async () => {
  const server = new FakeServer();
  const ids = Array.from({ length: 40 }, (_, n) => server.deliver({ verdict: { level: n ? 'plain' : 'danger' }, filedBy: { rule: n } }));
  const { engine, wire, ask } = await ready(server);
  const whole = { ...BODY, properties: [...BODY.properties, 'verdict', 'filedBy'] };
  const read = async (id: Id): Promise<Json> => (await ask('Email/get', { ids: [id], ...whole }))['list'][0];
  assert.deepEqual((await read(ids[0]!))['verdict'], { level: 'danger' });
  await engine.flushed();
  const properties = wire.sent.flat().flatMap(([, args]) => ((args as Json)['properties'] as string[] | undefined) ?? []);
  assert.equal(properties.filter((name) => name === 'verdict').length, properties.filter((name) => name === 'bodyValues').length);
  wire.go('offline');
  assert.deepEqual([(await read(ids[0]!))['filedBy'], (await read(ids[1]!))['verdict']], [{ rule: 0 }, { level: 'plain' }]);
  // By itself it is the server's to tell: rules may have filed it since.
  assert.deepEqual((await ask('Email/get', { ids: [ids[0]], properties: ['filedBy'] }))['list'], [{ id: ids[0] }]);
  wire.go('online');
  server.emails.get(ids[0]!)!['filedBy'] = { rule: 99 };
  assert.deepEqual((await ask('Email/get', { ids: [ids[0]], properties: ['filedBy'] }))['list'], [{ id: ids[0], filedBy: { rule: 99 } }]);
});

test('changes are shown at once, change counts, and reach the server in one request', async () => {
  const server = new FakeServer();
  const ids = [server.deliver({}), server.deliver({}), server.deliver({})];
  const { engine, wire, ask, list, events } = await ready(server);
  wire.go('offline');
  const before = (await ask('Email/get', { ids: [] }))['state'];
  const query = await ask('Email/query', { filter: { inMailbox: INBOX }, sort: [{ property: 'receivedAt', isAscending: false }] });
  const set = await ask('Email/set', { update: { [ids[1]!]: { mailboxIds: { [ARCHIVE]: true } }, [ids[2]!]: { 'keywords/$seen': true } } });
  assert.notEqual(set['newState'], before);
  assert.deepEqual(await list(), [ids[2], ids[0]]);
  assert.deepEqual(await list(ARCHIVE), [ids[1]]);
  const changes = await ask('Email/queryChanges', { filter: { inMailbox: INBOX }, sort: [{ property: 'receivedAt', isAscending: false }], sinceQueryState: query['queryState'] });
  assert.deepEqual([changes['removed'], changes['added']], [[ids[1]], []]);
  assert.deepEqual((await ask('Email/changes', { sinceState: before }))['updated'].sort(), [ids[1], ids[2]].sort());
  const counts = (await ask('Mailbox/get', { ids: [INBOX, ARCHIVE] }))['list'].map((one: Json) => [one['totalEmails'], one['unreadEmails'], one['totalThreads'], one['unreadThreads']]);
  assert.deepEqual(counts, [[2, 1, 2, 1], [1, 1, 1, 1]]);
  assert.equal(engine.status().waiting, 2);
  assert.ok(events.some((event) => event.kind === 'state'));
  wire.go('online');
  await engine.flushed();
  assert.deepEqual(server.ids({ inMailbox: ARCHIVE }), [ids[1]]);
  assert.equal(engine.status().waiting, 0);
  assert.equal(wire.sent.filter((calls) => calls.some(([name]) => name === 'Email/set')).length, 1);
  assert.deepEqual((await ask('Mailbox/get', { ids: [INBOX] }))['list'][0].totalEmails, 2);
});

test('several edits of one email are one, and what was taken back is none', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask } = await ready(server);
  wire.go('offline');
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  await ask('Email/set', { update: { [id]: { 'keywords/$flagged': true } } });
  assert.deepEqual([engine.status().waiting, engine.log.entries.size], [1, 1]);
  await ask('Email/set', { update: { [id]: { 'keywords/$flagged': null, 'keywords/$seen': null } } });
  assert.equal(engine.status().waiting, 0);
});

test('a draft is written, replaced, and sent without a network; its first id stays good', async () => {
  const server = new FakeServer();
  const { engine, wire, ask, list } = await ready(server);
  wire.go('offline');
  const first = (await ask('Email/set', { create: { d: draft('One') } }))['created'].d.id;
  const answers = await engine.request([['Email/set', { accountId: ACCOUNT, create: { d: draft('Two') }, destroy: [first] }, '0'], [
    'EmailSubmission/set',
    { accountId: ACCOUNT, create: { s: { emailId: '#d', identityId: 'I1-1' } }, onSuccessUpdateEmail: { '#s': { [`mailboxIds/${DRAFTS}`]: null, [`mailboxIds/${SENT}`]: true, 'keywords/$draft': null } } },
    '1',
  ]]);
  const second = (answers[0]![1]['created'] as Json)['d'].id;
  const submission = (answers[1]![1]['created'] as Json)['s'].id;
  assert.deepEqual([await list(DRAFTS), await list(SENT)], [[], [second]]);
  assert.equal((await ask('Email/get', { ids: [second], ...BODY }))['list'][0].bodyValues.t.value, 'Body of Two');
  assert.equal((await ask('EmailSubmission/get', { ids: [submission] }))['list'][0].undoStatus, 'pending');
  wire.go('online');
  await engine.flushed();
  const [sent] = server.ids({ inMailbox: SENT });
  assert.equal(server.emails.size, 1);
  assert.deepEqual(server.emails.get(sent!)!['keywords'], { $seen: true });
  assert.equal(server.submissions.size, 1);
  assert.deepEqual(await list(SENT), [sent]);
  assert.deepEqual((await ask('Email/get', { ids: [second], properties: ['id', 'subject'] }))['list'], [{ id: second, subject: 'Two' }]);
  assert.equal((await ask('EmailSubmission/get', { ids: [submission] }))['list'][0].id, submission);
});

test('a submission that was not sent yet can be undone without a network', async () => {
  const server = new FakeServer();
  const { engine, wire, ask, list } = await ready(server);
  wire.go('offline');
  const id = (await ask('Email/set', { create: { d: draft('Oops') } }))['created'].d.id;
  const submission = (await ask('EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1' } }, onSuccessUpdateEmail: { '#s': { [`mailboxIds/${DRAFTS}`]: null, [`mailboxIds/${SENT}`]: true } } }))['created'].s.id;
  assert.deepEqual(await list(SENT), [id]);
  await ask('EmailSubmission/set', { update: { [submission]: { undoStatus: 'canceled' } } });
  assert.deepEqual([await list(SENT), await list(DRAFTS)], [[], [id]]);
  wire.go('online');
  await engine.flushed();
  assert.equal(server.submissions.size, 0);
  assert.equal(server.ids({ inMailbox: DRAFTS }).length, 1);
});

test('the new draft is lost never: the old one goes when the new one is at the server', async () => {
  const server = new FakeServer();
  const old = server.deliver(draft('Old'));
  const { engine, ask, list, events } = await ready(server);
  server.refuse = (name, args) => (name === 'Email/set' && args['create'] ? { type: 'overQuota' } : undefined);
  const made = (await ask('Email/set', { create: { d: draft('New') }, destroy: [old] }))['created'].d.id;
  await engine.flushed();
  const refused = events.find((event) => event.kind === 'refused');
  assert.equal(refused?.kind === 'refused' && refused.error.type, 'overQuota');
  assert.ok(server.emails.has(old));
  // Nothing waits for the server, and yet it is nowhere else: nobody may sign out now.
  assert.equal(engine.status().waiting, 0);
  assert.equal(engine.hasRefused, true);
  // The text is still here, and goes when there is room again and the person goes on writing.
  assert.deepEqual(await list(DRAFTS), [made]);
  server.refuse = undefined;
  await ask('Email/set', { update: { [made]: { 'keywords/$flagged': true } } });
  await engine.flushed();
  assert.deepEqual([...server.emails.values()].map((email) => email['subject']), ['New']);
  assert.equal(engine.hasRefused, false);
});

test('what was asked to go after a version goes only when that is at the server, or what takes its place', async () => {
  const server = new FakeServer();
  const old = server.deliver(draft('Old'));
  const { engine, wire, ask } = await ready(server);
  server.refuse = (name, args) => (name === 'Email/set' && args['create'] ? { type: 'overQuota' } : undefined);
  const second = (await ask('Email/set', { create: { d: draft('Second') } }))['created'].d.id;
  await ask('Email/set', { destroy: [old], '@after': [second] });
  await engine.flushed();
  assert.ok(server.emails.has(old));
  const third = (await ask('Email/set', { create: { d: draft('Third') } }))['created'].d.id;
  await ask('Email/set', { destroy: [second], '@after': [third] });
  await engine.flushed();
  assert.ok(server.emails.has(old));
  server.refuse = undefined;
  await ask('Email/set', { update: { [third]: { 'keywords/$flagged': true } } });
  await engine.flushed();
  assert.deepEqual([...server.emails.values()].map((email) => email['subject']), ['Third']);
  assert.ok(!JSON.stringify(wire.sent).includes('@after'));
});

test('what the server refuses is put back and told', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, ask, list, events } = await ready(server);
  server.refuse = (name) => (name === 'Email/set' ? { type: 'forbidden' } : undefined);
  await ask('Email/set', { update: { [id]: { mailboxIds: { [ARCHIVE]: true } } } });
  assert.deepEqual(await list(), []);
  await engine.flushed();
  assert.deepEqual(await list(), [id]);
  assert.deepEqual(events.filter((event) => event.kind === 'refused').length, 1);
  assert.equal(engine.status().waiting, 0);
});

test('a folder is made and filled without a network', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, list } = await ready(server);
  wire.go('offline');
  const folder = (await ask('Mailbox/set', { create: { m: { name: 'Trips' } } }))['created'].m.id;
  await ask('Email/set', { update: { [id]: { [`mailboxIds/${INBOX}`]: null, [`mailboxIds/${folder}`]: true } } });
  assert.deepEqual(await list(folder), [id]);
  assert.equal((await ask('Mailbox/get', { ids: [folder] }))['list'][0].totalEmails, 1);
  wire.go('online');
  await engine.flushed();
  const made = [...server.mailboxes.values()].find((one) => one['name'] === 'Trips')!;
  assert.deepEqual(server.emails.get(id)!['mailboxIds'], { [made['id']]: true });
  assert.deepEqual((await ask('Mailbox/get', { ids: null }))['list'].length, 6);
});

test('words are found in what is here while somebody types', async () => {
  const server = new FakeServer();
  const ids = ['Ärger im Büro', 'Budget for May', 'Lunch'].map((subject) => server.deliver({ subject, from: [{ name: 'Zoë Petrova', email: 'zoe@example.net' }] }));
  const { engine, wire, ask } = await ready(server);
  const requests = wire.sent.length;
  const find = async (filter: Json): Promise<Id[]> => {
    const answers = await engine.here([
      ['Email/query', { accountId: ACCOUNT, filter, sort: [{ property: 'receivedAt', isAscending: false }], limit: 10 }, '0'],
      ['Email/get', { accountId: ACCOUNT, '#ids': { resultOf: '0', name: 'Email/query', path: '/ids' }, properties: ['subject'] }, '1'],
    ]);
    return (answers[1]![1]['list'] as Json[]).map((email) => email['id']);
  };
  assert.deepEqual(await find({ text: 'arger zoe' }), [ids[0]]);
  assert.deepEqual(await find({ operator: 'AND', conditions: [{ subject: 'budget' }, { from: 'petrova' }] }), [ids[1]]);
  assert.deepEqual(await find({ text: 'nothing like it' }), []);
  assert.equal(wire.sent.length, requests);
  assert.deepEqual(await engine.here([['Quota/get', { accountId: ACCOUNT }, '0']]), [['error', { type: 'notHere' }, '0']]);
  // Without a network the same is found by the usual way.
  wire.go('offline');
  assert.deepEqual((await ask('Email/query', { filter: { text: 'lunch' } }))['ids'], [ids[2]]);
});
