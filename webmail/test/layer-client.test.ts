/** The layer as a page has it: what the worker says is heard, whenever the page begins to listen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LayerError, type LayerEvent } from '../src/layer/layer.ts';
import { CachedLayer } from '../src/layer/worker/client.ts';
import { FakeServer } from './support/fake-server.ts';

let say: (message: object) => void = () => undefined;
class Worker {
  onmessage: ((event: { data: object }) => void) | undefined;
  constructor() {
    say = (data) => this.onmessage?.({ data });
  }
  postMessage(): void {}
  terminate(): void {}
}
Object.assign(globalThis, { Worker });

test('a session that ends while a page loads its words is heard when it listens', async () => {
  const starting = CachedLayer.start('layer.js');
  say({ kind: 'ready', session: new FakeServer().session(), status: { connection: 'connecting', waiting: 0 } });
  say({ kind: 'event', event: { kind: 'signed-out' } });
  const layer = await starting;
  const heard: LayerEvent[] = [];
  layer.listen((event) => heard.push(event));
  await Promise.resolve();
  assert.deepEqual(heard, [{ kind: 'signed-out' }]);
  say({ kind: 'event', event: { kind: 'status', status: { connection: 'online', waiting: 0 } } });
  assert.equal(heard.length, 2);
});

test('a session that has ended before the mail that is kept here was read ends the start', async () => {
  const starting = CachedLayer.start('layer.js');
  say({ kind: 'event', event: { kind: 'status', status: { connection: 'online', waiting: 0 } } });
  say({ kind: 'event', event: { kind: 'signed-out' } });
  say({ kind: 'ready', session: new FakeServer().session(), status: { connection: 'connecting', waiting: 0 } });
  await assert.rejects(starting, (error) => error instanceof LayerError && error.kind === 'signed-out');
});
