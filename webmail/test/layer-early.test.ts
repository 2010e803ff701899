/** The first screen comes from what the last page left; then it follows what has happened since. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effect } from '@preact/signals';
import type { Invocation, Session } from '../src/jmap/types.ts';
import { EarlyLayer } from '../src/layer/early.ts';
import { type FirstRequests, type Layer, LayerError, type LayerEvent } from '../src/layer/layer.ts';
import { FIRST, type FirstScreen } from '../src/layer/store/first.ts';
import { MailList, mailboxQuery } from '../src/model/list.ts';
import { Store } from '../src/model/store.ts';
import { ARCHIVE, type Device, INBOX, ready } from './support/device.ts';
import { ACCOUNT, FakeServer } from './support/fake-server.ts';

Object.assign(globalThis, { reportError: (error: unknown) => Promise.reject(error) });

/** Rows of a first screen, in this test. */
const ROWS = 2;

function layerOf({ engine }: Device): Layer {
  return {
    session: engine.session!,
    request: (calls) => engine.request(calls),
    listen: (listener) => engine.listen(listener),
    status: () => engine.status(),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  };
}

function requestsOf(on: Device): FirstRequests {
  const store = new Store(layerOf(on));
  return [store.firstRequest(), new MailList(store, mailboxQuery(ACCOUNT, INBOX)).firstRequest(ROWS)];
}

const keptOn = async (on: Device): Promise<FirstScreen | undefined> => (await on.store.get('answers', FIRST)) as FirstScreen | undefined;

/** What a page leaves. */
async function left(on: Device): Promise<FirstScreen> {
  await on.engine.first.keep(requestsOf(on), () => true);
  return (await keptOn(on))!;
}

function opening() {
  let arrive!: (layer: Layer) => void;
  let fail!: (error: unknown) => void;
  const layer = new Promise<Layer>((resolve, reject) => ([arrive, fail] = [resolve, reject]));
  return { layer, arrive, fail };
}

function filled(): FakeServer {
  const server = new FakeServer();
  for (let n = 1; n <= 4; n++) server.deliver({ subject: `Mail ${n}`, receivedAt: `2026-11-0${n}T00:00:00Z` });
  return server;
}

const subjects = (store: Store, list: MailList) => Array.from({ length: list.total.peek() ?? 0 }, (_, at) => store.emails.peek(list.at(at) ?? '')?.subject);

test('folders and rows are there before the layer is, and are those of the server when it has come', async () => {
  const server = filled();
  const first = await left(await ready(server));
  const { layer, arrive } = opening();
  const store = new Store(new EarlyLayer(structuredClone(first), layer));
  await store.load();
  const list = new MailList(store, mailboxQuery(ACCOUNT, INBOX));
  await list.want(0, 1);
  // Of four conversations two are known.
  assert.deepEqual([store.mailboxWithRole('inbox')?.name, subjects(store, list)], ['Inbox', ['Mail 4', 'Mail 3', undefined, undefined]]);
  assert.equal(store.status.peek().connection, 'connecting');
  const gone = [...server.emails].find(([, email]) => email['subject'] === 'Mail 4')![0];
  server.emails.delete(gone);
  server.deliver({ subject: 'Mail 5', receivedAt: '2026-11-05T00:00:00Z' });
  const whole = new Promise<void>((resolve) => {
    const end = list.version.subscribe(() => {
      if (list.total.peek() !== 4 || subjects(store, list).includes(undefined)) return;
      queueMicrotask(() => end());
      resolve();
    });
  });
  arrive(layerOf(await ready(server)));
  await whole;
  assert.deepEqual(subjects(store, list), ['Mail 5', 'Mail 3', 'Mail 2', 'Mail 1']);
  assert.equal(store.emails.has(gone), false);
  assert.equal(store.status.peek().connection, 'online');
});

test('folders and identities that the last page did not know are there when the layer has come', async () => {
  const server = filled();
  const first = await left(await ready(server));
  server.mailboxes.set('M1-9', { ...server.mailboxes.get('M1-2')!, id: 'M1-9', name: 'Invoices', role: null });
  server.mailboxes.delete('M1-2');
  server.identities.set('I1-9', { ...server.identities.get('I1-1')!, id: 'I1-9', name: 'Sales' });
  const { layer, arrive } = opening();
  const store = new Store(new EarlyLayer(structuredClone(first), layer));
  await store.load();
  assert.equal(store.mailboxes.has('M1-9'), false);
  const whole = new Promise<void>((resolve) => {
    const end = effect(() => {
      if (!store.mailboxes.all(ACCOUNT).some(({ id }) => id === 'M1-9') || store.identities.all(ACCOUNT).length < 2) return;
      queueMicrotask(() => end());
      resolve();
    });
  });
  // The worker of another day: its states are of its own.
  arrive(layerOf(await ready(server)));
  await whole;
  assert.deepEqual([store.mailboxes.has('M1-2'), store.identities.all(ACCOUNT).map(({ name }) => name)], [false, ['Alice', 'Sales']]);
  // From here on it is followed.
  assert.equal(store.state(ACCOUNT, 'Mailbox'), (await layer.then((real) => real.request([['Mailbox/get', { accountId: ACCOUNT, ids: null }, 'c']])))[0]![1]['state']);
});

test('what the last page did not leave waits for the layer, and is asked of it alone', async () => {
  const device = await ready(filled());
  const { layer, arrive } = opening();
  const early = new EarlyLayer(await left(device), layer);
  const heard: LayerEvent['kind'][] = [];
  early.listen(({ kind }) => heard.push(kind));
  // What this browser has to send may be any number.
  assert.equal(early.status().waiting, undefined);
  const asked: Invocation[][] = [];
  const wanted = early.request([['Email/query', { accountId: ACCOUNT, filter: { inMailbox: 'M1-2' } }, 'c0']]);
  arrive({ ...layerOf(device), request: async (calls) => (asked.push(calls), device.engine.request(calls)) });
  assert.deepEqual((await wanted)[0]![1]['ids'], []);
  assert.equal(early.status().waiting, 0);
  assert.deepEqual(asked.map(([call]) => call![0]), ['Email/query']);
  // Nothing old was shown, so nothing need be looked at again.
  assert.deepEqual(heard, ['session', 'status']);
  // What is not kept here by another layer is not here.
  assert.deepEqual(await early.here([['Email/get', {}, 'c1']]), [['error', { type: 'notHere' }, 'c1']]);
});

test('another person, or nobody, ends what was shown, and is asked nothing', async () => {
  const device = await ready(filled());
  const bob: Session = { ...device.engine.session!, username: 'bob@example.test' };
  for (const end of [(here: ReturnType<typeof opening>) => here.arrive({ ...layerOf(device), session: bob, request: () => assert.fail('asked') }), (here: ReturnType<typeof opening>) => here.fail(new LayerError('signed-out', 'Nobody is signed in.'))]) {
    const here = opening();
    const early = new EarlyLayer(await left(device), here.layer);
    const store = new Store(early);
    await store.load();
    end(here);
    await assert.rejects(early.request([['Email/get', { accountId: ACCOUNT, ids: [] }, 'other']]), (error) => error instanceof LayerError && error.kind === 'signed-out');
    assert.equal(store.signedOut.peek(), 'ended');
  }
});

test('a start that comes right after an action shows nothing of before, and one some moments later what is there by then', async () => {
  const on = await ready(filled());
  const [newest] = await on.list();
  const archive = (id: string) => on.ask('Email/set', { update: { [id]: { [`mailboxIds/${INBOX}`]: null, [`mailboxIds/${ARCHIVE}`]: true } } });
  await left(on);
  let first: FirstScreen | undefined;
  const { write } = on.store;
  // Between two writes a page may begin, or the power go.
  on.store.write = async (puts) => {
    await write.call(on.store, puts);
    if (puts.some(({ table }) => table === 'log')) first ??= (await keptOn(on)) ?? { session: on.engine.session!, answers: [], at: 0 };
  };
  await archive(newest!);
  assert.deepEqual(first!.answers, [], 'with the change, the picture of before is gone');
  assert.ok(!JSON.stringify(await left(on)).includes('Mail 4'));
  // What is answered while somebody archives is the picture of before, too.
  const keeping = on.engine.first.keep(requestsOf(on), () => true);
  await archive((await on.list())[0]!);
  await keeping;
  assert.equal(await keptOn(on), undefined);
  // A change that is the server's alone to make.
  await left(on);
  await on.ask('EmailSubmission/set', { update: { S9: { undoStatus: 'canceled' } } }).catch(() => undefined);
  assert.equal(await keptOn(on), undefined);
  await on.engine.stop();
});
