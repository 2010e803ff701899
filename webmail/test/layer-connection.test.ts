/** The connection alone, with a server that may be out of reach, and may take no WebSocket. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { CORE, WEBSOCKET, type Session } from '../src/jmap/types.ts';
import { Connection } from '../src/layer/net/connection.ts';

type Fake = Record<string, unknown>;
const world = globalThis as unknown as Fake;
const before: Fake = {};

let isReachable = true;
let sources: EventTarget[] = [];
let sockets: Socket[] = [];
/** Whether a WebSocket is refused at once; else it is for the test to open. */
let refusesSockets = true;
/** What waits for its time, which comes when a test says so. */
let timers: { ms: number; run(): void }[] = [];

class Socket {
  static OPEN = 1;
  readyState = 0;
  onopen: (() => void) | undefined;
  onclose: (() => void) | undefined;
  constructor() {
    sockets.push(this);
    if (refusesSockets) queueMicrotask(() => this.onclose?.());
  }
  open(): void {
    this.readyState = Socket.OPEN;
    this.onopen!();
  }
  send(): void {}
  close(): void {}
}

class Events extends EventTarget {
  constructor() {
    super();
    sources.push(this);
  }
  close(): void {}
}

const session = { username: 'alice@example.test', apiUrl: '/jmap/api', eventSourceUrl: '/jmap/events', state: 's', capabilities: { [CORE]: { maxSizeRequest: 10_000_000 }, [WEBSOCKET]: { url: 'wss://example.test/jmap/ws' } } } as unknown as Session;

beforeEach(() => {
  const fakes: Fake = {
    WebSocket: Socket,
    EventSource: Events,
    setInterval: () => 0,
    clearInterval: () => undefined,
    setTimeout: (run: () => void, ms: number) => timers[timers.push({ ms, run }) - 1],
    clearTimeout: (timer: { ms: number; run(): void } | undefined) => (timers = timers.filter((one) => one !== timer)),
    fetch: async (url: string) => {
      if (!isReachable) throw new TypeError('Failed to fetch');
      const said = url.endsWith('session') ? session : { methodResponses: [], sessionState: 's' };
      return new Response(JSON.stringify(said), { headers: { 'content-type': 'application/json' } });
    },
  };
  for (const name of Object.keys(fakes)) {
    before[name] = world[name];
    world[name] = fakes[name];
  }
  isReachable = true;
  refusesSockets = true;
  sources = [];
  sockets = [];
  timers = [];
});
afterEach(() => Object.assign(world, before));

const turns = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
};

/** A connection whose calls go by fetch, since no WebSocket opens; the server has been out of reach since. */
async function lost(): Promise<Connection> {
  const connection = new Connection();
  connection.use(session);
  await turns();
  assert.equal(connection.connection, 'online');
  isReachable = false;
  await assert.rejects(connection.send([['Core/echo', {}, 'a']]), { kind: 'offline' });
  assert.equal(connection.connection, 'offline');
  isReachable = true;
  return connection;
}

test('without a WebSocket, a server that was lost is looked for as soon as with one', async () => {
  const connection = await lost();
  assert.deepEqual(timers.map(({ ms }) => ms < 2_000), [true]);
  timers.pop()!.run();
  await turns();
  assert.equal(connection.connection, 'online');
});

test('events that come again tell that the server is there', async () => {
  const connection = await lost();
  sources[0]!.dispatchEvent(new Event('open'));
  await turns();
  assert.equal(connection.connection, 'online');
});

test('a call that fails after a WebSocket has opened does not make the server unreachable', async () => {
  refusesSockets = false;
  const connection = new Connection();
  connection.use(session);
  await turns();
  isReachable = false;
  const call = connection.send([['Core/echo', {}, 'a']]);
  sockets[0]!.open();
  await assert.rejects(call, { kind: 'offline' });
  assert.equal(connection.connection, 'online');
});
