/** Which message, and whose, an act is about: of a message's own menu, of the open conversation, of a row. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Id } from '../src/jmap/types.ts';
import * as acts from '../src/model/acts.ts';
import { pane } from '../src/model/current.ts';
import { mailboxQuery } from '../src/model/list.ts';
import { openMessage } from '../src/model/reading.ts';
import type { Store } from '../src/model/store.ts';
import { aboutMessage, holdTargets, targetMessage, targetSenders } from '../src/model/target.ts';
import { undo } from '../src/model/undo.ts';
import { ME, playedPage, type PlayedPage } from './support/page.ts';

let page: PlayedPage;
let store: Store;

beforeEach(() => {
  page = playedPage();
  store = page.store;
  page.thread('T1', ['1', 'anna@example.net', 'inbox', '$seen'], ['2', 'spam@bad.example', 'inbox', '$seen'], ['3', ME, 'sent', '$seen'], ['4', ME, 'inbox', '$draft']);
  page.thread('T2', ['5', 'bob@example.net', 'inbox']);
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
  page.show(mailboxQuery('A', 'sent'));
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
  page.show({ accountId: 'A', filter: { text: 's' }, sort: [], collapseThreads: true });
  await pane.withTargets(['T1'], acts.trash);
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['trash'], ['trash'], ['trash']]);
  await undo();
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['inbox'], ['inbox'], ['sent']]);
});

test('from a search, own answers stay in Sent when their conversation is archived or is junk', async () => {
  page.show({ accountId: 'A', filter: { text: 's' }, sort: [], collapseThreads: true });
  await pane.withTargets(['T1'], acts.archive);
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['archive'], ['archive'], ['sent']]);
  await pane.withTargets(['T1'], acts.junk);
  assert.deepEqual(['1', '2', '3'].map((id) => Object.keys(store.emails.peek(id)!.mailboxIds)), [['junk'], ['junk'], ['sent']]);
});
