/**
 * What a list shows: the emails of a query, one for each conversation, by their position. Of 100,000 only the parts that somebody looked
 * at are known; the others are holes. A list never jumps: changes are put into what is there, position by position (RFC 8620 section 5.6).
 */
import { signal } from '@preact/signals';
import { Batch } from '../jmap/batch.ts';
import type { Comparator, EmailRow, Filter, FilterCondition, Id, State } from '../jmap/types.ts';
import type { Store } from './store.ts';

export interface ListQuery {
  accountId: Id;
  filter: Filter | null;
  sort: Comparator[];
  collapseThreads: boolean;
}

interface QueryAnswer {
  ids: Id[];
  total?: number;
  position: number;
  queryState: State;
  canCalculateChanges: boolean;
}

interface ChangesAnswer {
  removed: Id[];
  added: { id: Id; index: number }[];
  newQueryState: State;
  total?: number;
}

export const NEWEST_FIRST: Comparator[] = [{ property: 'receivedAt', isAscending: false }];
/** Positions are asked for in pieces of so many. */
const WINDOW = 100;
const CHANGES_MAX = 500;

/** The query of a mailbox. */
export function mailboxQuery(accountId: Id, mailboxId: Id): ListQuery {
  return { accountId, filter: { inMailbox: mailboxId }, sort: NEWEST_FIRST, collapseThreads: true };
}

export class MailList {
  /** Undefined until the first answer. */
  readonly total = signal<number | undefined>(undefined);
  /** Grows whenever `ids` has changed: who draws rows depends on it. */
  readonly version = signal(0);
  readonly failed = signal(false);
  /** Holes are positions that nobody has looked at. */
  readonly ids: (Id | undefined)[] = [];
  private queryState: State | undefined;
  private readonly asked = new Set<number>();
  /** Taken out before the server has said so. */
  private readonly gone = new Set<Id>();
  private refreshing: Promise<void> | undefined;
  private again = false;
  private readonly ends: (() => void)[] = [];

  constructor(private readonly store: Store, readonly query: ListQuery) {
    this.ends.push(
      store.changed.listen(({ accountId }) => accountId === query.accountId && void this.refresh()),
      store.localChange.listen(({ accountId, emails }) => accountId === query.accountId && this.judge(emails)),
    );
  }

  close(): void {
    for (const end of this.ends) end();
  }

  at(position: number): Id | undefined {
    return this.ids[position];
  }

  positionOf(id: Id): number {
    return this.ids.indexOf(id);
  }

  /** The emails that a row stands for: those of its conversation that this list is about. */
  emailsOf(id: Id): Id[] {
    const email = this.store.emails.peek(id);
    const thread = email && this.query.collapseThreads ? this.store.threads.peek(email.threadId) : undefined;
    if (!thread) return [id];
    const shown = thread.emailIds.filter((one) => one === id || this.matches(one) !== false);
    return shown.length ? shown : [id];
  }

  /** Loads what is not here of these positions, and their rows. */
  async want(from: number, to: number): Promise<void> {
    const end = Math.min(to, this.total.peek() ?? to);
    for (let at = Math.floor(from / WINDOW) * WINDOW; at < Math.max(end, from + 1); at += WINDOW) {
      if (this.asked.has(at)) continue;
      this.asked.add(at);
      try {
        await this.load(at);
        this.failed.value = false;
      } catch {
        this.asked.delete(at);
        this.failed.value = true;
      }
    }
  }

  private async load(position: number): Promise<void> {
    const { accountId, filter, sort, collapseThreads } = this.query;
    const request = new Batch(this.store.layer);
    const query = request.call<QueryAnswer>('Email/query', { accountId, filter, sort, collapseThreads, position, limit: WINDOW, calculateTotal: true });
    const first = request.call<{ list: EmailRow[] }>('Email/get', { accountId, '#ids': query.result('/ids'), properties: ['threadId'] });
    const threads = request.call('Thread/get', { accountId, '#ids': first.result('/list/*/threadId') });
    const rows = request.call('Email/get', { accountId, '#ids': threads.result('/list/*/emailIds'), properties: this.store.rowProperties });
    await request.send();
    const answer = query.answer;
    if (this.queryState !== undefined && answer.queryState !== this.queryState) this.again = true;
    this.queryState ??= answer.queryState;
    this.store.putRows(accountId, rows.answer.list, threads.answer.list);
    answer.ids.forEach((id, i) => (this.ids[answer.position + i] = id));
    this.setTotal(answer.total ?? Math.max(this.ids.length, answer.position + answer.ids.length));
    if (this.again) void this.refresh();
  }

  /** Something changed at the server: the list follows. Several at once are one. */
  refresh(): Promise<void> {
    this.again = true;
    this.refreshing ??= this.follow().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async follow(): Promise<void> {
    while (this.again) {
      this.again = false;
      if (this.queryState === undefined) return;
      const { accountId, filter, sort, collapseThreads } = this.query;
      const request = new Batch(this.store.layer);
      const changes = request.call<ChangesAnswer>('Email/queryChanges', { accountId, filter, sort, collapseThreads, sinceQueryState: this.queryState, maxChanges: CHANGES_MAX, calculateTotal: true }, { mayFail: true });
      await request.send();
      if (changes.error) await this.reload();
      else await this.apply(changes.answer);
    }
  }

  private async apply({ removed, added, newQueryState, total }: ChangesAnswer): Promise<void> {
    await this.store.loadRows(this.query.accountId, added.filter(({ index }) => index < this.ids.length + WINDOW).map(({ id }) => id));
    let unknown = false;
    for (const id of removed) {
      const at = this.ids.indexOf(id);
      if (at >= 0) this.ids.splice(at, 1);
      else if (!this.gone.has(id)) unknown = true;
      this.gone.delete(id);
    }
    for (const { id, index } of [...added].sort((a, b) => a.index - b.index))
      if (this.ids[index] !== id) {
        if (index > this.ids.length) this.ids.length = index;
        this.ids.splice(index, 0, id);
      }
    this.queryState = newQueryState;
    if (total !== undefined) this.setTotal(total);
    // Where one lay that was never seen, everything behind may have moved.
    if (unknown && this.hasHoles()) this.forgetHoles();
    this.version.value++;
  }

  /** From the beginning, for what was looked at. */
  private async reload(): Promise<void> {
    const first = this.ids.findIndex((id) => id !== undefined);
    this.queryState = undefined;
    this.asked.clear();
    this.ids.length = 0;
    this.gone.clear();
    await this.want(Math.max(0, first), Math.max(0, first) + WINDOW);
  }

  private hasHoles(): boolean {
    return Object.keys(this.ids).length < (this.total.peek() ?? 0);
  }

  /** Positions behind the first hole are asked for again when somebody looks at them. */
  private forgetHoles(): void {
    let end = 0;
    while (this.ids[end] !== undefined) end++;
    this.ids.length = end;
    for (const at of [...this.asked]) if (at + WINDOW > end) this.asked.delete(at);
    this.ids.length = this.total.peek() ?? end;
  }

  private setTotal(total: number): void {
    this.total.value = total;
    this.ids.length = total;
    this.version.value++;
  }

  /** These emails changed here: rows that do not belong into the list any more leave it at once. */
  private judge(emails: readonly Id[]): void {
    const threads = new Set(emails.map((id) => this.store.emails.peek(id)?.threadId ?? id));
    let changed = false;
    for (const [position, id] of [...this.ids.entries()].reverse()) {
      const email = id && this.store.emails.peek(id);
      if (!id || (email ? !threads.has(email.threadId) : !emails.includes(id))) continue;
      const stays = email && (this.query.collapseThreads ? (this.store.threads.peek(email.threadId)?.emailIds ?? [id]) : [id]).some((one) => this.matches(one) !== false);
      if (stays) continue;
      this.ids.splice(position, 1);
      this.gone.add(id);
      this.total.value = Math.max(0, (this.total.peek() ?? 1) - 1);
      changed = true;
    }
    if (changed) this.version.value++;
    else if ([...this.gone].some((id) => emails.includes(id))) void this.reload();
  }

  /** Whether an email belongs here; undefined: only the server can say. */
  matches(id: Id): boolean | undefined {
    const email = this.store.emails.peek(id);
    return email ? matchesFilter(email, this.query.filter) : false;
  }
}

/** What can be told of a filter by mailboxes and keywords; undefined for the rest. */
export function matchesFilter(email: EmailRow, filter: Filter | null): boolean | undefined {
  if (!filter) return true;
  if (!('operator' in filter)) return matchesCondition(email, filter);
  const found = filter.conditions.map((one) => matchesFilter(email, one));
  if (filter.operator === 'AND') return found.includes(false) ? false : found.includes(undefined) ? undefined : true;
  if (filter.operator === 'OR') return found.includes(true) ? true : found.includes(undefined) ? undefined : false;
  return found.includes(true) ? false : found.includes(undefined) ? undefined : true;
}

function matchesCondition(email: EmailRow, condition: FilterCondition): boolean | undefined {
  let sure: boolean | undefined = true;
  for (const [name, value] of Object.entries(condition)) {
    if (name === 'inMailbox') {
      if (!(String(value) in email.mailboxIds)) return false;
    } else if (name === 'inMailboxOtherThan') {
      if (!Object.keys(email.mailboxIds).some((id) => !(value as Id[]).includes(id))) return false;
    } else if (name === 'hasKeyword') {
      if (!(String(value) in email.keywords)) return false;
    } else if (name === 'notKeyword') {
      if (String(value) in email.keywords) return false;
    } else if (name === 'hasAttachment') {
      if (email.hasAttachment !== value) return false;
    } else {
      sure = undefined;
    }
  }
  return sure;
}
