/**
 * Email/query over the rows of an account: the filters and sorts that look at nothing else. Whatever else is asked is the server's, or
 * text.ts's when there is no network.
 */
import type { Comparator, Filter, FilterCondition, Id } from '../../jmap/types.ts';
import type { Emails, Step } from './emails.ts';
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

type Value = (row: Row) => number;

/** What rows are sorted by: the lower value first, and of equal ones by what comes next. */
export type Sort = Value[];

/** Undefined: sorts by something that is not in the rows. Null: the order that the rows stand in. */
export function sortOf(emails: Emails, sort: readonly Comparator[] | null | undefined): Sort | null | undefined {
  if (!sort?.length) return null;
  if (sort[0]!.property === 'receivedAt' && sort[0]!.isAscending === false) return null;
  const by: Sort = [];
  for (const { property, isAscending, keyword } of sort) {
    const value = valueOf(emails, property, keyword?.toLowerCase() ?? '');
    if (!value) return undefined;
    by.push(isAscending === false ? (row) => -value(row) : value);
  }
  return by;
}

function valueOf(emails: Emails, property: string, keyword: string): Value | undefined {
  switch (property) {
    case 'receivedAt':
      return (row) => row.received;
    case 'snoozedUntil':
      return (row) => row.dated;
    case 'size':
      return (row) => row.size;
    case 'hasKeyword':
      return (row) => Number(row.keywords[keyword] === true);
    case 'allInThreadHaveKeyword':
      return (row) => Number(inThread(emails, row, keyword).all);
    case 'someInThreadHaveKeyword':
      return someInThread(emails, keyword);
    default:
      return undefined;
  }
}

/** Few conversations have the keyword that lists begin with: they are looked for once, and not for each row. */
function someInThread(emails: Emails, keyword: string): Value {
  let threads: Set<Id> | undefined;
  return (row) => {
    if (!threads) {
      threads = new Set();
      for (const one of emails.order) if (one.keywords[keyword]) threads.add(one.threadId);
    }
    return threads.size && threads.has(row.threadId) ? 1 : 0;
  };
}

/** Rows mostly stand in this order already, since what is pinned or put off is little: then there is nothing to be done. */
function sorted(rows: readonly Row[], sort: Sort): readonly Row[] {
  const columns = sort.map((value) => {
    const column = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at++) column[at] = value(rows[at]!);
    return column;
  });
  const compare = (a: number, b: number): number => {
    for (const column of columns) if (column[a] !== column[b]) return column[a]! - column[b]!;
    return a - b;
  };
  let at = 1;
  while (at < rows.length && compare(at - 1, at) < 0) at++;
  if (at >= rows.length) return rows;
  return Array.from(rows.keys())
    .sort(compare)
    .map((place) => rows[place]!);
}

export interface Question {
  filter?: Filter | null;
  sort?: Comparator[] | null;
  collapseThreads?: boolean;
}

export function evaluate(emails: Emails, test: Test, sort: Sort | null, collapse: boolean): Id[] {
  const found = emails.order.filter(test);
  const rows = sort ? sorted(found, sort) : found;
  const ids: Id[] = [];
  const threads = new Set<Id>();
  for (const row of rows) {
    if (collapse) {
      if (threads.has(row.threadId)) continue;
      threads.add(row.threadId);
    }
    ids.push(row.id);
  }
  return ids;
}

const isOfThreads = (name: string): boolean => name.includes('InThread');

/** The keywords by which a filter or sort judges whole conversations. */
function keywordsOfThreads({ filter, sort }: Question): string[] {
  const judged = (one: Filter): string[] =>
    'operator' in one ? one.conditions.flatMap(judged) : Object.entries(one).flatMap(([name, value]) => (isOfThreads(name) && typeof value === 'string' ? [value.toLowerCase()] : []));
  return [...(filter ? judged(filter) : []), ...(sort ?? []).flatMap(({ property, keyword }) => (isOfThreads(property) && keyword ? [keyword.toLowerCase()] : []))];
}

/**
 * Whether the result is the same as before these changes, so that nobody has to look through all emails: what is read or starred changes few
 * lists. `test` is that of the question's filter.
 */
export function isUntouched(emails: Emails, question: Question, test: Test, steps: readonly Step[]): boolean {
  const keywords = keywordsOfThreads(question);
  const ofRows = sortOf(emails, question.sort?.filter(({ property }) => !isOfThreads(property))) ?? [];
  return steps.every(({ old, now }) => {
    // Conversations have other emails now.
    if (!old || !now || old.threadId !== now.threadId) return false;
    if (keywords.some((keyword) => old.keywords[keyword] !== now.keywords[keyword])) return false;
    const isIn = test(now);
    return test(old) === isIn && (!isIn || (old.received === now.received && ofRows.every((value) => value(old) === value(now))));
  });
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
