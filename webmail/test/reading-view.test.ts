/** The open conversation: what is open, what has been read, what comes while it is open, and what happens without a network. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effect } from '@preact/signals';
import { ConversationView } from '../src/features/reading/view.ts';
import type { Invocation } from '../src/jmap/types.ts';
import { type Layer, LayerError, type LayerEvent } from '../src/layer/layer.ts';
import { setStore } from '../src/model/current.ts';
import { draftsWritten, openMessage } from '../src/model/reading.ts';
import { Store } from '../src/model/store.ts';

interface Server {
  store: Store;
  emails: Record<string, { keywords: Record<string, true>; mailboxIds: Record<string, true> }>;
  offline: boolean;
  asked: Invocation[];
  tell(event: LayerEvent): void;
}

/** A server with one conversation, T1-1. */
function server(emails: Server['emails']): Server {
  const listeners: ((event: LayerEvent) => void)[] = [];
  const made = { emails, offline: false, asked: [] as Invocation[], tell: (event: LayerEvent) => listeners.forEach((one) => one(event)) } as Server;
  const answer = (name: string, args: any): Record<string, unknown> => {
    if (name === 'Thread/get') return { list: args.ids[0] === 'T1-1' ? [{ id: 'T1-1', emailIds: Object.keys(made.emails) }] : [] };
    if (name === 'Email/set') {
      for (const [id, patch] of Object.entries(args.update ?? {})) if ((patch as any)['keywords/$seen']) made.emails[id]!.keywords['$seen'] = true;
      return {};
    }
    const ids: string[] = args.ids ?? Object.keys(made.emails);
    const whole = args.properties.includes('bodyValues') ? { bodyValues: {}, textBody: [], htmlBody: [], attachments: [] } : {};
    return { list: ids.map((id) => ({ id, threadId: 'T1-1', ...structuredClone(made.emails[id]), ...whole })) };
  };
  const layer: Layer = {
    session: { capabilities: {}, accounts: { A1: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { 'urn:ietf:params:jmap:mail': {} } } }, primaryAccounts: { 'urn:ietf:params:jmap:mail': 'A1' } } as any,
    request: async (calls) => {
      if (made.offline) throw new LayerError('offline', 'no network');
      made.asked.push(...calls);
      return calls.map(([name, args, id]) => [name, answer(name, args), id]);
    },
    listen: (listener) => (listeners.push(listener), () => undefined),
    status: () => ({ connection: made.offline ? 'offline' : 'online', waiting: 0 }),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  };
  made.store = new Store(layer);
  made.store.mailboxes.put('A1', [{ id: 'trash', role: 'trash' } as any]);
  setStore(made.store);
  return made;
}

const message = (seen: boolean, mailbox = 'inbox') => ({ keywords: (seen ? { $seen: true } : {}) as Record<string, true>, mailboxIds: { [mailbox]: true } as Record<string, true> });
/** Answers have come, and what waits until they are painted is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

test('unread messages and the newest are open, and have been read then; what is in Trash is not shown', async () => {
  const made = server({ a: message(true), b: message(false), c: message(true, 'trash'), d: message(true) });
  const view = new ConversationView('T1-1');
  await settled();
  assert.equal(view.loading.value, 'shown');
  assert.deepEqual(view.ids(), ['a', 'b', 'd']);
  assert.deepEqual(view.ids().filter((id) => view.view(id).open.value), ['b', 'd']);
  assert.equal(openMessage.value, 'd');
  await settled();
  assert.equal(made.emails['b']!.keywords['$seen'], true);
  const bodies = made.asked.filter(([name, args]) => name === 'Email/get' && (args as any).properties.includes('bodyValues'));
  assert.deepEqual(bodies.flatMap(([, args]) => (args as any).ids), ['b', 'd'], 'no body is read that is not shown');
  await view.open('a');
  assert.equal(view.view('a').open.value, true);
  view.end();
  assert.equal(openMessage.value, undefined);
});

test('what comes while it is open is opened and read', async () => {
  const made = server({ a: message(true) });
  const view = new ConversationView('T1-1');
  await settled();
  made.emails['b'] = message(false);
  made.store.threads.put('A1', [{ id: 'T1-1', emailIds: ['a', 'b'] }]);
  await settled();
  assert.deepEqual(view.ids(), ['a', 'b']);
  assert.equal(view.view('b').open.value, true);
  await settled();
  assert.equal(made.emails['b'].keywords['$seen'], true);
  assert.equal(openMessage.value, 'a', 'the reader stays where it is');
  view.end();
});

test('a draft stays in its conversation while another mail is written, also at a second visit', async () => {
  const draft = message(true);
  draft.keywords['$draft'] = true;
  server({ draft, newest: message(true) });
  draftsWritten.value = 'another@example.test';
  for (const visit of ['first', 'second']) {
    const view = new ConversationView('T1-1');
    // It is drawn at once with what is known.
    const end = effect(() => void view.ids());
    await settled();
    assert.deepEqual(view.ids(), ['draft', 'newest'], `${visit} visit`);
    end();
    view.end();
  }
  draftsWritten.value = '';
});

test('without a network it says so, and goes on by itself when there is one', async () => {
  const made = server({ a: message(true) });
  made.offline = true;
  made.tell({ kind: 'status', status: { connection: 'offline', waiting: 0 } });
  const view = new ConversationView('T1-1');
  await settled();
  assert.equal(view.loading.value, 'offline');
  made.offline = false;
  made.tell({ kind: 'status', status: { connection: 'online', waiting: 0 } });
  await settled();
  assert.equal(view.loading.value, 'shown');
  view.end();
  const gone = new ConversationView('T1-2');
  await settled();
  assert.equal(gone.loading.value, 'gone');
  gone.end();
});
