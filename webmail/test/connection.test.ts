/** The wire alone: a WebSocket and a server that answer what they are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../src/layer/net/connection.ts';
import { WireError } from '../src/layer/net/wire.ts';
import type { Invocation } from '../src/jmap/types.ts';
import { FakeServer } from './support/fake-server.ts';

const MOST = 1_000;
const STATE = new FakeServer().session().state;
let sockets = 0;
const sent: string[] = [];

/** As the server's: it hangs up on a message that is too large, without a word. */
class Socket {
  static readonly OPEN = 1;
  readyState = 0;
  onopen: (() => void) | undefined;
  onclose: ((event: object) => void) | undefined;
  onmessage: ((event: { data: string }) => void) | undefined;

  constructor() {
    sockets++;
    setImmediate(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text: string): void {
    const { '@type': type, id, methodCalls } = JSON.parse(text) as { '@type': string; id: string; methodCalls: Invocation[] };
    if (type !== 'Request') return;
    sent.push(text);
    if (Buffer.byteLength(text) > MOST) this.close();
    else setImmediate(() => this.onmessage?.({ data: JSON.stringify({ '@type': 'Response', requestId: id, methodResponses: methodCalls, sessionState: STATE }) }));
  }

  close(): void {
    this.readyState = 3;
    setImmediate(() => this.onclose?.({}));
  }
}

test('a request that the server would not take is refused here, and the connection goes on', async (t) => {
  const session = structuredClone(new FakeServer().session());
  session.capabilities['urn:ietf:params:jmap:core'] = { ...(session.capabilities['urn:ietf:params:jmap:core'] as object), maxSizeRequest: MOST };
  session.capabilities['urn:ietf:params:jmap:websocket'] = { url: 'wss://localhost/', supportsPush: true };
  Object.assign(globalThis, { WebSocket: Socket, fetch: async () => new Response(JSON.stringify(session), { headers: { 'content-type': 'application/json' } }) });
  const wire = new Connection();
  t.after(() => wire.close());
  const online = new Promise<void>((resolve) => wire.listen((event) => event.kind === 'connection' && event.connection === 'online' && resolve()));
  wire.use(session);
  await online;
  /* The words are of letters with two octets each. */
  for (const length of [0, 100, 200, 250, 500, 2_000]) {
    const call: Invocation = ['Core/echo', { words: 'ä'.repeat(length) }, 'c'];
    const answer = await wire.send([call]).catch((error: unknown) => error);
    if (answer instanceof WireError) assert.equal(answer.kind, 'refused');
    else assert.deepEqual(answer, [call]);
    assert.equal(answer instanceof WireError, length >= 500, `${length} letters`);
  }
  assert.ok(sent.every((text) => Buffer.byteLength(text) <= MOST));
  assert.equal(sockets, 1);
});
