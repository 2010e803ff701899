/** Several people in one browser: which seat an address names, what each keeps, and who gets the next one. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { hasFreeSeat, isOwnKey, named, others, ownKey, prefixOf, seatOf, seatOfProgram, seatsBut, signedInBeside, withoutSeat, workerName } from '../src/base/seat.ts';
import { freeSeat } from '../src/frame/people.ts';
import { placeOf } from '../src/frame/router.ts';
import type { Session } from '../src/jmap/types.ts';
import { inSeat } from '../src/layer/net/session.ts';
import { type Layer, LayerError } from '../src/layer/layer.ts';
import { earlyOr } from '../src/layer/open.ts';
import { ownScript } from '../src/layer/scripts.ts';
import type { FirstScreen } from '../src/layer/store/first.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';
import { device } from './support/device.ts';
import { FakeServer } from './support/fake-server.ts';

declare const __ROOT__: string;

const WEBSOCKET = 'urn:ietf:params:jmap:websocket';

test('an address names a seat as the server has it, and all else names none', () => {
  for (const [path, seat, rest] of [['/', 0, '/'], ['/mail/inbox', 0, '/mail/inbox'], ['/u/1/mail/inbox', 1, '/mail/inbox'], ['/u/4', 4, '/'], ['/u/2/', 2, '/']] as const) assert.deepEqual([seatOf(path), withoutSeat(path)], [seat, rest], path);
  for (const path of ['/u/0/mail', '/u/5/mail', '/u/9/', '/u/01/mail', '/u//mail', '/u/1mail', '/u/10/', '/U/1/', '//u/1/', '/u%2F1/']) assert.deepEqual([seatOf(path), withoutSeat(path)], [0, path], path);
  assert.deepEqual([0, 1, 4].map(prefixOf), ['', '/u/1', '/u/4']);
  assert.deepEqual(placeOf('/u/3/mail/archive/T1'), { kind: 'folder', mailbox: 'archive', thread: 'T1' });
});

test('a page knows its seat by its address, a worker by its name, wherever the file came from', () => {
  assert.equal(seatOfProgram({ document: {}, name: 'window of /u/2/', location: { pathname: '/u/1/mail/inbox' } }), 1);
  for (const seat of [0, 3]) assert.equal(seatOfProgram({ name: workerName('layer anew', seat), location: { pathname: '/assets/layer.abc.js' } }), seat);
  assert.equal(seatOfProgram({ location: { pathname: '/u/4/service-worker.js' } }), 4);
  assert.equal(seatOfProgram({}), 0);
});

test('what one keeps is named like nothing of another', () => {
  assert.deepEqual([0, 1, 2].map((seat) => named('blobs', seat)), ['blobs', 'blobs-1', 'blobs-2']);
  const keys = [0, 1, 2].map((seat) => ownKey('person', seat));
  assert.deepEqual(keys.map((key) => [0, 1, 2].filter((seat) => isOwnKey(key, seat))), [[0], [1], [2]]);
  assert.equal(isOwnKey('another.program'), false);
});

test('workers come from below the prefix of a seat, and from nowhere else', () => {
  for (const path of ['/assets/layer.abc.js', '/u/1/assets/layer.abc.js', '/u/4/service-worker.js']) assert.equal(ownScript(path), path);
  for (const path of ['/u/5/service-worker.js', '/u/1/u/2/service-worker.js', '/u/1/jmap/download/A1/B1/service-worker.js', 'https://example.net/u/1/service-worker.js']) assert.throws(() => ownScript(path), TypeError, path);
});

const SERVER_SEATS = Number(/WEB_SEATS = (\d+)/.exec(fs.readFileSync(path.join(__ROOT__, '../src/role/web/web_seat.h'), 'utf8'))![1]);

test('there are as many seats as the server has, wherever one is read', () => {
  assert.deepEqual(seatsBut([]), Array.from({ length: SERVER_SEATS }, (_, seat) => seat));
  for (const [seat, is] of [[SERVER_SEATS - 1, true], [SERVER_SEATS, false]] as const) {
    const prefix = `/u/${seat}`;
    assert.equal(seatOf(`${prefix}/mail`), is ? seat : 0);
    assert.equal(isOwnKey(`postrider.${seat}.person`, 0), !is);
    assert.equal(inSeat({ ...SESSION, apiUrl: `${prefix}/jmap/api` }, '/u/1').apiUrl, is ? '/u/1/jmap/api' : `${prefix}/jmap/api`);
    if (is) assert.equal(ownScript(`${prefix}/service-worker.js`), `${prefix}/service-worker.js`);
    else assert.throws(() => ownScript(`${prefix}/service-worker.js`), TypeError);
  }
});

const SESSION: Session = {
  ...new FakeServer().session(),
  capabilities: { ...new FakeServer().session().capabilities, [WEBSOCKET]: { url: 'wss://mail.example.test/u/2/jmap/ws', supportsPush: true } },
  apiUrl: 'https://mail.example.test/u/2/jmap/api',
  downloadUrl: 'https://mail.example.test/u/2/jmap/download/{accountId}',
  uploadUrl: 'https://mail.example.test/jmap/upload/{accountId}',
  eventSourceUrl: '/jmap/events?types={types}',
};

test('a session that was kept in another seat leads to this one', () => {
  const { apiUrl, downloadUrl, uploadUrl, eventSourceUrl, capabilities } = inSeat(SESSION, '/u/1');
  assert.deepEqual([apiUrl, downloadUrl, uploadUrl, eventSourceUrl], ['https://mail.example.test/u/1/jmap/api', 'https://mail.example.test/u/1/jmap/download/{accountId}', 'https://mail.example.test/u/1/jmap/upload/{accountId}', '/u/1/jmap/events?types={types}']);
  assert.deepEqual(capabilities[WEBSOCKET], { url: 'wss://mail.example.test/u/1/jmap/ws', supportsPush: true });
});

test('before the server has answered, nothing is asked where the session was before', async () => {
  const store = new MemoryStore();
  await store.write([{ table: 'about', key: 'session', value: SESSION }]);
  const { engine } = await device(new FakeServer(), store, false);
  assert.deepEqual([engine.session!.apiUrl, engine.session!.capabilities[WEBSOCKET]!['url']], ['https://mail.example.test/jmap/api', 'wss://mail.example.test/jmap/ws']);
  await engine.stop();
});

test('the next one gets an empty seat, then one whose session has ended', () => {
  const at = (...seats: number[]) => seats.map((seat) => ({ seat }));
  assert.equal(freeSeat({ seats: 5, taken: [0] }, at(0)), 1);
  assert.equal(freeSeat({ seats: 5, taken: [1] }, at(1)), 0);
  // Whoever is noted here and has no cookie has mail here that waits: the seat is not given away.
  assert.equal(freeSeat({ seats: 5, taken: [0] }, at(0, 1)), 2);
  assert.equal(freeSeat({ seats: 5, taken: [0, 1, 2, 3, 4] }, at(0, 1, 3, 4)), 2);
  assert.equal(freeSeat({ seats: 5, taken: [0, 1, 2, 3, 4] }, at(0, 1, 2, 3, 4)), undefined);
});

function keeps(t: TestContext, values: Record<string, string>): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: { getItem: (name: string) => values[name] ?? null } });
  t.after(() => (before ? Object.defineProperty(globalThis, 'localStorage', before) : Reflect.deleteProperty(globalThis, 'localStorage')));
}

test('others are those whose programs have noted it, whatever else stands there', (t) => {
  keeps(t, { 'postrider.person': 'alice@example.test', 'postrider.1.person': 'bob@example.test', 'postrider.1.name': 'Bob', 'postrider.3.person': 'carol@example.test', 'postrider.5.person': 'nobody', 'postrider.2.theme': '"dark"' });
  assert.deepEqual(others(), [{ seat: 1, address: 'bob@example.test', name: 'Bob' }, { seat: 3, address: 'carol@example.test', name: '' }]);
});

test('one more person has room until there is somebody in each seat', (t) => {
  const people = Object.fromEntries([1, 2, 3].map((of) => [`postrider.${of}.person`, `${of}@example.test`]));
  keeps(t, people);
  assert.equal(hasFreeSeat(), true);
  keeps(t, { ...people, 'postrider.4.person': '4@example.test' });
  assert.equal(hasFreeSeat(), false);
});

test('who has no cookie any more is not signed in beside; where the server does not say it, all who are noted are', async (t) => {
  keeps(t, { 'postrider.person': 'alice@example.test', 'postrider.1.person': 'bob@example.test', 'postrider.3.person': 'carol@example.test' });
  const before = globalThis.fetch;
  t.after(() => (globalThis.fetch = before));
  const said: [() => Response, number[]][] = [[() => Response.json({ seats: 5, taken: [0, 3, 4] }), [3]], [() => new Response('', { status: 503 }), [1, 3]], [() => { throw new TypeError('fetch failed'); }, [1, 3]]];
  for (const [answer, seats] of said) {
    globalThis.fetch = (async () => answer()) as typeof fetch;
    assert.deepEqual((await signedInBeside()).map(({ seat }) => seat), seats);
  }
});

test('who is signed in in another seat goes there at once, or begins anew where something was shown', async (t) => {
  const before = globalThis.reportError;
  t.after(() => (globalThis.reportError = before));
  globalThis.reportError = (error) => assert.fail(String(error));
  const shown: FirstScreen = { session: SESSION, answers: [], at: 0 };
  for (const [first, begins] of [[undefined, 0], [shown, 1]] as const) {
    let begun = 0;
    const elsewhere = () => Promise.reject<Layer>(new LayerError('elsewhere', '1'));
    const layer = earlyOr(first, elsewhere, async () => undefined, () => begun++);
    if (first) await layer.then((one) => one.request([]).catch(() => undefined));
    else await assert.rejects(layer, (error) => error instanceof LayerError && error.kind === 'elsewhere');
    assert.equal(begun, begins);
  }
});
