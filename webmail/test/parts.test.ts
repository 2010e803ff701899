/** Parts without a page: search, rows, folders, keys, layout, labels, dates, places of boxes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayGroup, daysBefore, shortDate } from '../src/base/dates.ts';
import { isLabelKeyword, keywordOfLabel, labelOfKeyword } from '../src/base/labels.ts';
import { firstName, rowFacts } from '../src/features/list/facts.ts';
import { split } from '../src/base/hits.ts';
import { newPassword } from '../src/features/admin/password.ts';
import { filterOf, MEASURES, misread, parseSearch, wordsOf, writeSearch } from '../src/model/search.ts';
import { mailboxesInOrder } from '../src/model/mailboxes.ts';
import type { Store } from '../src/model/store.ts';
import { countBelow, countOf, inTreeOrder, isWithin, treeRows } from '../src/model/tree.ts';
import { pushesFor } from '../src/model/notifications.ts';
import { troubleOf, type Trouble } from '../src/model/deliveries.ts';
import { matchesFilter } from '../src/model/filter.ts';
import { clicked, type Shown, toldIn } from '../src/service/notify.ts';
import { laterTimes, localInput } from '../src/base/times.ts';
import { KeyTable, keyName } from '../src/frame/keys.ts';
import { layoutOf, listWidth } from '../src/frame/layout.ts';
import { signInPath } from '../src/frame/router.ts';
import type { EmailRow, Mailbox } from '../src/jmap/types.ts';
import { best, fits } from '../src/ui/Picker.tsx';
import { nextEntry, tidy } from '../src/ui/Menu.tsx';
import { place } from '../src/ui/position.ts';
import { boxHeight, listTop, MOST_HEIGHT, scrollTopFor, spanAt, spanToDraw, topToShow } from '../src/ui/window.ts';

const context = {
  mailboxes: [
    { id: 'M1', name: 'INBOX', role: 'inbox' as const },
    { id: 'M2', name: 'Junk', role: 'junk' as const },
    { id: 'M3', name: 'Projects', role: null },
  ],
  hidden: ['M2'],
  now: new Date(2024, 4, 10, 15, 0),
};
const search = (text: string) => filterOf(parseSearch(text), { ...context, hidden: [] });

test('a password is made of groups that are read out easily, and never twice', () => {
  const made = Array.from({ length: 200 }, newPassword);
  for (const one of made) assert.match(one, /^([a-hjkmnp-z2-9]{4}-){4}[a-hjkmnp-z2-9]{4}$/);
  assert.equal(new Set(made).size, made.length);
  assert.equal(new Set(made.join('').replaceAll('-', '')).size, 31, 'each sign comes');
});

test('each operator of the search becomes its condition', () => {
  assert.deepEqual(search('budget'), { text: 'budget' });
  assert.deepEqual(search('from:anna "in two weeks"'), { operator: 'AND', conditions: [{ from: 'anna' }, { text: 'in two weeks' }] });
  assert.deepEqual(search('-from:anna'), { operator: 'NOT', conditions: [{ from: 'anna' }] });
  assert.deepEqual(search('is:unread has:attachment'), { operator: 'AND', conditions: [{ notKeyword: '$seen' }, { hasAttachment: true }] });
  assert.deepEqual(search('a OR b OR c'), { operator: 'OR', conditions: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] });
  assert.deepEqual(search('larger:5M'), { minSize: 5_000_000 });
  assert.deepEqual(search('smaller:1.5k'), { maxSize: 1_500 });
  assert.deepEqual(search('in:projects'), { inMailbox: 'M3' });
  assert.deepEqual(search('in:spam'), { inMailbox: 'M2' });
  assert.deepEqual(search('label:"Big Deal"'), { hasKeyword: 'big_deal' });
  assert.deepEqual(search('before:2024-05-03'), { before: new Date(2024, 4, 3).toISOString().replace('.000', '') });
  assert.deepEqual(search('newer_than:2d'), { after: new Date(2024, 4, 8).toISOString().replace('.000', '') });
});

test('what only looks like an operator is a word, and what says nothing asks for nothing', () => {
  assert.deepEqual(search('re:invoice'), { text: 're:invoice' });
  assert.deepEqual(search('14:30'), { text: '14:30' });
  assert.equal(search('   '), undefined);
  assert.equal(search('from:'), undefined);
  assert.deepEqual(search('before:yesterday'), { text: 'before:yesterday' });
  assert.deepEqual(misread(parseSearch('a before:2024-05 (b -larger:big)')), { operator: 'larger', value: 'big', isNot: true, isOr: false });
  assert.equal(misread(parseSearch('older:3d after:2024 larger:5M is:what')), undefined);
  assert.deepEqual(search('"never closed'), { text: 'never closed' });
  assert.equal(parseSearch('a '.repeat(1000)).length, 64);
});

test('a value may stand behind a space, and each example of a day or size is understood', () => {
  assert.deepEqual(search('larger: 5M'), { minSize: 5_000_000 });
  assert.deepEqual(search('-from:  anna x'), { operator: 'AND', conditions: [{ operator: 'NOT', conditions: [{ from: 'anna' }] }, { text: 'x' }] });
  assert.deepEqual(search('(subject: "a b")'), { subject: 'a b' });
  assert.deepEqual(search('subject: re:invoice'), { subject: 're:invoice' });
  assert.deepEqual(misread(parseSearch('larger: than 5M')), { operator: 'larger', value: 'than', isNot: false, isOr: false });
  // What follows says something by itself; an operator without a value says nothing.
  assert.deepEqual(search('from: subject:a'), { subject: 'a' });
  assert.deepEqual(search('from: -a'), { operator: 'NOT', conditions: [{ text: 'a' }] });
  assert.deepEqual(search('subject: Re: a'), { text: 'a' });
  assert.deepEqual(search('a from: OR b'), { operator: 'OR', conditions: [{ text: 'a' }, { text: 'b' }] });
  for (const nothing of ['from: ', '(from: )', 'larger: from:']) assert.equal(search(nothing), undefined, nothing);
  for (const [operator, example] of Object.entries(MEASURES)) {
    assert.equal(parseSearch(example)[0]!.operator, operator);
    assert.equal(misread(parseSearch(example)), undefined, example);
    assert.equal('text' in search(example)!, false, example);
  }
});

test('brackets hold all of their terms, or any, and an operator before them is that of each', () => {
  assert.deepEqual(search('subject:(a b)'), { operator: 'AND', conditions: [{ subject: 'a' }, { subject: 'b' }] });
  assert.deepEqual(search('{a "b c" from:d}'), { operator: 'OR', conditions: [{ text: 'a' }, { text: 'b c' }, { from: 'd' }] });
  assert.deepEqual(search('from:{anna bob} x'), { operator: 'AND', conditions: [{ operator: 'OR', conditions: [{ from: 'anna' }, { from: 'bob' }] }, { text: 'x' }] });
  assert.deepEqual(search('subject:(a OR b)'), { operator: 'OR', conditions: [{ subject: 'a' }, { subject: 'b' }] });
  assert.deepEqual(search('(a b) OR c'), { operator: 'OR', conditions: [{ operator: 'AND', conditions: [{ text: 'a' }, { text: 'b' }] }, { text: 'c' }] });
  assert.deepEqual(search('-{a b}'), { operator: 'NOT', conditions: [{ operator: 'OR', conditions: [{ text: 'a' }, { text: 'b' }] }] });
  assert.deepEqual(search('a AND b'), { operator: 'AND', conditions: [{ text: 'a' }, { text: 'b' }] });
  // One thing in brackets is that thing; what is not closed is still being typed; what closes nothing is a word.
  assert.deepEqual(search('(2024)'), { text: '2024' });
  assert.deepEqual(search('subject:(a'), { subject: 'a' });
  assert.deepEqual(search(':)'), { text: ':)' });
  for (const nothing of ['()', '{ }', 'subject:()', '-()', '(from:)', '(foo:)']) assert.equal(search(nothing), undefined, nothing);
  assert.notEqual(search('('.repeat(500) + 'x'), undefined);
  assert.deepEqual(wordsOf(parseSearch('subject:(a b) -(c d) {e from:me}')), ['a', 'b', 'e']);
});

test('me is each of the own addresses, lists and deliveries are fields of the header, and a file comes with its mail', () => {
  const mine = { ...context, hidden: [], mine: ['a@x.test', 'b@x.test'] };
  assert.deepEqual(filterOf(parseSearch('from:me'), mine), { operator: 'OR', conditions: [{ from: 'a@x.test' }, { from: 'b@x.test' }] });
  assert.deepEqual(filterOf(parseSearch('to:ME'), { ...mine, mine: ['a@x.test'] }), { to: 'a@x.test' });
  assert.deepEqual(search('subject:me'), { subject: 'me' });
  assert.deepEqual(search('list:news@x.test'), { operator: 'OR', conditions: [{ header: ['List-Id', 'news.x.test'] }, { header: ['List-Post', 'news@x.test'] }] });
  assert.deepEqual(search('deliveredto:a@x.test'), { header: ['Delivered-To', 'a@x.test'] });
  for (const one of ['messageid:a.1@x.test', 'rfc822msgid:<a.1@x.test>', 'msgid:"<a.1@x.test>"']) assert.deepEqual(search(one), { header: ['Message-ID', '<a.1@x.test>'] }, one);
  assert.deepEqual(search('mp3:song'), { text: 'mp3:song' });
  assert.deepEqual(search('filename:report'), { operator: 'AND', conditions: [{ hasAttachment: true }, { text: 'report' }] });
});

test('trash and junk are left out, unless a folder is asked for', () => {
  assert.deepEqual(filterOf(parseSearch('budget'), context), { operator: 'AND', conditions: [{ text: 'budget' }, { inMailboxOtherThan: ['M2'] }] });
  assert.deepEqual(filterOf(parseSearch('budget in:junk'), context), { operator: 'AND', conditions: [{ text: 'budget' }, { inMailbox: 'M2' }] });
});

test('a search that is written again means the same', () => {
  for (const text of ['from:anna "two words" -is:unread', 'a OR from:"b c"', 'larger:5M x', 'subject:(a "b c") OR -{d from:e (f g)}', '"(x" "AND"'])
    assert.deepEqual(parseSearch(writeSearch(parseSearch(text))), parseSearch(text));
  assert.deepEqual(wordsOf(parseSearch('from:anna "two words" -secret is:unread')), ['anna', 'two', 'words']);
});

test('hits are marked at the beginning of words, without case and accents', () => {
  assert.deepEqual(split('Das Büro, das buero', ['buro']), ['Das ', 'Büro', ', das buero']);
  assert.deepEqual(split('unbound Bob', ['bo']), ['unbound ', 'Bo', 'b']);
  assert.deepEqual(split('<b>x</b>', ['b']), ['<', 'b', '>x</', 'b', '>']);
  assert.deepEqual(split('nothing', []), ['nothing']);
});

test('what a search finds by letters of another form is marked as it stands there', () => {
  for (const [text, word, ...parts] of [
    ['Die ﬁnale Fassung', 'final', 'Die ', 'ﬁnal', 'e Fassung'],
    ['un re\u0301sume\u0301 court', 'résumé', 'un ', 're\u0301sume\u0301', ' court'],
    ['İstanbul, ②', 'istanbul', '', 'İstanbul', ', ②'],
    ['½ of it', '1', '', '½', ' of it'],
    ['ΟΔΟΣ οδός', 'οδός', '', 'ΟΔΟΣ', ' ', 'οδός', ''],
    ['😀 Ünal 😀', 'unal', '😀 ', 'Ünal', ' 😀'],
  ] as const) {
    assert.deepEqual(split(text, [word]), parts);
    assert.equal(split(text, [word, '2']).join(''), text);
  }
});

const email = (id: string, from: string, name: string | null, keywords: string[] = ['$seen'], more: Partial<EmailRow> = {}): EmailRow => ({
  id, threadId: 'T1', mailboxIds: { M1: true }, keywords: Object.fromEntries(keywords.map((k) => [k, true as const])), size: 1, receivedAt: '2024-05-10T12:00:00Z',
  from: [{ name, email: from }], to: [{ name: 'Me', email: 'me@example.test' }], subject: ' Budget ', preview: 'x', hasAttachment: false, ...more,
});

test('a row names who wrote, once each, and says what is unread, starred and labelled', () => {
  const mine = new Set(['me@example.test']);
  const all = [email('1', 'anna@x', 'Anna P'), email('2', 'Me@example.test', 'Me'), email('3', 'ANNA@x', 'Anna P', ['work'], { hasAttachment: true }), email('4', 'bob@x', null, ['$flagged', '$seen'])];
  const facts = rowFacts(all, all[3]!, { mine, showRecipients: false });
  assert.deepEqual(facts.people.map((one) => [one.name, one.isMe, one.isUnread]), [['Anna P', false, true], ['Me', true, false], ['bob', false, false]]);
  assert.deepEqual([facts.isUnread, facts.isStarred, facts.hasAttachment, facts.count, facts.subject], [true, true, true, 4, 'Budget']);
  assert.deepEqual(facts.labels, ['work']);
  const many = Array.from({ length: 9 }, (_, i) => email(String(i), `p${i}@x`, `P${i}`));
  assert.deepEqual(rowFacts(many, many[8]!, { mine, showRecipients: false }).people.map((one) => one.name), ['P0', 'P6', 'P7', 'P8']);
  assert.deepEqual(rowFacts([], email('5', 'x@x', 'X', [], { to: null, subject: null, from: null, receivedAt: 'nonsense' }), { mine, showRecipients: true }).people, []);
  // What one is reminded of stands by the time at which it was sent.
  const sent = email('6', 'me@example.test', 'Me', ['$seen'], { snoozed: { until: '2024-05-20T08:00:00Z', unlessAnswered: true } });
  const waits = rowFacts([sent, all[0]!], sent, { mine, showRecipients: true });
  assert.deepEqual([waits.date.toISOString(), waits.remindsAt?.toISOString()], ['2024-05-10T12:00:00.000Z', '2024-05-20T08:00:00.000Z']);
  const back = rowFacts([], { ...sent, snoozed: null, awokenAt: '2024-05-20T08:00:00Z', keywords: { $unanswered: true } }, { mine, showRecipients: false });
  assert.deepEqual([back.isUnanswered, back.cameBack, back.remindsAt], [true, false, undefined]);
  assert.equal(firstName('Anna Maria Petrova'), 'Anna');
  assert.equal(firstName('Petrova, Anna'), 'Petrova, Anna');
});

test('a row marks who writes for the first time, and what did not reach everybody', () => {
  const mine = new Set(['me@example.test']);
  const first = email('1', 'eve@x', 'Eve', [], { firstContact: true });
  const facts = (all: EmailRow[], troubles?: ReadonlyMap<string, Trouble>) => rowFacts(all, all.at(-1)!, { mine, showRecipients: false, troubles });
  assert.equal(facts([first]).isFirst, true);
  assert.equal(facts([first, email('2', 'me@example.test', 'Me')]).isFirst, false, 'who was answered is no stranger');
  assert.equal(facts([email('3', 'ME@example.test', 'Me', [], { firstContact: true })]).isFirst, false);
  assert.equal(facts([email('4', 'eve@x', 'Eve', [], { firstContact: null })]).isFirst, false);
  const sent = [email('5', 'me@example.test', 'Me'), email('6', 'me@example.test', 'Me')];
  assert.equal(facts(sent).trouble, undefined);
  assert.equal(facts(sent, new Map([['5', 'failed'], ['6', 'waiting']])).trouble, 'failed');
  assert.equal(facts(sent, new Map([['6', 'waiting']])).trouble, 'waiting');
  assert.equal(matchesFilter(first, { firstContact: false }), false);
  assert.equal(matchesFilter({ ...first, firstContact: null }, { firstContact: false }), true);
  assert.equal(matchesFilter(sent[0]!, { firstContact: false }), undefined, 'only the server knows');
});

test('a mail is in trouble when it failed, or is on its way for long', () => {
  const now = Date.parse('2024-05-10T12:00:00Z');
  const of = (sendAt: string, ...states: string[]): Trouble | undefined =>
    troubleOf({ emailId: 'E1', undoStatus: 'final', sendAt, deliveryStatus: Object.fromEntries(states.map((delivered, i) => [`p${i}@x`, { delivered }])) }, now);
  assert.equal(of('2024-05-10T11:00:00Z', 'yes', 'unknown'), undefined);
  assert.equal(of('2024-05-10T11:00:00Z', 'queued', 'no'), 'failed');
  assert.equal(of('2024-05-10T11:00:00Z', 'yes', 'queued'), 'waiting');
  assert.equal(of('2024-05-10T11:59:30Z', 'queued'), undefined, 'it has just been sent');
  assert.equal(troubleOf({ emailId: 'E1', undoStatus: 'pending', sendAt: '2024-05-09T12:00:00Z', deliveryStatus: { 'p@x': { delivered: 'queued' } } }, now), undefined);
});

const folder = (id: string, name: string, parentId: string | null = null, role: Mailbox['role'] = null, more: Partial<Mailbox> = {}): Mailbox =>
  ({ id, name, parentId, role, sortOrder: 0, totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0, ...more }) as Mailbox;

test('folders with a role stand first, children below their parents, orphans at the top', () => {
  const all = [folder('z', 'Zoo'), folder('t', 'Trash', null, 'trash'), folder('i', 'INBOX', null, 'inbox'), folder('c', 'child', 'z', null, { unreadThreads: 3 }), folder('o', 'orphan', 'gone')];
  const shown = (folded: string[]) => treeRows(all, new Set(folded)).map((row) => `${row.depth}${row.mailbox.id}`);
  assert.deepEqual(shown([]), ['0i', '0t', '0o', '0z', '1c']);
  assert.deepEqual(shown(['z']), ['0i', '0t', '0o', '0z']);
  assert.deepEqual(inTreeOrder(all).map(({ id }) => id), ['i', 't', 'o', 'z', 'c']);
  const of: Record<string, Mailbox[]> = { A: all, B: [folder('10', 'Year 10'), folder('9', 'Year 9')] };
  const store = { mailboxes: { all: (account: string) => of[account]! } } as unknown as Store;
  assert.deepEqual(mailboxesInOrder(store, ['A', 'B']).map(({ id }) => id), ['i', 't', 'o', 'z', 'c', '9', '10']);
  assert.equal(countBelow(all, 'z'), 3);
  assert.equal(isWithin(all, 'c', 'z'), true);
  assert.equal(isWithin(all, 'z', 'c'), false);
  assert.equal(countOf(folder('d', 'D', null, 'drafts', { totalThreads: 2 })), 2);
  assert.equal(countOf(folder('x', 'T', null, 'trash', { unreadThreads: 9 })), 0);
});

test('folders that hold each other are shown without end', () => {
  assert.deepEqual(treeRows([folder('a', 'a', 'b'), folder('b', 'b', 'a')], new Set()), []);
  assert.equal(isWithin([folder('a', 'a', 'b'), folder('b', 'b', 'a')], 'a', 'x'), false);
});

test('keys have one name each, on keyboards of other scripts too', () => {
  const name = (key: string, more: Partial<KeyboardEvent> = {}) => keyName({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.equal(name('e'), 'e');
  assert.equal(name('U', { shiftKey: true }), 'Shift+U');
  assert.equal(name('#', { shiftKey: true }), '#');
  assert.equal(name('k', { ctrlKey: true }), 'Ctrl+K');
  assert.equal(name('k', { metaKey: true }), 'Ctrl+K');
  assert.equal(name('ArrowDown', { shiftKey: true }), 'Shift+ArrowDown');
  assert.equal(name('у', { code: 'KeyE' }), 'e');
  assert.equal(name('Shift', { shiftKey: true }), undefined);
});

test('sequences wait for their second key, not for ever, and not in fields', () => {
  const ran: string[] = [];
  const make = (id: string, keys: string[], more = {}) => ({ id, group: 'go' as const, keys, run: () => void ran.push(id), ...more });
  const table = new KeyTable([make('inbox', ['g i']), make('info', ['i']), make('palette', ['Ctrl+K'], { inFields: true }), make('no', ['e'], { possible: () => false }), make('yes', ['e'])]);
  const id = (found: ReturnType<KeyTable['press']>) => (typeof found === 'object' ? found.id : found);
  assert.equal(id(table.press('g', false, 0)), 'more');
  assert.equal(id(table.press('i', false, 100)), 'inbox');
  assert.equal(id(table.press('i', false, 200)), 'info');
  assert.equal(id(table.press('g', false, 1000)), 'more');
  assert.equal(id(table.press('i', false, 5000)), 'info');
  assert.equal(id(table.press('g', true, 6000)), undefined);
  assert.equal(id(table.press('Ctrl+K', true, 6000)), 'palette');
  assert.equal(id(table.press('e', false, 7000)), 'yes');
});

test('panes go by width and choice', () => {
  const wish = { layout: 'right' as const, foldersHidden: false };
  assert.deepEqual(layoutOf(1280, wish), { reading: 'right', folders: 'pane', isPhone: false });
  assert.deepEqual(layoutOf(1000, wish), { reading: 'over', folders: 'pane', isPhone: false });
  assert.deepEqual(layoutOf(1000, { ...wish, layout: 'below' }), { reading: 'below', folders: 'pane', isPhone: false });
  assert.deepEqual(layoutOf(800, wish), { reading: 'over', folders: 'drawer', isPhone: false });
  assert.deepEqual(layoutOf(390, { layout: 'below', foldersHidden: true }), { reading: 'over', folders: 'drawer', isPhone: true });
  assert.equal(listWidth(900, 1280, 264), 656);
  assert.equal(listWidth(100, 1280, 264), 280);
});

test('who has to sign in comes back to where one was', () => {
  assert.equal(signInPath('/search/a%20b%26c/T1'), `/?sign-in&next=${encodeURIComponent('/search/a%20b%26c/T1')}`);
  // Home needs no word, and neither does what is no place.
  for (const path of [undefined, '/mail/inbox', '/', '//elsewhere.test/mail', '/%']) assert.equal(signInPath(path), '/?sign-in');
});

test('a label of any words becomes a keyword, and comes back', () => {
  for (const name of ['work', 'Big deal', 'Entwürfe (alt)', '100 % "sure"', '日本', 'a_b=c', '$money'])
    assert.equal(labelOfKeyword(keywordOfLabel(name)!).toLowerCase(), name.toLowerCase());
  for (const name of ['Entwürfe (alt)', '100 % "sure"', '$money']) assert.match(keywordOfLabel(name)!, /^[!#-~]+$/);
  assert.equal(keywordOfLabel('  '), undefined);
  assert.equal(keywordOfLabel('日'.repeat(100)), undefined);
  assert.equal(isLabelKeyword('$seen'), false);
  assert.equal(isLabelKeyword('nonjunk'), false);
  assert.equal(labelOfKeyword('=ff=zz'), '=ff=zz');
});

test('dates are short in lists, and days begin at midnight here', () => {
  const now = new Date(2024, 4, 10, 0, 5);
  assert.equal(daysBefore(new Date(2024, 4, 9, 23, 59), now), 1);
  assert.equal(dayGroup(new Date(2024, 4, 9, 23, 59), now).key, 'yesterday');
  assert.equal(dayGroup(new Date(2024, 4, 11), now).key, 'later');
  assert.equal(dayGroup(new Date(NaN), now).key, '');
  assert.match(shortDate(new Date(2024, 4, 7), now), /^Tue/);
  assert.match(shortDate(new Date(2024, 2, 3), now), /3.*Mar|Mar.*3/);
  assert.match(shortDate(new Date(2021, 2, 3), now), /2021/);
  assert.equal(shortDate(new Date('x'), now), '');
});

test('what is put off goes to a time that lies ahead', () => {
  const names = (...at: [number, number, number, number]) => laterTimes(new Date(...at)).map((one) => `${one.name} ${localInput(one.at)}`);
  // The tenth of May 2024 is a Friday.
  assert.deepEqual(names(2024, 4, 8, 9), ['today 2024-05-08T12:00', 'tomorrow 2024-05-09T08:00', 'weekend 2024-05-11T08:00', 'week 2024-05-13T08:00']);
  assert.deepEqual(names(2024, 4, 8, 16), ['today 2024-05-08T18:00', 'tomorrow 2024-05-09T08:00', 'weekend 2024-05-11T08:00', 'week 2024-05-13T08:00']);
  assert.deepEqual(names(2024, 4, 10, 22), ['tomorrow 2024-05-11T08:00', 'week 2024-05-13T08:00']);
  assert.deepEqual(names(2024, 4, 12, 22), ['tomorrow 2024-05-13T08:00', 'weekend 2024-05-18T08:00']);
  assert.deepEqual(names(2024, 11, 31, 22), ['tomorrow 2025-01-01T08:00', 'weekend 2025-01-04T08:00', 'week 2025-01-06T08:00']);
});

test('only the rows in the window are drawn, and a list of any length has a place for each', () => {
  assert.deepEqual(spanAt(0, 640, 64, 100_000), { from: 0, to: 16 });
  assert.deepEqual(spanAt(64_000, 640, 64, 100_000), { from: 994, to: 1016 });
  assert.deepEqual(spanAt(640, 640, 64, 3), { from: 3, to: 3 });
  assert.deepEqual(spanAt(64_000, 640, 64, 100_000, 0), { from: 1000, to: 1010 });
  assert.equal(topToShow(5, 0, 640, 64), 0);
  assert.equal(topToShow(10, 0, 640, 64), 64);
  assert.equal(topToShow(3, 640, 640, 64), 192);
  const many = 1_000_000;
  assert.equal(boxHeight(many, 64), MOST_HEIGHT);
  const end = many * 64 - 640;
  assert.ok(Math.abs(listTop(scrollTopFor(end, many, 64, 640), many, 64, 640) - end) < 64);
});

test('rows that come into sight all at once are drawn alone at first, and those around them later', () => {
  const [top, around] = [{ from: 0, to: 10 }, { from: 0, to: 16 }];
  assert.equal(spanToDraw(top, { from: 0, to: 12 }, around, true).to, 12);
  assert.equal(spanToDraw(top, { from: 0, to: 12 }, around, false), around);
  const [far, aroundFar] = [{ from: 90, to: 100 }, { from: 84, to: 100 }];
  assert.equal(spanToDraw(far, around, aroundFar, false), far);
  assert.equal(spanToDraw(far, far, aroundFar, false), aroundFar);
});

test('what floats stays in the window, above where there is no room below, mirrored from right to left', () => {
  const view = { width: 1000, height: 600 };
  const at = (left: number, top: number) => ({ left, top, width: 100, height: 30 });
  assert.deepEqual(place({ width: 200, height: 100 }, at(100, 100), view, false), { left: 100, top: 134, maxHeight: 458, above: false });
  assert.deepEqual(place({ width: 200, height: 100 }, at(100, 100), view, true), { left: 8, top: 134, maxHeight: 458, above: false });
  assert.equal(place({ width: 200, height: 100 }, at(950, 100), view, false).left, 792);
  const above = place({ width: 200, height: 300 }, at(100, 550), view, false);
  assert.deepEqual([above.above, above.top], [true, 246]);
  // Nowhere beside it is room for more than a few entries: the window's whole height is there for it.
  assert.deepEqual(place({ width: 200, height: 500 }, at(100, 110), { width: 320, height: 256 }, false), { left: 100, top: 8, maxHeight: 240, above: false });
  assert.deepEqual(place({ width: 200, height: 150 }, at(100, 110), { width: 320, height: 256 }, false), { left: 100, top: 98, maxHeight: 240, above: false });
});

test('the palette finds by beginnings of words and by first letters', () => {
  assert.equal(fits('arch', 'Archive'), 0);
  assert.equal(fits('inb mov', 'Move to the inbox'), 1);
  assert.equal(fits('mtt', 'Move to the inbox'), 2);
  assert.equal(fits('entwurfe', 'Entwürfe'), 0);
  assert.equal(fits('xyz', 'Archive'), undefined);
  assert.deepEqual(best('a', ['Go to Archive', 'Archive'], (one) => one), ['Archive', 'Go to Archive']);
});

test('menus leave out separators that part nothing, and pass over what is not possible', () => {
  const entry = (id: string, disabled = false) => ({ id, words: id, disabled, run: () => undefined });
  assert.deepEqual(tidy([{ separator: '1' }, entry('a'), { separator: '2' }, { separator: '3' }, entry('b'), { separator: '4' }]).map((one) => ('id' in one ? one.id : '-')), ['a', '-', 'b']);
  const items = [entry('a'), { separator: '1' }, entry('b', true), entry('c')];
  assert.equal(nextEntry(items, 0, 1), 3);
  assert.equal(nextEntry(items, 3, 1), 0);
  assert.equal(nextEntry(items, -1, 1), 0);
});

test('one is told of mail in the folders that one has chosen, and of strangers only if one wants to', () => {
  const mail = (mailbox: string, more: Record<string, unknown> = {}) => ({ mailboxIds: { [mailbox]: true as const }, keywords: {}, ...more });
  assert.deepEqual([toldIn(mail('M1'), 'M1', {}), toldIn(mail('M2'), 'M1', {}), toldIn(mail('M2'), 'M1', { folders: ['M2'] }), toldIn(mail('M1'), 'M1', { folders: ['M2'] })], ['M1', undefined, 'M2', undefined]);
  assert.equal(toldIn(mail('M1', { keywords: { $seen: true } }), 'M1', {}), undefined);
  assert.equal(toldIn(mail('M1', { keywords: { $muted: true } }), 'M1', {}), undefined);
  const known = (firstContact: boolean | null) => toldIn(mail('M1', { firstContact }), 'M1', { knownOnly: true });
  assert.deepEqual([known(false), known(true), known(null)], ['M1', undefined, undefined]);
  // The server pushes no other mail.
  const filter = (folders: string[]) => (pushesFor('A1', folders)['emailPush'] as Record<string, { filter: { conditions: unknown[] } }>)['A1']!.filter.conditions;
  assert.deepEqual(filter(['M1']), [{ inMailbox: 'M1' }, { notKeyword: '$seen' }]);
  assert.deepEqual(filter(['M1', 'M2'])[0], { operator: 'OR', conditions: [{ inMailbox: 'M1' }, { inMailbox: 'M2' }] });
});

/** What a service worker has: one notification, windows, and an answer of the server. */
function serviceWorld(answer: (() => unknown) | undefined, windows: { url: string; focus(): Promise<unknown>; postMessage(message: unknown): void }[]) {
  const shown: { title: string; options: any }[] = [];
  const opened: string[] = [];
  const words = { archive: 'Archive', reply: 'Reply', someone: 'Somebody', more: '', notArchived: 'Not archived' };
  const world = {
    clients: { matchAll: async () => windows, openWindow: async (path: string) => void opened.push(path) },
    registration: { showNotification: async (title: string, options: any) => void shown.push({ title, options }) },
    caches: { open: async () => ({ match: async () => new Response(JSON.stringify({ states: {}, words })) }) },
    fetch: async () => {
      if (!answer) throw new TypeError('offline');
      return new Response(JSON.stringify({ methodResponses: [answer()] }));
    },
  };
  const before = Object.fromEntries(Object.keys(world).map((name) => [name, (globalThis as any)[name]]));
  Object.assign(globalThis, world);
  return { shown, opened, end: () => Object.assign(globalThis, before) };
}

const news: Shown = { accountId: 'A1', emailId: 'E1-2', path: '/mail/inbox/T1-2', archive: 'M1-6', inbox: 'M1-1', title: 'Anna', body: 'Budget' };

test('an archive that failed is told of where it was asked for', async () => {
  for (const answer of [undefined, () => ['error', { type: 'serverFail' }, '0'], () => ['Email/set', { notUpdated: { 'E1-2': { type: 'forbidden' } } }, '0']]) {
    const world = serviceWorld(answer, []);
    await clicked('archive', news).finally(world.end);
    assert.deepEqual(world.shown.map(({ title, options }) => [title, options.body, options.data.emailId, options.actions.length]), [['Not archived', 'Anna\nBudget', 'E1-2', 2]]);
  }
  const world = serviceWorld(() => ['Email/set', { updated: { 'E1-2': null } }, '0'], []);
  await clicked('archive', news).finally(world.end);
  assert.deepEqual(world.shown, []);
});

test('"Reply" leads to the reply, in a window that is there or in a new one', async () => {
  const said: unknown[] = [];
  const world = serviceWorld(undefined, []);
  await clicked('reply', news);
  await clicked('', news).finally(world.end);
  assert.deepEqual(world.opened, ['/mail/inbox/T1-2#reply=E1-2', '/mail/inbox/T1-2']);
  // A browser may refuse to bring the window to the front.
  const window = (path: string, said: unknown[]) => ({ url: `https://mail.example.test${path}`, focus: () => Promise.reject(new Error('no')), postMessage: (message: unknown) => void said.push(message) });
  const ofOther: unknown[] = [];
  // The window of somebody else who is signed in in this browser is none.
  const open = serviceWorld(undefined, [window('/u/1/mail/inbox', ofOther), window('/mail/archive', said)]);
  await clicked('reply', news).finally(open.end);
  assert.deepEqual([said, ofOther, open.opened], [[{ kind: 'go', path: '/mail/inbox/T1-2#reply=E1-2' }], [], []]);
});
