/** Which message, and whose, an act is about: of a message's own menu, of the open conversation, of a row. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { EmailRow, Id, Invocation } from '../src/jmap/types.ts';
import { MAIL } from '../src/jmap/types.ts';
import type { Layer } from '../src/layer/layer.ts';
import * as acts from '../src/model/acts.ts';
import { pane, setStore } from '../src/model/current.ts';
import { MailList, mailboxQuery } from '../src/model/list.ts';
import { openMessage } from '../src/model/reading.ts';
import { Store } from '../src/model/store.ts';
import { aboutMessage, holdTargets, targetMessage, targetSenders } from '../src/model/target.ts';
import { undo } from '../src/model/undo.ts';

const ME = 'alice@example.test';
let store: Store;
let asked: Invocation[];

const layer = (): Layer => ({
  session: { username: ME, capabilities: {}, accounts: { A: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } }, primaryAccounts: { [MAIL]: 'A' } } as never,
  request: async (calls) => {
    asked.push(...calls);
    return calls.map(([name, , id]) => [name, {}, id]);
  },
  listen: () => () => undefined,
  status: () => ({ connection: 'online', waiting: 0 }),
  upload: () => Promise.reject(new Error()),
  blobUrl: () => '',
  signOut: async () => undefined,
});

/** One thread: who wrote each email, and where it lies. */
function thread(threadId: Id, ...emails: [id: Id, from: string, mailbox: Id, keyword?: string][]): void {
  const rows = emails.map(([id, from, mailbox, keyword], i): EmailRow => ({
    id, threadId, mailboxIds: { [mailbox]: true }, keywords: keyword ? { [keyword]: true } : {}, size: 1, receivedAt: `2026-11-0${i + 1}T00:00:00Z`,
    from: [{ name: null, email: from }], to: null, subject: 's', preview: '', hasAttachment: false,
  }));
  store.emails.put('A', rows as never);
  store.threads.put('A', [{ id: threadId, emailIds: emails.map(([id]) => id) }]);
}

beforeEach(() => {
  asked = [];
  store = new Store(layer());
  setStore(store);
  for (const role of ['inbox', 'sent', 'trash', 'archive'] as const) store.mailboxes.put('A', [{ id: role, name: role, role, myRights: {} } as never]);
  thread('T1', ['1', 'anna@example.net', 'inbox', '$seen'], ['2', 'spam@bad.example', 'inbox', '$seen'], ['3', ME, 'sent', '$seen'], ['4', ME, 'inbox', '$draft']);
  thread('T2', ['5', 'bob@example.net', 'inbox']);
  pane.show(new MailList(store, mailboxQuery('A', 'inbox')));
  pane.open.value = undefined;
  openMessage.value = undefined;
});

const show = (key: Id, id?: Id) => {
  pane.open.value = key;
  openMessage.value = id;
};

test('what is chosen from a message is about its sender, whoever wrote first and whatever is selected', () => {
  show('T1', '2');
  pane.select(['T2'], true);
  assert.deepEqual(aboutMessage('2', targetSenders), ['spam@bad.example']);
  assert.deepEqual(aboutMessage('1', targetSenders), ['anna@example.net']);
  assert.equal(aboutMessage('1', targetMessage)?.id, '1');
  assert.deepEqual(targetSenders(), ['bob@example.net'], 'without it, what is selected is meant');
});

test('nobody can block oneself', () => {
  show('T1', '3');
  assert.deepEqual(aboutMessage('3', targetSenders), []);
  assert.deepEqual(targetSenders(), ['spam@bad.example'], 'the conversation is about the newest that another wrote');
  pane.show(new MailList(store, mailboxQuery('A', 'sent')));
  pane.open.value = undefined;
  assert.deepEqual(pane.withTargets(['T1'], targetSenders), ['spam@bad.example']);
});

test('several rows have several senders, and all of a query has none that could be named', () => {
  pane.select(['T1', 'T2'], true);
  assert.deepEqual(targetSenders(), ['spam@bad.example', 'bob@example.net']);
  pane.list.peek()!.total.value = 2;
  pane.selectEverything();
  assert.deepEqual(targetSenders(), []);
});

test('the message that is read is answered, no draft, and from a row its own newest', () => {
  const answered = (): Id | undefined => targetMessage((email) => !('$draft' in email.keywords))?.id;
  show('T1', '1');
  assert.equal(answered(), '1');
  show('T1', '4');
  assert.equal(answered(), '2', 'the newest that lies in the folder');
  assert.equal(pane.withTargets(['T2'], answered), '5', 'the menu of another row is about that row');
});

test('a star, the trash and "unread from here" are for the one message, with an undo each', async () => {
  show('T1', '1');
  await aboutMessage('1', acts.star);
  assert.deepEqual(['1', '2', '3'].map((id) => '$flagged' in store.emails.peek(id)!.keywords), [true, false, false]);
  await undo();
  assert.equal('$flagged' in store.emails.peek('1')!.keywords, false);

  await aboutMessage('1', acts.trash);
  await aboutMessage('3', acts.trash);
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['trash'], ['inbox'], ['trash']], 'an own answer leaves Sent');
  await undo();
  await undo();
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['inbox'], ['inbox'], ['sent']]);

  await acts.markUnreadFrom(store.emails.peek('2')!);
  assert.deepEqual(['1', '2', '3', '4'].map((id) => '$seen' in store.emails.peek(id)!.keywords), [true, false, false, false]);
  assert.equal('$seen' in store.emails.peek('4')!.keywords, false);
  await undo();
  assert.deepEqual(['1', '2', '3'].map((id) => '$seen' in store.emails.peek(id)!.keywords), [true, true, true]);
});

test('what is chosen now holds when a question was answered later', async () => {
  show('T1', '1');
  const within = aboutMessage('1', holdTargets);
  await within(acts.trash);
  assert.deepEqual(Object.keys(store.emails.peek('1')!.mailboxIds), ['trash']);
  assert.deepEqual(Object.keys(store.emails.peek('2')!.mailboxIds), ['inbox']);
});

test('rows that go different ways from a search come back by one undo', async () => {
  pane.show(new MailList(store, { accountId: 'A', filter: { text: 's' }, sort: [], collapseThreads: true }));
  await pane.withTargets(['T1'], acts.trash);
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['trash'], ['trash'], ['trash']]);
  await undo();
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['inbox'], ['inbox'], ['sent']]);
});
