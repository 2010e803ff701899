import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Invocation } from '../src/jmap/types.ts';
import type { Layer, LayerEvent } from '../src/layer/layer.ts';
import { Store } from '../src/model/store.ts';

// A browser has it, Node does not.
Object.assign(globalThis, { reportError: (error: unknown) => Promise.reject(error) });

const MAIL = 'urn:ietf:params:jmap:mail';

/** A layer that answers as it is told, and tells states when it is told. */
function fake(answer: (name: string, args: any) => Record<string, unknown>) {
  const heard: ((event: LayerEvent) => void)[] = [];
  const layer: Layer = {
    session: { capabilities: {}, accounts: { A: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } }, primaryAccounts: { [MAIL]: 'A' } } as any,
    request: async (calls) => calls.map(([name, args, id]) => [name, answer(name, args), id]) as Invocation[],
    listen: (one) => {
      heard.push(one);
      return () => undefined;
    },
    status: () => ({ connection: 'online', waiting: 0 }),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  } as Layer;
  return { layer, tell: (event: LayerEvent) => heard.forEach((one) => one(event)) };
}

test('a folder that was made here is never shown beside the same folder of the server', async () => {
  const made = { name: 'Projects', parentId: null, role: null };
  const seen: string[][] = [];
  const { layer, tell } = fake((name) => {
    if (name === 'Mailbox/changes') return { newState: '2', hasMoreChanges: false, created: ['M7'], updated: [], destroyed: [] };
    return { state: '1', list: name === 'Mailbox/get' && seen.length ? [{ id: 'M7', ...made }] : [] };
  });
  const store = new Store(layer);
  await store.load();
  store.mailboxes.put('A', [{ id: 'local-1', ...made } as any, { id: 'local-2', ...made, name: 'Other' } as any]);
  seen.push([]);
  tell({ kind: 'state', changed: { A: { Mailbox: '2' } as any } });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(store.mailboxes.ids('A').sort(), ['M7', 'local-2']);
});
