/** Lists of several accounts as one, against two accounts that are played here: order, gaps, changes, acts and one undo for all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmailRow, Id, Invocation, Mailbox, Session } from '../src/jmap/types.ts';
import { MAIL } from '../src/jmap/types.ts';
import { type Layer, LayerError, type LayerEvent } from '../src/layer/layer.ts';
import * as acts from '../src/model/acts.ts';
import { pane, setStore } from '../src/model/current.ts';
import { MailList, mailboxQuery } from '../src/model/list.ts';
import { MergedList } from '../src/model/merged.ts';
import { searchesOf } from '../src/model/search.ts';
import { Store } from '../src/model/store.ts';
import { shown as toast, undo } from '../src/model/undo.ts';
import { referred } from './support/referred.ts';

globalThis.reportError = (error: unknown) => {
  throw error;
};

/** Accounts "A1" and "A2"; each email is a conversation of its own, and each account has "in1" and "ar1", or "in2" alone. */
class Played implements Layer {
  emails = new Map<Id, EmailRow>();
  log = new Map<string, Id[]>();
  state = 0;
  queries: string[] = [];
  /** An account that does not answer. */
  broken: Id | undefined;
  private listeners = new Set<(event: LayerEvent) => void>();
  session = {
    accounts: Object.fromEntries(['A1', 'A2'].map((id) => [id, { name: `${id}@example.test`, isPersonal: id === 'A1', isReadOnly: false, accountCapabilities: { [MAIL]: {} } }])),
    primaryAccounts: { [MAIL]: 'A1' },
    capabilities: {},
    username: 'A1@example.test',
  } as unknown as Session;

  /** Of every three, two are of the first account. */
  constructor(count: number, private readonly shares: (number: '1' | '2') => readonly string[]) {
    for (let i = 0; i < count; i++) this.add(i % 3 === 2 ? '2' : '1', i);
    this.note();
  }

  add(account: '1' | '2', minute: number): Id {
    const id = `E${account}-${minute}`;
    const receivedAt = new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString();
    this.emails.set(id, { id, threadId: `T${account}-${minute}`, mailboxIds: { [`in${account}`]: true }, keywords: {}, size: 1, receivedAt, from: null, to: null, subject: id, preview: '', hasAttachment: false });
    return id;
  }

  note(): void {
    this.state++;
    for (const account of ['1', '2']) this.log.set(`${this.state} A${account}`, this.order(account));
  }

  order(account: string): Id[] {
    return [...this.emails.values()].filter((one) => `in${account}` in one.mailboxIds).sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).map(({ id }) => id);
  }

  all(): Id[] {
    return [...this.order('1'), ...this.order('2')].sort((a, b) => Number(b.split('-')[1]) - Number(a.split('-')[1]));
  }

  push(): void {
    const state = { Email: String(this.state) } as Record<string, string>;
    for (const listener of this.listeners) listener({ kind: 'state', changed: { A1: state, A2: state } });
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
    const found = new Map<string, Record<string, any>>();
    return calls.map(([name, args, id]) => {
      if (args['accountId'] === this.broken) throw new LayerError('server', 'It does not answer.');
      const given = { ...args } as Record<string, any>;
      const reference = given['#ids'] as { resultOf: string; path: string } | undefined;
      if (reference) given['ids'] = referred(found.get(reference.resultOf)!, reference.path);
      const answer = this.answer(name, given);
      found.set(id, answer);
      return ['type' in answer ? 'error' : name, answer, id];
    });
  }

  private answer(name: string, args: Record<string, any>): Record<string, unknown> {
    const state = String(this.state);
    const account = (args['accountId'] as string).slice(1) as '1' | '2';
    if (name === 'Mailbox/get') {
      const list = this.shares(account).map((role) => ({ id: `${role.slice(0, 2)}${account}`, role: account === '2' && role !== 'inbox' ? null : role, name: `${role[0]!.toUpperCase()}${role.slice(1)}`, parentId: null, unreadThreads: 0, unreadEmails: 0, totalEmails: 0, myRights: {} })) as unknown as Mailbox[];
      return { state, list };
    }
    if (name === 'Identity/get' || name === 'Preferences/get') return { state, list: [] };
    if (name === 'Email/get') return { state, list: (args['ids'] as Id[]).flatMap((id) => this.emails.get(id) ?? []) };
    if (name === 'Thread/get') return { state, list: (args['ids'] as Id[]).map((id) => ({ id, emailIds: [`E${id.slice(1)}`] })) };
    if (name === 'Email/query') {
      const all = this.order(account);
      this.queries.push(`${account} ${args['position']}`);
      return { ids: all.slice(args['position'], args['position'] + args['limit']), total: all.length, position: args['position'], queryState: state, canCalculateChanges: true };
    }
    if (name === 'Email/queryChanges') {
      const old = this.log.get(`${args['sinceQueryState']} A${account}`);
      if (!old) return { type: 'cannotCalculateChanges' };
      const now = this.order(account);
      return { removed: old.filter((id) => !now.includes(id)), added: now.map((id, index) => ({ id, index })).filter(({ id }) => !old.includes(id)), newQueryState: state, total: now.length };
    }
    if (name.endsWith('/changes')) return { newState: state, hasMoreChanges: false, created: [], updated: [], destroyed: [] };
    if (name === 'Email/set') {
      for (const [id, patch] of Object.entries(args['update'] as Record<Id, Record<string, true | null>>)) {
        assert.equal(id.slice(1, 2), account, 'an email is changed in its own account');
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

const BOTH = () => ['inbox', 'archive'];

async function start(count: number, shares: (number: '1' | '2') => readonly string[] = BOTH): Promise<{ server: Played; store: Store; list: MergedList }> {
  const server = new Played(count, shares);
  const store = new Store(server);
  await store.load();
  setStore(store);
  const list = new MergedList(['1', '2'].map((account) => new MailList(store, mailboxQuery(`A${account}`, `in${account}`))));
  pane.show(list);
  await list.want(0, 30);
  return { server, store, list };
}

const rows = (list: MergedList, from: number, to: number) => Array.from({ length: to - from }, (_, i) => list.at(from + i));
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('rows of both accounts stand by their dates, and only what is looked at is loaded', async () => {
  const { server, list } = await start(900);
  assert.equal(list.total.value, 900);
  assert.deepEqual(rows(list, 0, 100), server.all().slice(0, 100));
  assert.deepEqual(server.queries, ['1 0', '2 0']);
  assert.equal(list.at(899), undefined);
  await list.want(890, 900);
  assert.deepEqual(rows(list, 0, 900), server.all());
  assert.equal(list.positionOfKey('T2-2'), 897);
  assert.equal(list.keyAt(897), 'T2-2');
});

test('what comes in one account is put in at its place, and what stands stays', async () => {
  const { server, list } = await start(300);
  server.add('2', 300);
  server.add('1', 301);
  server.note();
  server.push();
  await settled();
  assert.deepEqual(rows(list, 0, 60), server.all().slice(0, 60));
  assert.equal(list.total.value, 302);
});

test('conversations of two accounts are archived each in its own, at once, and come back by one undo', async () => {
  const { server, list } = await start(300);
  const before = rows(list, 0, 10);
  pane.select(['T1-298', 'T2-299', 'T2-296'], true);
  assert.deepEqual(acts.targetAccounts(), ['A1', 'A2']);
  assert.equal(acts.listRole(), 'inbox');
  const acted = acts.archive();
  assert.deepEqual(rows(list, 0, 3), ['E1-297', 'E1-295', 'E1-294']);
  await acted;
  assert.deepEqual(['E1-298', 'E2-299'].map((id) => server.emails.get(id)!.mailboxIds), [{ ar1: true }, { ar2: true }]);
  await undo();
  assert.deepEqual(rows(list, 0, 10), before);
  assert.deepEqual(['E1-298', 'E2-299'].map((id) => server.emails.get(id)!.mailboxIds), [{ in1: true }, { in2: true }]);
});

test('all of both accounts is archived at once, what was never loaded too, and comes back by one undo', async () => {
  const { server, list } = await start(900);
  pane.selectEverything();
  assert.equal(pane.count(), 900);
  await acts.archive();
  await settled();
  assert.equal(list.total.value, 0);
  assert.deepEqual(server.all(), []);
  await undo();
  await list.want(0, 30);
  assert.equal(server.all().length, 900);
  assert.equal(list.total.value, 900);
});

test('an account that shows no archive is named, and nothing is half done', async () => {
  const { server, list } = await start(30, (account) => (account === '1' ? ['inbox', 'archive'] : ['inbox']));
  pane.select(['T1-28', 'T2-29'], true);
  await acts.archive();
  assert.match(toast.value?.words ?? '', /noFolderIn|A2@example\.test/);
  assert.equal(server.all().length, 30);
  assert.equal(list.at(0), 'E2-29');
});

test('mail does not go from one account into a folder of another', async () => {
  const { server, store } = await start(30);
  pane.select(['T2-29'], true);
  await acts.moveTo(store.mailboxes.peek('ar1')!);
  assert.equal(toast.value?.isProblem, true);
  assert.equal(server.all().length, 30);
  await acts.moveTo(store.mailboxes.peek('ar2')!);
  assert.equal(server.all().length, 29);
});

test('a search asks all accounts, and who names a folder asks those that have it', async () => {
  const { store } = await start(3, (account) => (account === '1' ? ['inbox', 'archive', 'trash'] : ['inbox', 'plans']));
  const asked = (text: string) => searchesOf(store, text).map(({ accountId }) => accountId);
  assert.deepEqual(searchesOf(store, 'x'), [{ accountId: 'A1', filter: { operator: 'AND', conditions: [{ text: 'x' }, { inMailboxOtherThan: ['tr1'] }] } }, { accountId: 'A2', filter: { text: 'x' } }]);
  assert.deepEqual(asked('x in:inbox'), ['A1', 'A2']);
  assert.deepEqual(asked('x in:plans'), ['A2']);
  assert.deepEqual(asked('x in:archive'), ['A1']);
  assert.deepEqual(asked('x -in:plans'), ['A1', 'A2']);
  // A folder that nobody has holds nothing.
  assert.deepEqual(searchesOf(store, 'in:nowhere'), [{ accountId: 'A1', filter: { operator: 'OR', conditions: [] } }]);
  assert.deepEqual(searchesOf(store, 'from:me'), [
    { accountId: 'A1', filter: { operator: 'AND', conditions: [{ from: 'a1@example.test' }, { inMailboxOtherThan: ['tr1'] }] } },
    { accountId: 'A2', filter: { from: 'a1@example.test' } },
  ]);
  assert.deepEqual(searchesOf(store, ' '), []);
});

test('an account that does not answer leaves the other its rows, and is asked again', async () => {
  const server = new Played(300, BOTH);
  const store = new Store(server);
  await store.load();
  server.broken = 'A2';
  const list = new MergedList(['1', '2'].map((account) => new MailList(store, mailboxQuery(`A${account}`, `in${account}`))));
  await list.want(0, 30);
  assert.equal(list.failed.value, true);
  assert.deepEqual(rows(list, 0, 30), server.order('1').slice(0, 30));
  server.broken = undefined;
  await list.want(0, 30);
  assert.equal(list.failed.value, false);
  assert.deepEqual(rows(list, 0, 30), server.all().slice(0, 30));
});
