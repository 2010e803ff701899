/** What is done with all that a query finds: what the server is asked to do, what is shown meanwhile, and how it comes back. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Filter } from '../src/jmap/types.ts';
import { SNOOZE } from '../src/jmap/types.ts';
import * as acts from '../src/model/acts.ts';
import { QUERY_ACT, filterOfAll, leaves, patchOfAll } from '../src/model/bulk.ts';
import { pane } from '../src/model/current.ts';
import type { MailList } from '../src/model/list.ts';
import { snooze } from '../src/model/snooze.ts';
import { shown, undo } from '../src/model/undo.ts';
import { type Answers, ME, playedPage, type PlayedPage } from './support/page.ts';

const SEARCH: Filter = { operator: 'AND', conditions: [{ text: 's' }, { inMailboxOtherThan: ['trash', 'junk'] }] };
const ANSWERS: Answers = {
  'Email/queryAct': () => ({ queryActId: 'K1', total: 3 }),
  'QueryAct/get': () => ({ list: [{ id: 'K1', state: 'done', total: 3, finished: 3, failed: 0, undone: 0 }] }),
  'Email/queryChanges': () => ({ removed: [], added: [], newQueryState: '1' }),
  'Email/get': () => ({ list: [], state: '2' }),
  'Thread/get': () => ({ list: [], state: '2' }),
};
let page: PlayedPage;
let list: MailList;

async function search(capabilities: string[], answers: Answers = {}): Promise<void> {
  page = playedPage(capabilities, { ...ANSWERS, 'Email/query': () => ({ ids: ['2', '3'], total: 2, position: 0, queryState: '1' }), ...answers });
  page.thread('T1', ['1', 'anna@example.net', 'inbox'], ['2', ME, 'sent']);
  page.thread('T2', ['3', 'bob@example.net', 'archive']);
  list = page.show({ accountId: 'A', filter: SEARCH, sort: [], collapseThreads: true });
  await list.want(0, 10);
  pane.selectEverything();
  assert.ok(acts.isOnEverything());
}
const asked = (name: string) => page.asked.filter((one) => one[0] === name).map((one) => one[1] as Record<string, any>);

beforeEach(() => search([QUERY_ACT, SNOOZE]));

test('all of a search goes into the trash in one act, leaves the list at once, and comes back by undo', async () => {
  const done = acts.trash();
  assert.equal(list.total.peek(), 0, 'before the server has answered');
  assert.equal(pane.selecting.peek(), false);
  await done;
  assert.deepEqual(asked('Email/queryAct'), [{ accountId: 'A', filter: SEARCH, update: { mailboxIds: { trash: true } } }]);
  assert.equal(shown.peek()?.words, '2 conversations moved to Trash.');
  await undo();
  assert.deepEqual(asked('QueryAct/set').map((one) => one['update']), [{ K1: { state: 'undone' } }]);
});

test('what is archived or junk of a search is not what one has sent', async () => {
  await acts.archive();
  const [{ filter, update }] = asked('Email/queryAct') as [Record<string, any>];
  assert.deepEqual(update, { mailboxIds: { archive: true } });
  assert.deepEqual(filter, { operator: 'AND', conditions: [SEARCH, { inMailboxOtherThan: ['sent', 'archive', 'snoozed', 'junk', 'trash'] }] });
});

test('a label is put on all, and is seen at once on what is loaded', async () => {
  const done = acts.setLabel('work', true, 'Work');
  assert.deepEqual(['1', '2', '3'].map((id) => 'work' in page.store.emails.peek(id)!.keywords), [true, true, true]);
  assert.equal(list.total.peek(), 2);
  await done;
  assert.deepEqual(asked('Email/queryAct')[0]!['update'], { 'keywords/work': true });
  assert.ok(acts.isOnEverything(), 'all stays selected for the next label');
});

test('all is put off by the server', async () => {
  await snooze(new Date('2026-12-01T08:00:00Z'));
  assert.deepEqual(asked('Email/queryAct')[0]!['update'], { snoozed: { until: '2026-12-01T08:00:00Z', setKeywords: { $seen: false } } });
  assert.match(shown.peek()?.words ?? '', /^2 conversations snoozed/i);
});

test('when it was stopped on the way, the list shows what stayed', async () => {
  await search([QUERY_ACT], { 'QueryAct/get': () => ({ list: [{ id: 'K1', state: 'stopped', total: 3, finished: 1, failed: 0, undone: 0 }] }) });
  await acts.trash();
  assert.equal(list.total.peek(), 2);
});

test('a server without acts, or the mail of another, is changed in pieces, with where each lay', async () => {
  const lies = { 1: 'inbox', 2: 'sent', 3: 'trash' };
  await search([], {
    'Email/query': ({ position, calculateTotal }) => (calculateTotal ? { ids: ['2', '3'], total: 2, position: 0, queryState: '1' } : { ids: position === 0 ? ['1', '2', '3'] : [] }),
    'Email/get': ({ ids, properties }) => ({ list: (ids ?? []).map((id: '1') => ({ id, mailboxIds: { [lies[id]]: true } })).filter(() => properties?.join() === 'mailboxIds'), state: '2' }),
  });
  await acts.trash();
  assert.deepEqual(asked('Email/set').map((one) => one['update']), [{ 1: { 'mailboxIds/trash': true, 'mailboxIds/inbox': null }, 2: { 'mailboxIds/trash': true, 'mailboxIds/sent': null } }]);
  await undo();
  assert.deepEqual(asked('Email/set')[1]!['update'], { 1: { 'mailboxIds/trash': null, 'mailboxIds/inbox': true }, 2: { 'mailboxIds/trash': null, 'mailboxIds/sent': true } });
});

test('whether anything can stay of a query is told by its mailboxes', () => {
  assert.equal(leaves(SEARCH, { into: 'trash' }), true);
  assert.equal(leaves(SEARCH, { into: 'archive' }), false);
  assert.equal(leaves({ text: 's' }, { into: 'trash' }), false);
  assert.equal(leaves({ inMailbox: 'inbox' }, { into: 'archive' }), true);
  assert.equal(leaves({ operator: 'OR', conditions: [{ inMailbox: 'a' }, { inMailbox: 'b' }] }, { into: 'b' }), false);
  assert.equal(leaves({ operator: 'NOT', conditions: [{ inMailbox: 'b' }] }, { into: 'b' }), true);
  assert.equal(leaves({ inMailbox: 'inbox' }, { snoozed: { until: 'x' } }, 'inbox'), true);
  assert.equal(leaves({ inMailbox: 'archive' }, { keywords: { x: true } }, 'inbox'), false);
  assert.deepEqual(filterOfAll(null, { but: ['sent'] }), { inMailboxOtherThan: ['sent'] });
  assert.deepEqual(patchOfAll({ into: 'x', keywords: { 'a/b': false } }), { mailboxIds: { x: true }, 'keywords/a~1b': null });
});
