/**
 * Email/query over the rows of an account: the filters and sorts that look at nothing else. Whatever else is asked is the server's, or
 * text.ts's when there is no network.
 */
import type { Comparator, Filter, FilterCondition, Id } from '../../jmap/types.ts';
import type { Emails } from './emails.ts';
import type { Row } from './rows.ts';

export type Test = (row: Row) => boolean;

/** Gives the test of a condition that this file does not know; undefined if there is none. */
export type OtherTest = (name: string, value: unknown) => Test | undefined;

const inThread = (emails: Emails, row: Row, keyword: string): { all: boolean; some: boolean } => {
  const thread = emails.threads.get(row.threadId) ?? [row];
  return { all: thread.every((one) => one.keywords[keyword]), some: thread.some((one) => one.keywords[keyword]) };
};

function testOf(emails: Emails, name: string, value: any): Test | undefined {
  switch (name) {
    case 'inMailbox':
      return (row) => row.mailboxIds[value] === true;
    case 'inMailboxOtherThan':
      return (row) => Object.keys(row.mailboxIds).some((id) => !value.includes(id));
    case 'before':
      return ((limit) => (row: Row) => row.received < limit)(Date.parse(value));
    case 'after':
      return ((limit) => (row: Row) => row.received >= limit)(Date.parse(value));
    case 'minSize':
      return (row) => row.size >= value;
    case 'maxSize':
      return (row) => row.size < value;
    case 'hasKeyword':
      return ((keyword) => (row: Row) => row.keywords[keyword] === true)(value.toLowerCase());
    case 'notKeyword':
      return ((keyword) => (row: Row) => row.keywords[keyword] !== true)(value.toLowerCase());
    case 'allInThreadHaveKeyword':
      return (row) => inThread(emails, row, value.toLowerCase()).all;
    case 'someInThreadHaveKeyword':
      return (row) => inThread(emails, row, value.toLowerCase()).some;
    case 'noneInThreadHaveKeyword':
      return (row) => !inThread(emails, row, value.toLowerCase()).some;
    case 'hasAttachment':
      return (row) => row.hasAttachment === value;
    default:
      return undefined;
  }
}

/** Undefined: something in it is not to be judged by rows. */
export function filterTest(emails: Emails, filter: Filter | null | undefined, other: OtherTest = () => undefined): Test | undefined {
  if (!filter) return () => true;
  if ('operator' in filter) {
    const tests: Test[] = [];
    for (const condition of filter.conditions) {
      const test = filterTest(emails, condition, other);
      if (!test) return undefined;
      tests.push(test);
    }
    if (filter.operator === 'AND') return (row) => tests.every((test) => test(row));
    if (filter.operator === 'OR') return (row) => tests.some((test) => test(row));
    return (row) => !tests.some((test) => test(row));
  }
  const tests: Test[] = [];
  for (const [name, value] of Object.entries(filter as FilterCondition)) {
    if (value === null || value === undefined) continue;
    const test = testOf(emails, name, value) ?? other(name, value);
    if (!test) return undefined;
    tests.push(test);
  }
  return tests.length === 1 ? tests[0] : (row) => tests.every((test) => test(row));
}

type Compare = (a: Row, b: Row) => number;

/** Undefined: sorts by something that is not in the rows. Null: the order that the rows stand in. */
export function sortOf(emails: Emails, sort: readonly Comparator[] | null | undefined): Compare | null | undefined {
  if (!sort?.length) return null;
  if (sort[0]!.property === 'receivedAt' && sort[0]!.isAscending === false) return null;
  const by: Compare[] = [];
  for (const { property, isAscending, keyword } of sort) {
    const word = keyword?.toLowerCase() ?? '';
    const value = {
      receivedAt: (row: Row) => row.received,
      size: (row: Row) => row.size,
      hasKeyword: (row: Row) => Number(row.keywords[word] === true),
      allInThreadHaveKeyword: (row: Row) => Number(inThread(emails, row, word).all),
      someInThreadHaveKeyword: (row: Row) => Number(inThread(emails, row, word).some),
    }[property];
    if (!value) return undefined;
    by.push(isAscending === false ? (a, b) => value(b) - value(a) : (a, b) => value(a) - value(b));
  }
  return (a, b) => {
    for (const compare of by) {
      const order = compare(a, b);
      if (order) return order;
    }
    return 0;
  };
}

export interface Question {
  filter?: Filter | null;
  sort?: Comparator[] | null;
  collapseThreads?: boolean;
}

export function evaluate(emails: Emails, test: Test, compare: Compare | null, collapse: boolean): Id[] {
  let rows: readonly Row[] = emails.order;
  if (compare) rows = rows.filter(test).sort(compare);
  const ids: Id[] = [];
  const threads = new Set<Id>();
  for (const row of rows) {
    if (!compare && !test(row)) continue;
    if (collapse) {
      if (threads.has(row.threadId)) continue;
      threads.add(row.threadId);
    }
    ids.push(row.id);
  }
  return ids;
}

/** What to take out of `old` and to put in, in order, to have `fresh`: RFC 8620 section 5.6. */
export function difference(old: readonly Id[], fresh: readonly Id[]): { removed: Id[]; added: { id: Id; index: number }[] } {
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let oldEnd = old.length;
  let freshEnd = fresh.length;
  while (oldEnd > head && freshEnd > head && old[oldEnd - 1] === fresh[freshEnd - 1]) oldEnd--, freshEnd--;
  const places = new Map<Id, number>();
  for (let at = head; at < oldEnd; at++) places.set(old[at]!, at);
  const staying = new Set<Id>();
  const added: { id: Id; index: number }[] = [];
  // What stays must stand in the same order in both: what would have to go back is taken out and put in again.
  let last = -1;
  for (let at = head; at < freshEnd; at++) {
    const id = fresh[at]!;
    const place = places.get(id);
    if (place !== undefined && place > last) {
      staying.add(id);
      last = place;
    } else added.push({ id, index: at });
  }
  const removed = old.slice(head, oldEnd).filter((id) => !staying.has(id));
  return { removed, added };
}
