import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Invocation } from '../src/jmap/types.ts';
import type { Layer, LayerEvent } from '../src/layer/layer.ts';
import { applied, change, patchOf } from '../src/model/change.ts';
import { Store } from '../src/model/store.ts';
import { shown, undo } from '../src/model/undo.ts';

const email = { keywords: { $seen: true, 'a/b': true } as Record<string, true>, mailboxIds: { inbox: true } as Record<string, true> };

/** A server that answers Email/set as it is told, and keeps what it was asked. */
function fake(answer: (args: any) => Record<string, unknown> = () => ({})): { store: Store; asked: Invocation[] } {
  const asked: Invocation[] = [];
  const layer: Layer = {
    session: { capabilities: {}, accounts: { A: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { 'urn:ietf:params:jmap:mail': {} } } }, primaryAccounts: { 'urn:ietf:params:jmap:mail': 'A' } } as any,
    request: async (calls) => {
      asked.push(...calls);
      return calls.map(([name, args, id]) => [name, answer(args), id]);
    },
    listen: (_: (event: LayerEvent) => void) => () => undefined,
    status: () => ({ connection: 'online', waiting: 0 }),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  };
  const store = new Store(layer);
  store.emails.put('A', ['1', '2'].map((id) => ({ id, threadId: `t${id}`, ...email }) as any));
  return { store, asked };
}

test('a patch holds only what differs, with keys escaped', () => {
  assert.deepEqual(patchOf(email, { keywords: { $seen: true, 'a/b': false, $flagged: true } }), { 'keywords/a~1b': null, 'keywords/$flagged': true });
});

test('the last mailbox of an email is never taken away', () => {
  assert.deepEqual(patchOf(email, { remove: ['inbox'] }), {});
  assert.deepEqual(patchOf(email, { remove: ['inbox'], add: ['archive'] }), { 'mailboxIds/archive': true, 'mailboxIds/inbox': null });
});

test('a patch and its result agree', () => {
  assert.deepEqual(applied(email, { 'keywords/a~1b': null, 'mailboxIds/x': true }), { keywords: { $seen: true }, mailboxIds: { inbox: true, x: true } });
});

test('a change is shown before it is sent, and undone as it was', async () => {
  const { store, asked } = fake();
  const sent = change(store, { emails: ['1', '2'], add: ['archive'], remove: ['inbox'] }, '2 archived');
  assert.deepEqual(store.emails.peek('1')?.mailboxIds, { archive: true });
  assert.equal(await sent, true);
  assert.equal(asked.length, 1);
  assert.equal(await undo(), '2 archived');
  assert.deepEqual(store.emails.peek('2')?.mailboxIds, { inbox: true });
  assert.deepEqual((asked[1]![1] as any).update['1'], { 'mailboxIds/archive': null, 'mailboxIds/inbox': true });
});

test('what the server refuses is put back, with a sentence', async () => {
  const { store } = fake(() => ({ notUpdated: { '1': { type: 'forbidden' } } }));
  assert.equal(await change(store, { emails: ['1', '2'], keywords: { $flagged: true } }), false);
  assert.equal('$flagged' in store.emails.peek('1')!.keywords, false);
  assert.equal('$flagged' in store.emails.peek('2')!.keywords, true);
  assert.equal(shown.peek()?.isProblem, true);
});
