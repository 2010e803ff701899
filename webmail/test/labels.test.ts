/** Labels are renamed, joined and deleted on all mail, with an undo; and what the server refuses is as it was. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { LayerError } from '../src/layer/layer.ts';
import { QUERY_ACT } from '../src/model/bulk.ts';
import { deleteLabel, knownLabels, makeLabel, noteLabels, renameLabel } from '../src/model/labels.ts';
import { setting } from '../src/model/settings.ts';
import { shown, undo } from '../src/model/undo.ts';
import { type Answers, playedPage, type PlayedPage } from './support/page.ts';

const ANSWERS: Answers = {
  'Email/queryAct': () => ({ queryActId: 'K1', total: 1 }),
  'QueryAct/get': () => ({ list: [{ id: 'K1', state: 'done', total: 1, finished: 1, failed: 0, undone: 0 }] }),
};
let page: PlayedPage;
const begin = (answers: Answers = {}): void => {
  page = playedPage([QUERY_ACT], { ...ANSWERS, ...answers });
  page.thread('T1', ['1', 'anna@example.net', 'inbox', 'wrok']);
  page.thread('T2', ['2', 'anna@example.net', 'inbox', 'home']);
  setting('labelColours').value = { wrok: 'red', home: '' };
};
const labels = (id: string): string[] => Object.keys(page.store.emails.peek(id)!.keywords);
const acts = () => page.asked.filter(([name]) => name === 'Email/queryAct').map(([, { filter, update }]) => [filter, update]);

beforeEach(() => begin());

test('a label that was mistyped is renamed on all mail, keeps its colour, and comes back by undo', async () => {
  const done = renameLabel('wrok', 'work');
  assert.deepEqual(labels('1'), ['work'], 'before the server has answered');
  assert.deepEqual(setting('labelColours').peek(), { home: '', work: 'red' });
  noteLabels(['wrok']);
  assert.deepEqual(knownLabels.peek(), ['home', 'work'], 'a row that is not drawn anew yet does not bring it back');
  assert.equal(await done, true);
  assert.deepEqual(acts(), [[{ hasKeyword: 'wrok' }, { 'keywords/wrok': null, 'keywords/work': true }]]);
  assert.equal(shown.peek()?.words, 'The label Wrok is now Work.');
  await undo();
  assert.deepEqual(setting('labelColours').peek(), { wrok: 'red', home: '' });
  assert.deepEqual(labels('1'), ['wrok']);
  noteLabels(['work']);
  assert.deepEqual(knownLabels.peek(), ['home', 'wrok']);
});

test('a name that there is already joins the two, and the other keeps its colour', async () => {
  await renameLabel('wrok', 'home');
  assert.deepEqual(setting('labelColours').peek(), { home: '' });
  assert.equal(shown.peek()?.words, 'The label Wrok is now one with Home.');
});

test('a label is deleted, its mail stays; one that no mail has, too', async () => {
  await deleteLabel('wrok');
  assert.deepEqual(labels('1'), []);
  assert.deepEqual(knownLabels.peek(), ['home']);
  await undo();
  assert.deepEqual(knownLabels.peek(), ['home', 'wrok']);

  begin({ 'Email/queryAct': () => ({ queryActId: null, total: 0 }) });
  await deleteLabel('wrok');
  assert.equal(shown.peek()?.words, 'The label Wrok was deleted. Its mail stays.');
  await undo();
  assert.deepEqual(knownLabels.peek(), ['home', 'wrok']);
  await deleteLabel('wrok');
  makeLabel('wrok');
  assert.deepEqual(knownLabels.peek(), ['home', 'wrok'], 'somebody wants it again');
});

test('without the server all is as it was, and a sentence says so', async () => {
  begin({ 'Email/queryAct': () => { throw new LayerError('offline', 'no network'); } });
  assert.equal(await deleteLabel('wrok'), false);
  assert.deepEqual(labels('1'), ['wrok']);
  assert.deepEqual(setting('labelColours').peek(), { wrok: 'red', home: '' });
  assert.equal(shown.peek()?.isProblem, true);
});
