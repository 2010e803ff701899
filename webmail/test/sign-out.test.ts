/** Signing out: what is refused changes nothing, and what is done leaves nothing, but what waits of others. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { beforeEach, test, type TestContext } from 'node:test';
import { MemoryPlace, OwnLocal, type Kept } from '../src/features/compose/local.ts';
import type { Session } from '../src/jmap/types.ts';
import { DirectLayer } from '../src/layer/direct.ts';
import { LayerError } from '../src/layer/layer.ts';
import { isUnsent, isWaiting, staysIn } from '../src/layer/store/forget.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';
import { TABLES } from '../src/layer/store/store.ts';
import { CachedLayer } from '../src/layer/worker/client.ts';
import type { Asked, Reply } from '../src/layer/worker/protocol.ts';
import { takeSignOut } from '../src/model/person.ts';
import { DRAFTS, device, draft, ready } from './support/device.ts';
import { FakeServer } from './support/fake-server.ts';

declare const __ROOT__: string;

const SESSION: Session = { ...new FakeServer().session(), apiUrl: '/jmap/api' };

/** What happens, in its order. */
const did: string[] = [];
const hasPushes = { subscription: true };

class Place {
  values: Record<string, string> = { one: '1' };
  getItem = (name: string): string | null => this.values[name] ?? null;
  setItem = (name: string, value: string): void => void (this.values[name] = value);
  removeItem = (name: string): void => void delete this.values[name];
  key = (at: number): string | null => Object.keys(this.values)[at] ?? null;
  get length(): number {
    return Object.keys(this.values).length;
  }
  clear = (): void => {
    this.values = {};
    did.push('clear');
  };
}

beforeEach(() => {
  did.length = 0;
  const registration = {
    pushManager: { getSubscription: async () => (hasPushes.subscription ? { unsubscribe: async () => did.push('unsubscribe') } : null) },
    getNotifications: async () => [{ close: () => did.push('close') }],
    unregister: async () => did.push('unregister'),
    scope: 'https://mail.example.test/',
  };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { serviceWorker: { getRegistrations: async () => [registration] }, onLine: true } });
  Object.assign(globalThis, { localStorage: new Place(), sessionStorage: new Place(), caches: { keys: async () => ['program 1'], delete: async () => did.push('caches') }, reportError: (error: unknown) => Promise.reject(error) });
  hasPushes.subscription = true;
});

/** A layer whose worker answers so. */
async function cached(answer: (question: Asked['question']['kind']) => Reply): Promise<CachedLayer> {
  class FakeWorker {
    onmessage: ((event: { data: unknown }) => void) | undefined;
    constructor() {
      setImmediate(() => this.onmessage?.({ data: { kind: 'ready', session: SESSION, status: { connection: 'online', waiting: 0 } } }));
    }
    postMessage({ id, question }: Asked): void {
      did.push(question.kind === 'request' ? question.calls[0]![0] : question.kind);
      const reply = answer(question.kind);
      setImmediate(() => {
        // The worker tells of the end before it answers, as leader.ts does.
        if (question.kind === 'sign-out' && reply.kind === 'done') this.onmessage?.({ data: { kind: 'event', event: { kind: 'signed-out', asked: true } } });
        this.onmessage?.({ data: { kind: 'answer', id, reply } });
      });
    }
  }
  Object.assign(globalThis, { Worker: FakeWorker });
  const layer = await CachedLayer.start('/layer.js');
  layer.listen((event) => did.push(`${event.kind}${'asked' in event ? ' asked' : ''}`));
  return layer;
}

const done: Reply = { kind: 'done', answers: [['PushSubscription/get', { list: [] }, '0']] };
const failed: Reply = { kind: 'failed', error: { kind: 'offline', message: 'Some changes are not at the server yet.' } };

/** What the service worker of another seat would do. */
const beside = () => ({ scope: 'https://mail.example.test/u/1/', pushManager: { getSubscription: async () => did.push('of the other') }, unregister: async () => did.push('of the other') });

test('whoever may not sign out keeps the service worker, its news and the files of the program', async () => {
  const layer = await cached((question) => (question === 'may-leave' ? failed : done));
  await assert.rejects(layer.signOut(async () => void did.push('last')), (error) => error instanceof LayerError && error.kind === 'offline');
  assert.deepEqual([did, localStorage.length], [['may-leave'], 1]);
});

test('a session that does not end leaves them, too', async () => {
  const layer = await cached((question) => (question === 'sign-out' ? failed : done));
  await assert.rejects(layer.signOut(), LayerError);
  assert.deepEqual(did, ['may-leave', 'PushSubscription/get', 'sign-out']);
});

test('who signs out hears of the end when nothing is left', async () => {
  const layer = await cached(() => done);
  // Settings of others, and of this person, which are at the server by now.
  for (const who of ['bob', SESSION.username]) localStorage.setItem(`postrider.unsent.${who}`, '{}');
  await layer.signOut(async () => void did.push('last'));
  assert.deepEqual(did, ['may-leave', 'last', 'PushSubscription/get', 'sign-out', 'close', 'unsubscribe', 'unregister', 'caches', 'clear', 'signed-out asked']);
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values), ['postrider.unsent.bob']);
});

test('what a browser refuses while somebody signs out keeps nothing else from going', async () => {
  const failed: string[] = [];
  const [registration] = (await navigator.serviceWorker.getRegistrations()) as any[];
  const fails = (what: string) => async () => Promise.reject(new Error(what));
  Object.assign(globalThis, { reportError: (error: Error) => failed.push(error.message), caches: { keys: async () => ['program 1', 'blobs'], delete: async (name: string) => (name === 'blobs' ? did.push(name) : fails('cache')()) } });
  registration.pushManager.getSubscription = async () => ({ unsubscribe: fails('push service') });
  await (await cached(() => done)).signOut();
  assert.deepEqual(did, ['may-leave', 'PushSubscription/get', 'sign-out', 'close', 'unregister', 'blobs', 'clear', 'signed-out asked']);
  assert.deepEqual(failed, ['push service', 'cache']);
});

test('one of two who are signed in signs out, and what is the other one\'s stays', async () => {
  const registrations = await navigator.serviceWorker.getRegistrations();
  Object.assign(navigator.serviceWorker, { getRegistrations: async () => [beside(), ...registrations] });
  const gone: string[] = [];
  Object.assign(globalThis, { caches: { keys: async () => ['program 1', 'blobs', 'blobs-1'], delete: async (name: string) => gone.push(name) } });
  const stays = ['postrider.1.person', 'postrider.1.theme', 'postrider.layout', 'postrider.unsent.bob', 'upload-1/b'];
  for (const name of [...stays, 'postrider.person', 'postrider.theme', 'postrider.device', 'upload/a', `postrider.unsent.${SESSION.username}`]) localStorage.setItem(name, name.endsWith('person') ? 'someone' : '{}');
  for (const name of ['postrider.compose.open', 'postrider.1.compose.open']) sessionStorage.setItem(name, '[]');
  const layer = await cached(() => done);
  await layer.signOut();
  assert.deepEqual(did, ['may-leave', 'PushSubscription/get', 'sign-out', 'close', 'unsubscribe', 'unregister', 'signed-out asked']);
  assert.deepEqual(gone, ['blobs']);
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values).sort(), ['one', ...stays].sort());
  assert.deepEqual(Object.keys((sessionStorage as unknown as Place).values), ['one', 'postrider.1.compose.open']);
});

test('who is noted beside and has no cookie is not signed in: all goes, but what waits', async (t) => {
  const before = globalThis.fetch;
  t.after(() => (globalThis.fetch = before));
  globalThis.fetch = (async () => Response.json({ seats: 5, taken: [0] })) as typeof fetch;
  for (const name of ['postrider.1.person', 'postrider.unsent.bob']) localStorage.setItem(name, 'bob');
  await (await cached(() => done)).signOut();
  assert.ok(did.includes('caches'));
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values), ['postrider.unsent.bob']);
});

test('a third one, whose session has ended, leaves nothing when one of two signs out', async (t) => {
  const before = globalThis.fetch;
  t.after(() => (globalThis.fetch = before));
  globalThis.fetch = (async () => Response.json({ seats: 5, taken: [0, 1] })) as typeof fetch;
  const gone: string[] = [];
  const of = (seat: string) => ({ scope: `https://mail.example.test/${seat}`, unregister: async () => gone.push(seat) });
  Object.assign(navigator.serviceWorker, { getRegistrations: async () => [of(''), of('u/1/'), of('u/2/')] });
  const kept = ['program 1', 'blobs', 'blobs-1', 'blobs-2'];
  Object.assign(globalThis, { caches: { keys: async () => kept, delete: async (name: string) => kept.includes(name) && gone.push(name) } });
  for (const name of ['postrider.1.person', 'postrider.2.person', 'upload-2/c']) localStorage.setItem(name, 'someone');
  await (await cached(() => done)).signOut();
  assert.deepEqual(gone, ['', 'u/2/', 'blobs', 'blobs-2']);
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values).sort(), ['one', 'postrider.1.person']);
});

/** What stays of a database, of these places in it. */
async function staying(name: string, leaving: { username: string | undefined; beside: string[] }, values: [table: string, key: string, value?: unknown][], hasLog = false): Promise<string[] | undefined> {
  const rule = staysIn(name, leaving)?.(hasLog);
  if (!rule) return undefined;
  const stays = await Promise.all(values.map(([table, key, value]) => rule(table, key, async () => value)));
  return values.filter((_, at) => stays[at]).map(([, key]) => key);
}

test('of stores those stay whose people are signed in beside, and of all others only what waits', async () => {
  const rows: [string, string][] = [['rows', 'r'], ['answers', 'first screen'], ['log', '1'], ['files', 'f'], ['about', 'alias/x'], ['about', 'session']];
  const waits = ['1', 'f', 'alias/x'];
  for (const beside of [[], ['bob']]) {
    const alice = { username: 'alice', beside };
    assert.deepEqual(await staying('postrider alice', alice, rows, true), []);
    assert.deepEqual([await staying('postrider carol', alice, rows), await staying('postrider carol', alice, rows, true)], [[], waits]);
    assert.deepEqual(await staying('postrider-transfer carol', alice, [['jobs', 'j']]), []);
    // Whoever has kept nothing today knows nothing of what waits: that of days before stays.
    assert.deepEqual(await staying('postrider alice', { username: undefined, beside }, rows, true), waits);
    assert.deepEqual(await staying('postrider-transfer alice', { username: undefined, beside }, [['jobs', 'j']]), []);
  }
  assert.deepEqual([await staying('postrider-transfer', { username: 'alice', beside: ['bob'] }, []), await staying('postrider-transfer', { username: 'alice', beside: [] }, [['jobs', 'j']])], [undefined, []]);
  assert.deepEqual(await Promise.all(['postrider bob', 'postrider-transfer bob'].map((name) => staying(name, { username: 'alice', beside: ['bob'] }, rows))), [undefined, undefined]);
});

test('it is noted no more whose mail a seat has, and drafts of others stay with them', async () => {
  const users: [string, string, unknown][] = [['about', 'user', 'alice'], ['about', 'user-1', 'bob'], ['about', 'user-2', 'carol']];
  const drafts: [string, string, unknown][] = [['drafts', 'a', { person: 'alice', isAtServer: true }], ['drafts', 'b', { person: 'bob', isAtServer: true }], ['drafts', 'c', { person: 'carol', isAtServer: true }], ['drafts', 'd', { person: 'carol', isAtServer: false }]];
  for (const username of ['alice', undefined]) {
    assert.deepEqual([await staying('postrider', { username, beside: ['bob'] }, users), await staying('postrider', { username, beside: [] }, users)], [['user-1'], []]);
    assert.deepEqual([await staying('postrider-compose', { username, beside: ['bob'] }, drafts), await staying('postrider-compose', { username, beside: [] }, drafts)], [['b', 'd'], ['d']]);
  }
});

/** The account's page in a seat, where these forms are sent: whether the browser sends them, and where it goes. */
function accountPage(pathname: string, actions: string[]): unknown[] {
  const did: unknown[] = [];
  let submitted!: (event: object) => void;
  vm.runInNewContext(fs.readFileSync(path.join(__ROOT__, '../src/role/web/pages/passkey.js'), 'utf8'), {
    localStorage,
    sessionStorage,
    crypto: { randomUUID: () => 'mark' },
    window: {},
    location: { pathname, assign: (to: string) => did.push(to) },
    document: { addEventListener: (_: string, listener: typeof submitted) => (submitted = listener) },
  });
  for (const action of actions) {
    let isSent = true;
    submitted({ target: { getAttribute: () => action }, preventDefault: () => (isSent = false) });
    did.push(isSent);
  }
  return did;
}

test('the account\'s page lets the webmail sign out where it keeps mail, and ends the session itself where it does not start', () => {
  const { values } = localStorage as unknown as Place;
  Object.assign(values, { 'postrider.person': 'alice', 'postrider.1.person': 'bob', 'postrider.1.name': 'Bob' });
  assert.deepEqual(accountPage('/u/1/account', ['/u/1/auth/sessions/end', '/u/1/auth/logout']), [true, '/u/1/mail/inbox', false]);
  assert.deepEqual([values['postrider.1.person'], sessionStorage.getItem('postrider.1.sign-out')], ['bob', '1']);
  assert.deepEqual(accountPage('/u/1/account', ['/u/1/auth/logout']), [true]);
  assert.deepEqual(values, { one: '1', 'postrider.person': 'alice', 'postrider.1.signing-in': 'mark' });
  assert.equal(sessionStorage.getItem('postrider.1.sign-out'), null);
  // Whoever has never opened the webmail has nothing here.
  assert.deepEqual(accountPage('/u/2/account', ['/u/2/auth/logout']), [true]);
});

test('what the account\'s page has left is taken once', () => {
  assert.equal(takeSignOut(), false);
  sessionStorage.setItem('postrider.sign-out', '1');
  assert.deepEqual([takeSignOut(), takeSignOut()], [true, false]);
});

function direct(t: TestContext, logout: () => Response): DirectLayer {
  const before = globalThis.fetch;
  globalThis.fetch = (async (url: string) => (did.push(url), logout())) as typeof fetch;
  t.after(() => (globalThis.fetch = before));
  hasPushes.subscription = false;
  const layer = new DirectLayer(SESSION);
  layer.listen((event) => did.push(event.kind));
  return layer;
}

test('where nothing is kept, the session ends first, and without a network nothing is changed', async (t) => {
  const offline = direct(t, () => {
    throw new TypeError('fetch failed');
  });
  await assert.rejects(offline.signOut(), (error) => error instanceof LayerError && error.kind === 'offline');
  assert.deepEqual([did, localStorage.length], [['/auth/logout'], 1]);
  did.length = 0;
  await direct(t, () => new Response('{}')).signOut();
  assert.deepEqual(did, ['/auth/logout', 'close', 'unregister', 'caches', 'clear', 'signed-out']);
  assert.equal(localStorage.length, 0);
});

test('what waits of somebody outlasts the sign-out of another person', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, store } = await ready(server);
  const written = (await ask('Email/set', { create: { d: draft('First') } }))['created'].d.id;
  await engine.flushed();
  wire.fate = () => 'cut';
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true }, [written]: { [`mailboxIds/${DRAFTS}`]: null, 'mailboxIds/M1-2': true } } });
  await engine.stop();
  const left = new MemoryStore();
  for (const table of TABLES) for (const [key, value] of await store.withPrefix(table, '')) if (isWaiting(table, key)) await left.write([{ table, key, value }]);
  assert.deepEqual([(await left.keys('rows', '')).length, (await left.keys('about', '')).filter((key) => !key.startsWith('alias/')).length], [0, 0]);
  const next = await device(server, left);
  next.engine.start();
  await next.engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
  assert.deepEqual([...server.emails.values()].find((one) => one['subject'] === 'First')!['mailboxIds'], { 'M1-2': true });
  assert.equal((await next.list()).length, 1);
});

test('drafts that are nowhere else stay, and are shown to the one who wrote them', async () => {
  const kept = (key: string, isAtServer: boolean): Kept => ({ draft: { key, accountId: 'A1' } as Kept['draft'], emailId: null, stale: [], writer: '', edited: 1, isAtServer, files: {}, sending: null });
  assert.deepEqual([isUnsent(kept('a', false)), isUnsent(kept('a', true)), isUnsent({ ...kept('a', true), sending: {} })], [true, false, true]);
  const place = new MemoryPlace();
  const [alice, bob] = [new OwnLocal(place, 'alice'), new OwnLocal(place, 'bob')];
  await place.put('A1/old', kept('old', false));
  await alice.put(kept('hers', false));
  // The account is hers, and shared with him.
  assert.deepEqual((await bob.all('A1')).map(({ draft: { key } }) => key), ['old']);
  assert.deepEqual((await alice.all('A1')).map(({ draft: { key } }) => key), ['old', 'hers']);
  assert.deepEqual([await bob.get('A1', 'hers'), (await alice.get('A1', 'hers'))?.draft.key], [undefined, 'hers']);
});
