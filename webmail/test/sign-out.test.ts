/** Signing out: what is refused changes nothing, and what is done leaves nothing, but what waits of others. */
import assert from 'node:assert/strict';
import { beforeEach, test, type TestContext } from 'node:test';
import { MemoryPlace, OwnLocal, type Kept } from '../src/features/compose/local.ts';
import type { Session } from '../src/jmap/types.ts';
import { DirectLayer } from '../src/layer/direct.ts';
import { LayerError } from '../src/layer/layer.ts';
import { isUnsent, isWaiting } from '../src/layer/store/forget.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';
import { TABLES } from '../src/layer/store/store.ts';
import { CachedLayer } from '../src/layer/worker/client.ts';
import type { Asked, Reply } from '../src/layer/worker/protocol.ts';
import { DRAFTS, device, draft, ready } from './support/device.ts';
import { FakeServer } from './support/fake-server.ts';

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
  await assert.rejects(layer.signOut(), (error) => error instanceof LayerError && error.kind === 'offline');
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
  await layer.signOut();
  assert.deepEqual(did, ['may-leave', 'PushSubscription/get', 'sign-out', 'unsubscribe', 'unregister', 'caches', 'clear', 'signed-out asked']);
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values), ['postrider.unsent.bob']);
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
  assert.deepEqual(did, ['may-leave', 'PushSubscription/get', 'sign-out', 'unsubscribe', 'unregister', 'signed-out asked']);
  assert.deepEqual(gone, ['blobs', 'notifications']);
  assert.deepEqual(Object.keys((localStorage as unknown as Place).values).sort(), ['one', ...stays].sort());
  assert.deepEqual(Object.keys((sessionStorage as unknown as Place).values), ['one', 'postrider.1.compose.open']);
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
  assert.deepEqual(did, ['/auth/logout', 'unregister', 'caches', 'clear', 'signed-out']);
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
