/** The list against a server that is played here: windows, changes in this page, changes at the server, undo. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmailRow, Id, Invocation, Mailbox, Session } from '../src/jmap/types.ts';
import { MAIL } from '../src/jmap/types.ts';
import type { Layer, LayerEvent } from '../src/layer/layer.ts';
import { useLanguage } from '../src/base/words.ts';
import { Arrivals, arrivalWords } from '../src/features/list/arrivals.tsx';
import { mute } from '../src/model/acts.ts';
import { change } from '../src/model/change.ts';
import { pane as thePane, setStore } from '../src/model/current.ts';
import { MailList, mailboxQuery } from '../src/model/list.ts';
import { ListPane } from '../src/model/pane.ts';
import { Store } from '../src/model/store.ts';
import { undo } from '../src/model/undo.ts';
import { referred } from './support/referred.ts';

// Browsers have it; here an error that nobody waits for must fail the test.
globalThis.reportError = (error: unknown) => {
  throw error;
};

const ACCOUNT = 'A1';

/** A server with one account: mailboxes "in" and "ar"; each email is a conversation of its own. */
class Played implements Layer {
  emails = new Map<Id, EmailRow>();
  log: { state: number; order: Id[] }[] = [];
  state = 0;
  unread = false;
  calls: string[] = [];
  /** Lets a test look between question and answer. */
  before: ((name: string) => Promise<void> | void) | undefined;
  private listeners = new Set<(event: LayerEvent) => void>();
  session = { accounts: { [ACCOUNT]: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } }, primaryAccounts: { [MAIL]: ACCOUNT }, capabilities: {} } as unknown as Session;

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.add(`E${i}`, i);
    this.note();
  }

  add(id: Id, minute: number): void {
    const receivedAt = new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString();
    this.emails.set(id, { id, threadId: `T${id.slice(1)}`, mailboxIds: { in: true }, keywords: {}, size: 1, receivedAt, from: null, to: null, subject: id, preview: '', hasAttachment: false });
  }

  note(): void {
    this.state++;
    this.log.push({ state: this.state, order: this.order() });
  }

  order(): Id[] {
    return [...this.emails.values()].filter((one) => 'in' in one.mailboxIds && !(this.unread && '$seen' in one.keywords)).sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).map((one) => one.id);
  }

  push(): void {
    for (const listener of this.listeners) listener({ kind: 'state', changed: { [ACCOUNT]: { Email: String(this.state) } as Record<string, string> } });
  }

  listen(listener: (event: LayerEvent) => void) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  status() {
    return { connection: 'online' as const, waiting: 0 };
  }
  upload = () => Promise.reject(new Error('no'));
  blobUrl = () => '';
  signOut = () => Promise.resolve();

  async request(calls: Invocation[]): Promise<Invocation[]> {
    const answers: Invocation[] = [];
    const found = new Map<string, Record<string, unknown>>();
    for (const [name, args, id] of calls) {
      this.calls.push(name);
      await this.before?.(name);
      const given = { ...args } as Record<string, any>;
      const reference = given['#ids'] as { resultOf: string; path: string } | undefined;
      if (reference) given['ids'] = referred(found.get(reference.resultOf)!, reference.path);
      const answer = this.answer(name, given);
      found.set(id, answer);
      answers.push(['type' in answer ? 'error' : name, answer, id]);
    }
    return answers;
  }

  private answer(name: string, args: Record<string, any>): Record<string, unknown> {
    const state = String(this.state);
    const myRights = { mayRemoveItems: true, mayAddItems: true } as Mailbox['myRights'];
    if (name === 'Mailbox/get') return { state, list: [{ id: 'in', role: 'inbox', name: 'Inbox', unreadThreads: 0, unreadEmails: 0, totalEmails: 0, myRights }, { id: 'ar', role: 'archive', name: 'Archive', unreadThreads: 0, unreadEmails: 0, totalEmails: 0, myRights }] as Partial<Mailbox>[] };
    if (name === 'Identity/get') return { state, list: [] };
    if (name === 'Email/get') return { state, list: (args['ids'] as Id[]).flatMap((id) => this.emails.get(id) ?? []) };
    if (name === 'Thread/get') return { state, list: (args['ids'] as Id[]).map((id) => ({ id, emailIds: [`E${id.slice(1)}`] })) };
    if (name === 'Email/query') {
      const all = this.order();
      return { ids: all.slice(args['position'], args['position'] + args['limit']), total: all.length, position: args['position'], queryState: state, canCalculateChanges: true };
    }
    if (name === 'Email/queryChanges') {
      const old = this.log.find((one) => String(one.state) === args['sinceQueryState']);
      if (!old) return { type: 'cannotCalculateChanges' };
      const now = this.order();
      const removed = old.order.filter((id) => !now.includes(id));
      return { removed, added: now.map((id, index) => ({ id, index })).filter(({ id }) => !old.order.includes(id)), newQueryState: state, total: now.length };
    }
    if (name === 'Email/changes') return { newState: state, hasMoreChanges: false, created: [], updated: [], destroyed: [] };
    if (name === 'Email/set') {
      for (const [id, patch] of Object.entries(args['update'] as Record<Id, Record<string, true | null>>)) {
        const email = structuredClone(this.emails.get(id)!);
        for (const [path, value] of Object.entries(patch)) {
          const [property, key] = path.split('/') as ['mailboxIds' | 'keywords', string];
          if (value) email[property][key] = true;
          else delete email[property][key];
        }
        this.emails.set(id, email);
      }
      this.note();
      return { updated: args['update'] };
    }
    throw new Error(name);
  }
}

async function start(count: number): Promise<{ server: Played; store: Store; list: MailList }> {
  const server = new Played(count);
  const store = new Store(server);
  await store.load();
  const list = new MailList(store, mailboxQuery(ACCOUNT, 'in'));
  await list.want(0, 30);
  return { server, store, list };
}

const shown = (list: MailList, from: number, to: number) => Array.from({ length: to - from }, (_, i) => list.at(from + i));
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a list of 1,000 loads the windows that are looked at, and no others', async () => {
  const { server, list } = await start(1000);
  assert.equal(list.total.value, 1000);
  assert.deepEqual(shown(list, 0, 3), ['E999', 'E998', 'E997']);
  assert.equal(list.at(500), undefined);
  await list.want(495, 520);
  assert.equal(list.at(500), 'E499');
  assert.equal(list.at(300), undefined);
  assert.equal(server.calls.filter((name) => name === 'Email/query').length, 3);
});

test('what is archived here leaves at once, the others close up, and the server agrees', async () => {
  const { server, store, list } = await start(1000);
  const sent = change(store, { emails: ['E998'], add: ['ar'], remove: ['in'] }, 'archived');
  assert.deepEqual(shown(list, 0, 3), ['E999', 'E997', 'E996']);
  assert.equal(list.total.value, 999);
  await sent;
  server.push();
  await settled();
  assert.deepEqual(shown(list, 0, 3), ['E999', 'E997', 'E996']);
  assert.equal(list.total.value, 999);
});

test('undo brings it back to its place before the server has answered', async () => {
  const { server, store, list } = await start(300);
  await change(store, { emails: ['E290', 'E288'], add: ['ar'], remove: ['in'] }, 'archived');
  assert.equal(list.positionOf('E290'), -1);
  const undone = undo();
  assert.equal(list.positionOf('E290'), 9);
  assert.equal(list.positionOf('E288'), 11);
  assert.equal(list.total.value, 300);
  await undone;
  server.push();
  await settled();
  assert.deepEqual(shown(list, 8, 12), ['E291', 'E290', 'E289', 'E288']);
  assert.equal(list.total.value, 300);
});

test('what comes at the server is put in, and what was known stays', async () => {
  const { server, list } = await start(300);
  server.add('E300', 300);
  server.add('E301', 301);
  server.note();
  server.push();
  await settled();
  assert.deepEqual(shown(list, 0, 3), ['E301', 'E300', 'E299']);
  assert.equal(list.total.value, 302);
});

test('a window that was asked for before rows moved is asked for again', async () => {
  const { server, store, list } = await start(1000);
  let once = true;
  server.before = async (name) => {
    if (name !== 'Thread/get' || !once) return;
    once = false;
    void change(store, { emails: ['E999'], add: ['ar'], remove: ['in'] }, 'archived');
    await settled();
  };
  await list.want(500, 530);
  await settled();
  await list.want(500, 530);
  assert.deepEqual(shown(list, 500, 503), server.order().slice(500, 503));
  assert.equal(new Set(list.keys()).size, list.keys().length);
});

test('where the server cannot tell what changed, the list is loaded anew where the reader is', async () => {
  const { server, list } = await start(1000);
  await list.want(495, 520);
  server.log = [];
  server.add('E1000', 1000);
  server.note();
  server.push();
  await settled();
  await list.want(495, 520);
  assert.deepEqual(shown(list, 500, 502), server.order().slice(500, 502));
  assert.equal(list.total.value, 1001);
});

test('under "Unread" what is read stays until one comes back, and what is archived leaves', async () => {
  const { server, store } = await start(300);
  const inbox = { inMailbox: 'in' };
  const list = new MailList(store, { ...mailboxQuery(ACCOUNT, 'in'), filter: { operator: 'AND', conditions: [inbox, { notKeyword: '$seen' }] } }, inbox);
  server.unread = true;
  server.note();
  await list.want(0, 30);
  await change(store, { emails: ['E298', 'E297'], keywords: { $seen: true } });
  server.add('E300', 300);
  server.note();
  server.push();
  await settled();
  assert.deepEqual(shown(list, 0, 4), ['E300', 'E299', 'E298', 'E297']);
  assert.equal(list.total.value, 301);
  await change(store, { emails: ['E298'], add: ['ar'], remove: ['in'] });
  server.push();
  await settled();
  assert.deepEqual(shown(list, 0, 4), ['E300', 'E299', 'E297', 'E296']);
  assert.equal(list.total.value, 300);
  await list.want(195, 220);
  assert.deepEqual(shown(list, 210, 212), server.order().slice(209, 211));
  list.close();
  list.open();
  assert.deepEqual(shown(list, 0, 3), ['E300', 'E299', 'E296']);
});

test('the focus goes to the row below when its own has left, and to the last one at the end', async () => {
  const { store, list } = await start(3);
  const pane = new ListPane();
  pane.show(list);
  pane.focus('T1');
  pane.settle();
  await change(store, { emails: ['E1'], add: ['ar'], remove: ['in'] });
  assert.deepEqual(pane.settle(), { left: 'T1', next: 'T0' });
  await change(store, { emails: ['E0'], add: ['ar'], remove: ['in'] });
  assert.deepEqual(pane.settle(), { left: 'T0', next: 'T2' });
});

test('a range is selected from where it began, and one row fewer than everything is a selection', async () => {
  const { list } = await start(10);
  const pane = new ListPane();
  pane.show(list);
  pane.focus('T8');
  pane.selectTo('T5');
  assert.deepEqual([...pane.selected.value].sort(), ['T5', 'T6', 'T7', 'T8']);
  pane.selectEverything();
  assert.equal(pane.count(), 10);
  pane.toggle('T3');
  assert.equal(pane.count(), 9);
  assert.equal(pane.isSelected('T3'), false);
});

test('a muted conversation leaves the inbox with its keyword, and one undo brings back both', async () => {
  const { server, store, list } = await start(3);
  setStore(store);
  thePane.show(list);
  thePane.focus('T1');
  const email = () => [server.emails.get('E1')!.mailboxIds, server.emails.get('E1')!.keywords];
  await mute();
  assert.deepEqual(email(), [{ ar: true }, { $muted: true }]);
  assert.deepEqual(shown(list, 0, 2), ['E2', 'E0']);
  await undo();
  assert.deepEqual(email(), [{ in: true }, {}]);
  // What is no longer muted stays where it is.
  store.emails.patch('E1', { keywords: { $muted: true } });
  thePane.focus('T1');
  await mute();
  assert.deepEqual(email(), [{ in: true }, {}]);
  thePane.show(undefined);
});

test('what comes is told once, what was put back or read is not, and what comes in one breath is one sentence', async () => {
  const { server, list } = await start(3);
  const told: Id[][] = [];
  list.arrived.listen((emails) => told.push(emails.map(({ id }) => id)));
  server.add('E8', 8);
  server.add('E9', 9);
  server.emails.get('E9')!.keywords = { $seen: true };
  // Older than the newest one: another program has moved it here.
  server.add('E-old', -5);
  server.note();
  server.push();
  await settled();
  assert.equal(list.total.value, 6);
  assert.deepEqual(told, [['E8']]);
  let now = 0;
  const due: { work: () => void; ms: number }[] = [];
  const said: number[] = [];
  const arrivals = new Arrivals((emails) => said.push(emails.length), (work, ms) => due.push({ work, ms }) as never, () => now);
  arrivals.take([server.emails.get('E8')!]);
  arrivals.take([server.emails.get('E9')!, server.emails.get('E8')!]);
  assert.deepEqual(due.map(({ ms }) => ms), [500]);
  due.pop()!.work();
  assert.deepEqual(said, [2]);
  now = 1_000;
  arrivals.take([server.emails.get('E8')!]);
  assert.deepEqual(due.map(({ ms }) => ms), [9_000]);
});

test('a sentence names three people at most', async () => {
  await useLanguage('en');
  const from = (...names: string[]) => names.map((name, i) => ({ id: String(i), from: [{ name, email: `${name}@x` }] }) as EmailRow);
  assert.equal(arrivalWords(from('Anna')), 'New message: Anna');
  assert.equal(arrivalWords(from('Anna', 'Bob', 'Anna')), '3 new messages: Anna, Bob');
  assert.equal(arrivalWords(from('A', 'B', 'C', 'D', 'E')), '5 new messages: A, B, 3 more');
});
