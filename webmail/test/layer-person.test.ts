/** Two people and one browser: whoever signs in replaces the cookie, and nothing of the one goes to the other. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Invocation, Session } from '../src/jmap/types.ts';
import { DirectLayer } from '../src/layer/direct.ts';
import { LayerError } from '../src/layer/layer.ts';
import { Connection } from '../src/layer/net/connection.ts';
import { WireError, type WireEvent } from '../src/layer/net/wire.ts';
import { device, ready } from './support/device.ts';
import { ACCOUNT, FakeServer } from './support/fake-server.ts';

const WEBSOCKET = 'urn:ietf:params:jmap:websocket';
const ALICE = new FakeServer().session();
const BOB: Session = { ...ALICE, username: 'bob@example.test', state: 'of bob', accounts: { A2: { ...ALICE.accounts[ACCOUNT]!, name: 'bob' } }, primaryAccounts: {} };

/** A browser whose cookie is somebody's: what is asked by fetch is asked in that name. Sockets stay whose they were. */
function browser(t: TestContext, sockets = true) {
  const here = {
    cookie: ALICE,
    /** Requests by fetch, in whose name. */
    sent: [] as string[],
    opened: [] as { onopen?: () => void; onclose?: () => void; readyState: number }[],
    session: { ...ALICE, apiUrl: '/jmap/api', capabilities: { ...ALICE.capabilities, ...(sockets && { [WEBSOCKET]: { url: 'wss://here' } }) } } as Session,
    answer: (_calls: Invocation[]): void => undefined,
  };
  const before = { fetch: globalThis.fetch, WebSocket: globalThis.WebSocket };
  globalThis.fetch = (async (url: string, options?: { body?: string }) => {
    if (url !== '/jmap/api') return Response.json(here.cookie === ALICE ? here.session : here.cookie);
    const { methodCalls } = JSON.parse(options!.body!) as { methodCalls: Invocation[] };
    here.sent.push(here.cookie.username);
    here.answer(methodCalls);
    return Response.json({ methodResponses: methodCalls, sessionState: here.cookie.state });
  }) as typeof fetch;
  class Socket {
    static OPEN = 1;
    readyState = 0;
    onopen?: () => void;
    onclose?: () => void;
    constructor() {
      here.opened.push(this);
      setImmediate(() => {
        this.readyState = 1;
        this.onopen?.();
      });
    }
    send(): void {}
    close(): void {
      this.readyState = 3;
      this.onclose?.();
    }
  }
  Object.assign(globalThis, { WebSocket: Socket });
  t.after(() => Object.assign(globalThis, before));
  const wire = new Connection();
  t.after(() => wire.close());
  const heard: WireEvent['kind'][] = [];
  wire.listen(({ kind }) => heard.push(kind));
  const until = (what: WireEvent['kind']): Promise<void> => new Promise((resolve) => wire.listen(({ kind }) => kind === what && resolve()));
  return { here, wire, heard, until };
}

const ended = (error: unknown): boolean => error instanceof WireError && error.kind === 'signed-out';

test('when the connection is lost, nothing goes out by the session of another person', async (t) => {
  const { here, wire, until } = browser(t);
  const online = until('connection');
  wire.use(here.session);
  await online;
  const over = until('signed-out');
  here.cookie = BOB;
  here.opened[0]!.readyState = 3;
  here.opened[0]!.onclose!();
  await assert.rejects(wire.send([['Core/echo', {}, '0']]), ended);
  await over;
  assert.deepEqual([here.sent, here.opened.length], [[], 1]);
});

test('what was kept goes out only when the server has said whose session this is', async (t) => {
  const { here, wire, heard } = browser(t, false);
  here.cookie = BOB;
  wire.use(here.session);
  await assert.rejects(wire.send([['Core/echo', {}, '0']]), ended);
  assert.deepEqual(here.sent, []);
  assert.ok(heard.includes('signed-out'));
});

test('an answer that another person got is none', async (t) => {
  const { here, wire } = browser(t, false);
  wire.use(await wire.session());
  assert.deepEqual(await wire.send([['Core/echo', {}, '0']]), [['Core/echo', {}, '0']]);
  here.cookie = BOB;
  await assert.rejects(wire.send([['Core/echo', {}, '0']]), ended);
});

test('where nothing is kept, another person ends it as well', async (t) => {
  const { here } = browser(t, false);
  const layer = new DirectLayer(here.session);
  const heard: string[] = [];
  layer.listen(({ kind }) => heard.push(kind));
  await layer.request([['Core/echo', {}, '0']]);
  here.cookie = BOB;
  await assert.rejects(layer.request([['Core/echo', {}, '0']]), (error) => error instanceof LayerError && error.kind === 'signed-out');
  assert.deepEqual([heard, layer.session.username], [['signed-out'], ALICE.username]);
});

test('shares that come and go are no other person', async (t) => {
  const { here, wire, heard } = browser(t, false);
  wire.use(await wire.session());
  here.answer = () => (here.cookie = here.session = { ...here.session, state: 'with a share' });
  assert.deepEqual(await wire.send([['Core/echo', {}, '0']]), [['Core/echo', {}, '0']]);
  assert.deepEqual([heard.includes('session-state'), heard.includes('signed-out')], [true, false]);
});

test("another person's session takes nothing over, and what waits is sent when the first one is back", async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, events, store, heard } = await ready(server).then((made) => ({ ...made, heard: (state: string) => (made.wire as any).emit({ kind: 'session-state', state }) }));
  const over = new Promise<void>((resolve) => engine.listen(({ kind }) => kind === 'signed-out' && resolve()));
  wire.fate = () => 'cut';
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  await assert.rejects(engine.flushed());
  wire.fate = () => 'well';
  wire.session = async () => BOB;
  heard(BOB.state);
  await over;
  await assert.rejects(engine.flushed());
  assert.deepEqual([engine.session!.username, ((await store.get('about', 'session')) as Session).username], [ALICE.username, ALICE.username]);
  assert.ok((await store.keys('rows', `${ACCOUNT}/`)).length > 0);
  assert.ok(!events.some(({ kind }) => kind === 'refused'));
  assert.deepEqual(server.emails.get(id)!['keywords'], {});
  const next = await device(server, store.copy());
  next.engine.start();
  await next.engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
});

test('an account that the session has cannot be unknown: what is to be changed there waits', async () => {
  const server = new FakeServer();
  const id = server.deliver({});
  const { engine, wire, ask, events } = await ready(server);
  server.refuse = (name) => (name === 'Email/set' ? { type: 'accountNotFound' } : undefined);
  await ask('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  await engine.flushed().catch(() => undefined);
  assert.equal(engine.status().waiting, 1);
  server.refuse = undefined;
  wire.go('online');
  await engine.flushed();
  assert.deepEqual(server.emails.get(id)!['keywords'], { $seen: true });
  assert.ok(!events.some(({ kind }) => kind === 'refused'));
});
