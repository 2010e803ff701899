/** The layer as a page has it: what the worker says is heard, whenever the page begins to listen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayerEvent } from '../src/layer/layer.ts';
import { CachedLayer } from '../src/layer/worker/client.ts';
import { FakeServer } from './support/fake-server.ts';

test('a session that ends while a page loads its words is heard when it listens', async () => {
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
