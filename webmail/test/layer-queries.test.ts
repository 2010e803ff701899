/** Queries over the rows of an account, which change at random: what is kept of a result is what looking through all gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparator, Filter, Id } from '../src/jmap/types.ts';
import type { Account } from '../src/layer/cache/account.ts';
import { Changes } from '../src/layer/cache/changes.ts';
import { Emails, type Json } from '../src/layer/cache/emails.ts';
import { Queries } from '../src/layer/cache/queries.ts';
import { evaluate, filterTest, sortOf } from '../src/layer/cache/query.ts';
import type { TextIndex } from '../src/layer/cache/text.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';

const INBOX = 'M1-1';
const ARCHIVE = 'M1-2';

const newest: Comparator = { property: 'receivedAt', isAscending: false };
const QUESTIONS: Json[] = [
  { filter: { inMailbox: INBOX }, sort: [newest], collapseThreads: true },
  { filter: { inMailbox: INBOX }, sort: [{ property: 'someInThreadHaveKeyword', keyword: '$pinned', isAscending: false }, { property: 'snoozedUntil', isAscending: false }, newest], collapseThreads: true },
  { filter: { operator: 'AND', conditions: [{ inMailbox: INBOX }, { notKeyword: '$seen' }] }, sort: [newest] },
  { filter: { operator: 'OR', conditions: [{ someInThreadHaveKeyword: '$flagged' }, { inMailbox: ARCHIVE }] }, sort: [{ property: 'size', isAscending: true }], collapseThreads: true },
  { filter: { noneInThreadHaveKeyword: '$seen' }, sort: [{ property: 'allInThreadHaveKeyword', keyword: '$flagged' }, newest] },
  { filter: null, sort: [{ property: 'hasKeyword', keyword: '$seen' }, newest] },
];

function world() {
  const emails = new Emails(new MemoryStore(), 'A1', new Changes('e'), new Changes('t'), { of: () => undefined, made: () => undefined });
  const account = { id: 'A1', emails, complete: true, emailState: 's' } as unknown as Account;
  const queries = new Queries(account, 'q', {} as TextIndex);
  const told = async (list: Json[], gone: Id[] = []): Promise<void> => {
    await emails.prepare(list, gone);
    emails.show(emails.take(list, gone));
  };
  return { emails, told, ask: (args: Json) => queries.query(args, true).then((read) => read!.answer) };
}

const email = (number: number, thread: number, more: Json = {}): Json => ({
  id: `E1-${number.toString(16)}`, threadId: `T1-${thread}`, mailboxIds: { [INBOX]: true }, keywords: {}, receivedAt: new Date(1.7e12 + number * 1000).toISOString(), size: (number * 37) % 500, hasAttachment: false, snoozed: null, awokenAt: null, ...more,
});

function whole(emails: Emails, question: Json): Id[] {
  return evaluate(emails, filterTest(emails, question['filter'] as Filter)!, sortOf(emails, question['sort']) ?? null, Boolean(question['collapseThreads']));
}

test('a result that is kept is what looking through all gives, whatever has changed', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed * 2654435761;
    const any = (below: number): number => (state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0) % below;
    const { emails, told, ask } = world();
    const here = new Map<Id, Json>();
    const put = async (one: Json): Promise<void> => {
      here.set(one['id'], one);
      await told([one]);
    };
    let count = 0;
    while (count < 30) await put(email(++count, any(12)));
    for (let step = 0; step < 120; step++) {
      const ids = [...here.keys()];
      const one = here.get(ids[any(ids.length)]!)!;
      const toggled = (name: string): Json => {
        const keywords: Json = { ...one['keywords'] };
        if (keywords[name]) delete keywords[name];
        else keywords[name] = true;
        return { ...one, keywords };
      };
      const what = any(9);
      if (what < 5) await put(toggled(['$seen', '$flagged', '$pinned', '$seen', '$answered'][what]!));
      else if (what === 5) await put({ ...one, mailboxIds: { [any(2) ? INBOX : ARCHIVE]: true } });
      else if (what === 6) await put({ ...one, awokenAt: any(2) ? new Date(1.7e12 + any(60_000)).toISOString() : null });
      else if (what === 7) await put(email(++count, any(12), { mailboxIds: { [any(2) ? INBOX : ARCHIVE]: true }, keywords: any(2) ? { $pinned: true } : {} }));
      else if (ids.length > 5) {
        here.delete(one['id']);
        await told([], [one['id']]);
      }
      // Some are asked after each change, others after several.
      for (const [at, question] of QUESTIONS.entries()) if (any(at + 1) === 0) assert.deepEqual((await ask(question))['ids'], whole(emails, question), `seed ${seed}, step ${step}, question ${at}`);
    }
  }
});

test('nobody looks through all emails for a change that a list does not show', async () => {
  const { emails, told, ask } = world();
  for (let n = 1; n <= 20; n++) await told([email(n, n % 7)]);
  const [byDate, pinned, unread] = QUESTIONS as [Json, Json, Json];
  const states = [await ask(byDate), await ask(pinned), await ask(unread)].map((answer) => answer['queryState']);
  let looks = 0;
  const { order } = emails;
  Object.defineProperty(emails, 'order', { get: () => (looks++, order), configurable: true });
  const seen = email(5, 5, { keywords: { $seen: true } });
  await told([seen]);
  const change = looks;
  assert.deepEqual([(await ask(byDate))['queryState'], (await ask(pinned))['queryState']], states.slice(0, 2));
  assert.equal(looks, change);
  assert.notEqual((await ask(unread))['queryState'], states[2]);
  assert.equal(looks, change + 1);
  await told([{ ...seen, keywords: { $seen: true, $pinned: true } }]);
  assert.equal((await ask(byDate))['queryState'], states[0]);
  assert.notEqual((await ask(pinned))['queryState'], states[1]);
  // So many changes are not remembered one by one.
  const before = emails.version;
  for (let n = 0; n < 2000; n++) await told([{ ...seen, keywords: n % 2 ? { $seen: true } : {} }]);
  assert.equal(emails.since(before), undefined);
  assert.equal(emails.since(emails.version)!.length, 0);
});
