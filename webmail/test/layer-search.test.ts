/** Searches without a network: what is found in the bodies that are kept, when it is told, and how long the worker is held up for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Id } from '../src/jmap/types.ts';
import { textOfBody, textOfHtml } from '../src/layer/cache/body-text.ts';
import { BODY, type Device, device, DRAFTS, draft, INBOX, type Json, ready } from './support/device.ts';
import { FakeServer } from './support/fake-server.ts';

const text = (value: string): Json => ({ bodyValues: { 1: { value } }, textBody: [{ partId: '1', type: 'text/plain' }] });
const html = (value: string): Json => ({ bodyValues: { 1: { value } }, textBody: [{ partId: '1', type: 'text/html' }] });
const NEWEST = [{ property: 'receivedAt', isAscending: false }];

/** Everything is here, with its bodies, and the network is gone. */
async function away(server: FakeServer, ids: readonly Id[]): Promise<Device> {
  const made = await ready(server);
  for (let at = 0; at < ids.length; at += 100) await made.ask('Email/get', { ids: ids.slice(at, at + 100), ...BODY });
  // Without what is in memory, as after a start.
  await made.engine.stop();
  return device(server, made.store, false);
}

async function search(made: Device, filter: Json): Promise<Id[]> {
  return (await made.ask('Email/query', { filter, sort: NEWEST }))['ids'];
}

/** What a list has in the end: it asks again whenever it is told that something changed. */
async function settled(made: Device, filter: Json, isDone: (ids: Id[]) => boolean): Promise<Id[]> {
  for (let asked = 0; ; asked++) {
    assert.ok(asked < 1_000, 'it is told for ever that something changed');
    const told = made.events.length;
    const ids = await search(made, filter);
    if (isDone(ids)) return ids;
    await heard(made, told);
  }
}

/** Something was told, beyond so much. */
async function heard(made: Device, told: number): Promise<void> {
  for (let turns = 0; made.events.length === told; turns++) {
    assert.ok(turns < 5_000, 'nothing is told any more');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('words are found in bodies that are kept, plain and HTML, once they were looked through', async () => {
  const server = new FakeServer();
  const plainId = server.deliver(text('Dear all, the quarterly Überblick is attached.'));
  const htmlId = server.deliver(html('<div>Our quar<b>terly</b> &Uuml;bersicht&nbsp;is&#32;late</div><style>.hidden{}</style>'));
  const subjectId = server.deliver({ subject: 'The quarterly mail', ...text('nothing') });
  const otherId = server.deliver(text('x'));
  const made = await away(server, [plainId, htmlId, subjectId, otherId]);
  // At once what lists know; the rest comes.
  const release = held(made);
  assert.deepEqual(await search(made, { text: 'quarterly' }), [subjectId]);
  release();
  assert.deepEqual(await settled(made, { text: 'quarterly' }, (ids) => ids.length === 3), [subjectId, htmlId, plainId]);
  assert.deepEqual(await settled(made, { body: 'QUARTERLY uberblick' }, (ids) => ids.length === 1), [plainId]);
  assert.deepEqual(await settled(made, { operator: 'AND', conditions: [{ inMailbox: INBOX }, { operator: 'NOT', conditions: [{ text: 'quarterly' }] }] }, (ids) => ids.length === 1), [otherId]);
  assert.deepEqual(await search(made, { subject: 'überblick' }), []);
  // What stands in no text is not found.
  assert.deepEqual(await search(made, { text: 'hidden' }), []);
});

test('a list that asks what changed gets what the bodies have added', async () => {
  const server = new FakeServer();
  const ids = [server.deliver(text('alpha')), server.deliver({ subject: 'alpha', ...text('x') })];
  const made = await away(server, ids);
  const question = { filter: { text: 'alpha' }, sort: NEWEST };
  const release = held(made);
  const first = await made.ask('Email/query', question);
  assert.deepEqual(first['ids'], [ids[1]]);
  release();
  await heard(made, 0);
  const changes = await made.ask('Email/queryChanges', { ...question, sinceQueryState: first['queryState'] });
  assert.deepEqual([changes['removed'], changes['added']], [[], [{ id: ids[0], index: 1 }]]);
});

test('a draft that was written here is found by its text', async () => {
  const server = new FakeServer();
  const made = await away(server, [server.deliver({})]);
  await made.ask('Email/set', { create: { one: draft('Plans') } });
  assert.equal((await search(made, { inMailbox: DRAFTS, text: 'body of plans' })).length, 1);
});

test('while the server can be reached no body is looked through', async () => {
  const server = new FakeServer();
  const id = server.deliver(text('alpha'));
  const made = await ready(server);
  await made.ask('Email/get', { ids: [id], ...BODY });
  const reads = counted(made);
  const [[, answer]] = (await made.engine.here([['Email/query', { accountId: 'A1', filter: { text: 'alpha' }, sort: NEWEST }, '0']])) as [[string, Json, string]];
  // It would be read before the answer, or right behind it.
  await new Promise(setImmediate);
  assert.deepEqual([answer['ids'], reads()], [[], 0]);
});

/** The store gives no bodies until it may. */
function held(made: Device): () => void {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { store } = made;
  const getMany = store.getMany.bind(store);
  store.getMany = async (table, keys) => {
    if (table === 'bodies') await gate;
    return getMany(table, keys);
  };
  return release;
}

/** How many bodies were read from the store. */
function counted(made: Device): () => number {
  let count = 0;
  const { store } = made;
  const getMany = store.getMany.bind(store);
  store.getMany = (table, keys) => {
    if (table === 'bodies') count += keys.length;
    return getMany(table, keys);
  };
  return () => count;
}

test('a search for other words ends the one before, and who comes back goes on where it was', async () => {
  const server = new FakeServer();
  const ids = Array.from({ length: 300 }, (_, i) => server.deliver(text(`${i === 0 ? 'oldest first' : 'other'} ${'word '.repeat(200)}`)));
  const made = await away(server, ids);
  const reads = counted(made);
  await search(made, { text: 'oldest' });
  await search(made, { text: 'second' });
  await search(made, { text: 'first' });
  assert.deepEqual(await settled(made, { text: 'first' }, (found) => found.length > 0), [ids[0]]);
  // The texts are in memory by now: nothing is read twice but what was under way.
  assert.deepEqual(await settled(made, { text: 'oldest' }, (found) => found.length > 0), [ids[0]]);
  assert.ok(reads() < 400, `${reads()} bodies were read`);
});

test('two thousand bodies are looked through in turns of a few milliseconds', async () => {
  const server = new FakeServer();
  const words = Array.from({ length: 700 }, (_, i) => `word${i}`).join(' ');
  const ids = Array.from({ length: 2_000 }, (_, i) => server.deliver(html(`<p>${words}</p><p>n${i}n of them</p>`)));
  const made = await away(server, ids);
  // By the processor's time, which other programs of a busy machine do not have a part in.
  const spent = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  // What else the worker is asked meanwhile: what was done before its turn came.
  const waits: number[] = [];
  let isOver = false;
  const other = (async () => {
    while (!isOver) {
      const asked = spent();
      await new Promise((resolve) => setTimeout(resolve));
      waits.push(spent() - asked);
    }
  })();
  const timed = async (filter: Json): Promise<number> => {
    const began = spent();
    await settled(made, filter, (found) => found.length === 1);
    return spent() - began;
  };
  const first = await timed({ text: 'n3n them' });
  const again = await timed({ text: 'n7n them' });
  isOver = true;
  await other;
  waits.sort((a, b) => a - b);
  const at = (part: number): string => waits[Math.floor(waits.length * part)]!.toFixed(0);
  console.log(`# 2,000 bodies of 6 KB, ms of a processor: the first search ${first.toFixed(0)}, the next ${again.toFixed(0)}; what another question waits for: ${at(0.5)}, p95 ${at(0.95)}, the longest ${waits.at(-1)!.toFixed(0)} (${waits.length})`);
  // How many there are depends on the machine; without turns there would be one, at the end.
  assert.ok(waits.length > 2, 'others had their turns');
});

test('hostile HTML is read from left to right once', () => {
  assert.equal(textOfHtml('a<b>b</b>c<br>d &lt;e&gt; &#x41;&#66; &unknown; 1 < 2'), 'abc d <e> AB &unknown; 1 < 2');
  assert.equal(textOfHtml('<style>x</style>a<script>b</SCRIPT>c<!-- d -->e<!-- f'), ' a ce');
  assert.equal(textOfHtml('<title>not <b>shown'), '');
  assert.equal(textOfHtml('a<'), 'a<');
  assert.equal(textOfHtml('a<b'), 'a');
  assert.equal(textOfHtml('&#0;&#x110000;&#99999999;'), '&#0;&#x110000;&#99999999;');
  const began = performance.now();
  for (const piece of ['<!--', '<style>', '<a ', '<', '&', '</style', '<style></st', '&#']) textOfHtml(piece.repeat(60_000));
  // A quadratic one takes minutes.
  assert.ok(performance.now() - began < 10_000);
  assert.equal(textOfBody({ 'bodyValues [1]': { 1: { value: 'a' } }, 'bodyValues [2]': { 1: { value: 'a' }, 2: { value: '<p>b</p>' } }, 'htmlBody []': [{ partId: '2', type: 'text/html' }] }), 'a\n b ');
  assert.equal(textOfBody({ bodyValues: null, 'textBody []': null }), '');
});
