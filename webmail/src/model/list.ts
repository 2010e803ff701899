/**
 * What a list shows: the emails of a query, one for each conversation, by their position. Of 100,000 only the parts that somebody looked
 * at are known; the others are holes. A list never jumps: changes are put into what is there, position by position (RFC 8620 section 5.6),
 * and what was changed in this page is shown before the server has said a word.
 */
import { signal } from '@preact/signals';
import { Emitter } from '../base/emitter.ts';
import { Batch } from '../jmap/batch.ts';
import type { Comparator, EmailRow, Filter, Id, State } from '../jmap/types.ts';
import type { FirstRequests } from '../layer/layer.ts';
import { matchesFilter } from './filter.ts';
import { askWindow, type QueryAnswer, WINDOW } from './listWindow.ts';
import type { RowList } from './merged.ts';
import type { Store } from './store.ts';

export interface ListQuery {
  accountId: Id;
  filter: Filter | null;
  sort: Comparator[];
  collapseThreads: boolean;
}

interface ChangesAnswer {
  removed: Id[];
  added: { id: Id; index: number }[];
  newQueryState: State;
  total?: number;
}

export const NEWEST_FIRST: Comparator[] = [{ property: 'receivedAt', isAscending: false }];
/** Conversations that are pinned stand above all others. */
export const PINNED_FIRST: Comparator[] = [{ property: 'someInThreadHaveKeyword', keyword: '$pinned', isAscending: false }, ...NEWEST_FIRST];
const CHANGES_MAX = 500;
/** Of more changed conversations than this, the list is looked through once in place of once for each. */
const FEW = 32;

/** The same where the server puts mail off: what came back stands where its time is. */
export const AWOKEN_FIRST: Comparator[] = [PINNED_FIRST[0]!, { property: 'snoozedUntil', isAscending: false }];

/** The moment that a row is sorted by. */
export function listDate(email: EmailRow): string {
  return (email.snoozed?.unlessAnswered ? undefined : email.snoozed?.until) ?? email.awokenAt ?? email.receivedAt;
}

/** The query of a mailbox. */
export function mailboxQuery(accountId: Id, mailboxId: Id): ListQuery {
  return { accountId, filter: { inMailbox: mailboxId }, sort: NEWEST_FIRST, collapseThreads: true };
}

/** What a row is sorted by, for lists whose newest stand above. */
export interface Rank {
  isPinned: boolean;
  date: string;
}

export class MailList implements RowList {
  readonly parts = [this];
  /** Undefined until the first answer. */
  readonly total = signal<number | undefined>(undefined);
  /** Grows whenever the rows have changed: who draws rows depends on it. */
  readonly version = signal(0);
  readonly failed = signal(false);
  /** Dense: a position that nobody has looked at is undefined. */
  private ids: (Id | undefined)[] = [];
  private queryState: State | undefined;
  private readonly asked = new Set<number>();
  private wanted = { from: 0, to: WINDOW };
  private loading: Promise<void> | undefined;
  /** Taken out here before the server has said so, and put in. */
  private readonly gone = new Set<Id>();
  /** Counts changes of positions: an answer to a question from before one is no use any more. */
  private moves = 0;
  private refreshing: Promise<void> | undefined;
  private again = false;
  /**
   * Rows that left the query by being read or marked while somebody looks at it. They stay until the list is opened anew: what one has just
   * opened under "Unread" must not go away under one's eyes. The server's positions do not count them.
   */
  private readonly kept = new Set<Id>();
  private closed = true;
  private ends: (() => void)[] = [];
  /** What has come since the list was opened, and is unread. */
  readonly arrived = new Emitter<readonly EmailRow[]>();
  /** Where the reader was: the first row that was seen. */
  top = 0;

  constructor(
    private readonly store: Store,
    readonly query: ListQuery,
    /** The part of the filter whose rows leave at once; what the rest has no more, stays for a while. */
    private readonly lasting: Filter | null = query.filter,
  ) {
    this.open();
  }

  /** Follows what changes. A list that was closed shows at once what it had, and then what came since. */
  open(): void {
    if (!this.closed) return;
    this.closed = false;
    if (this.kept.size > 0) {
      this.ids = this.ids.filter((id) => id === undefined || !this.kept.has(id));
      this.kept.clear();
      this.moves++;
      this.tell();
    }
    const { accountId } = this.query;
    this.ends = [
      this.store.changed.listen((event) => event.accountId === accountId && void this.refresh().catch(() => (this.failed.value = true))),
      this.store.localChange.listen((event) => event.accountId === accountId && this.judge(event.emails)),
    ];
    if (this.queryState !== undefined) void this.refresh().catch(() => (this.failed.value = true));
  }

  close(): void {
    this.closed = true;
    for (const end of this.ends) end();
  }

  at(position: number): Id | undefined {
    return this.ids[position];
  }

  positionOf(id: Id): number {
    return this.ids.indexOf(id);
  }

  /** What a row is named by, whichever email stands for it: its thread, in a list of conversations. */
  keyOf(id: Id): Id {
    return this.query.collapseThreads ? (this.store.emails.peek(id)?.threadId ?? id) : id;
  }

  keyAt(position: number): Id | undefined {
    const id = this.ids[position];
    return id === undefined ? undefined : this.keyOf(id);
  }

  positionOfKey(key: Id): number {
    for (const id of this.emailsOfKey(key)) {
      const at = this.ids.indexOf(id);
      if (at >= 0) return at;
    }
    return -1;
  }

  /** Whether a row, or a conversation that is in no list, is of this list's account. */
  isOf(key: Id): boolean {
    const { emails, threads } = this.store;
    return this.query.accountId === (this.query.collapseThreads && threads.has(key) ? threads : emails).accountOf(key);
  }

  /** Of all rows that are known. */
  keys(): Id[] {
    const found: Id[] = [];
    for (const id of this.ids) if (id !== undefined) found.push(this.keyOf(id));
    return found;
  }

  private emailsOfKey(key: Id): readonly Id[] {
    return (this.query.collapseThreads && this.store.threads.peek(key)?.emailIds) || [key];
  }

  /** The emails that a row stands for: those of its conversation that this list is about. */
  emailsOf(key: Id): Id[] {
    const shown = this.emailsOfKey(key).filter((id) => this.belongs(id));
    if (shown.length > 0) return shown;
    const at = this.positionOfKey(key);
    return at < 0 ? [] : [this.ids[at]!];
  }

  /** All emails of a row's conversation, wherever they lie. */
  wholeThread(key: Id): Id[] {
    return this.emailsOfKey(key).filter((id) => this.store.emails.has(id));
  }

  /** Tells which rows are looked at: what is not here of them is loaded, the newest wish first. */
  want(from: number, to: number): Promise<void> {
    this.wanted = { from, to };
    this.loading ??= this.load().finally(() => (this.loading = undefined));
    return this.loading;
  }

  private missing(): number | undefined {
    const end = Math.min(this.wanted.to, this.total.peek() ?? this.wanted.to);
    for (let at = Math.floor(this.wanted.from / WINDOW) * WINDOW; at < Math.max(end, 1); at += WINDOW) if (!this.asked.has(at)) return at;
    return undefined;
  }

  private async load(): Promise<void> {
    for (let at = this.missing(); at !== undefined && !this.closed; at = this.missing()) {
      this.asked.add(at);
      try {
        if (!(await this.loadWindow(at))) {
          this.asked.delete(at);
          await this.refresh();
        }
        this.failed.value = false;
      } catch {
        this.asked.delete(at);
        this.failed.value = true;
        return;
      }
    }
  }

  /** What a start asks for this list, and a smaller request for the rows that its first screen has. */
  firstRequest(rows: number): FirstRequests[number] {
    const [asked, answered] = [WINDOW, rows].map((limit) => askWindow(this.store, this.query, 0, limit).request.asked);
    return [asked!, answered!];
  }

  /** False: rows have moved while the server answered, so its positions are not ours. */
  private async loadWindow(position: number): Promise<boolean> {
    const moves = this.moves;
    const { request, query, threads, rows } = askWindow(this.store, this.query, Math.max(0, position - this.kept.size));
    await request.send();
    const answer = this.counted(query.answer);
    this.store.putRows(this.query.accountId, rows.answer.list, threads.answer.list);
    if (moves !== this.moves) return false;
    if (this.queryState !== undefined && answer.queryState !== this.queryState) return false;
    this.queryState = answer.queryState;
    this.setLength(answer.total ?? Math.max(this.ids.length, answer.position + answer.ids.length));
    answer.ids.forEach((id, i) => (this.ids[answer.position + i] = id));
    this.tell();
    return true;
  }

  /** The server's positions as ours: rows that are kept lie above what is still to be loaded. */
  private counted(answer: QueryAnswer): QueryAnswer {
    const { size } = this.kept;
    const total = answer.total === undefined ? undefined : answer.total + size;
    return {
      ...answer,
      total,
      position: answer.position + (answer.position > 0 ? size : 0),
      ids: answer.position > 0 || size === 0 ? answer.ids : this.withKept(answer.ids),
    };
  }

  /** The first window anew, with the kept rows where they are. */
  private withKept(ids: readonly Id[]): Id[] {
    const all = [...ids];
    this.ids.forEach((id, at) => {
      if (id !== undefined && this.kept.has(id)) all.splice(at, 0, id);
    });
    return all;
  }

  /** Something changed at the server: the list follows. Several at once are one. */
  refresh(): Promise<void> {
    this.again = true;
    this.refreshing ??= this.follow().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async follow(): Promise<void> {
    while (this.again && !this.closed) {
      this.again = false;
      if (this.queryState === undefined) return;
      const { accountId, filter, sort, collapseThreads } = this.query;
      const request = new Batch(this.store.layer);
      const changes = request.call<ChangesAnswer>(
        'Email/queryChanges',
        { accountId, filter, sort, collapseThreads, sinceQueryState: this.queryState, maxChanges: CHANGES_MAX, calculateTotal: true },
        { mayFail: true },
      );
      await request.send();
      if (changes.error) await this.reload();
      else await this.apply(changes.answer);
    }
  }

  private async apply({ removed, added, newQueryState, total }: ChangesAnswer): Promise<void> {
    const known = added.filter(({ index }) => index < this.ids.length + WINDOW).map(({ id }) => id);
    const before = new Set(this.ids);
    const newest = this.newest();
    await this.store.loadRows(this.query.accountId, known);
    let unknown = false;
    for (const id of removed) {
      const at = this.ids.indexOf(id);
      if (this.kept.has(id)) {
        // It goes if it has left for another reason since.
        if (this.lasts(id)) continue;
        this.kept.delete(id);
      }
      if (at >= 0) this.ids.splice(at, 1);
      else if (!this.gone.has(id)) unknown = true;
      this.gone.delete(id);
    }
    for (const { id, index: counted } of [...added].sort((a, b) => a.index - b.index)) {
      const at = this.ids.indexOf(id);
      this.kept.delete(id);
      const index = this.positionAt(counted);
      if (at === index) continue;
      // Put in here already, where it seemed to belong.
      if (at >= 0) this.ids.splice(at, 1);
      this.setLength(Math.max(this.ids.length, index));
      this.ids.splice(index, 0, id);
    }
    this.queryState = newQueryState;
    this.moves++;
    if (total !== undefined) this.setLength(total + this.kept.size);
    // Where one lay that was never seen, everything behind may have moved.
    if (unknown) this.forgetBehindHole();
    this.tell();
    const rows = known.flatMap((id) => (before.has(id) ? [] : (this.store.emails.peek(id) ?? [])));
    // What another program has put back is older.
    const news = rows.filter((email) => email.receivedAt > newest && !('$seen' in email.keywords) && !('$draft' in email.keywords));
    if (news.length > 0) this.arrived.emit(news);
    if (this.missing() !== undefined) void this.want(this.wanted.from, this.wanted.to);
  }

  /** When the newest row that is here came. */
  private newest(): string {
    let newest = '';
    for (const id of this.ids) {
      const at = id === undefined ? undefined : this.store.emails.peek(id)?.receivedAt;
      if (at !== undefined && at > newest) newest = at;
    }
    return newest;
  }

  /** Where the server's position is here, among rows that it does not count. */
  private positionAt(counted: number): number {
    if (this.kept.size === 0) return counted;
    let at = 0;
    for (let left = counted; at < this.ids.length && (left > 0 || this.isKept(at)); at++) if (!this.isKept(at)) left--;
    return at;
  }

  private isKept(position: number): boolean {
    const id = this.ids[position];
    return id !== undefined && this.kept.has(id);
  }

  /** Does an email that has left the query still have what must not change? */
  private lasts(id: Id): boolean {
    const email = this.store.emails.peek(id);
    return this.lasting !== this.query.filter && email !== undefined && matchesFilter(email, this.lasting) === true;
  }

  /** From the beginning, for what is looked at; what is shown stays until the answer is there. */
  async reload(): Promise<void> {
    const position = Math.floor(this.wanted.from / WINDOW) * WINDOW;
    const { request, query, threads, rows } = askWindow(this.store, this.query, position);
    await request.send();
    const answer = query.answer;
    this.store.putRows(this.query.accountId, rows.answer.list, threads.answer.list);
    this.moves++;
    this.gone.clear();
    this.kept.clear();
    this.asked.clear();
    this.asked.add(position);
    this.queryState = answer.queryState;
    this.ids = new Array<Id | undefined>(answer.total ?? answer.position + answer.ids.length).fill(undefined);
    answer.ids.forEach((id, i) => (this.ids[answer.position + i] = id));
    this.tell();
    if (this.missing() !== undefined) void this.want(this.wanted.from, this.wanted.to);
  }

  /** Positions behind the first hole are asked for again when somebody looks at them. */
  private forgetBehindHole(): void {
    const hole = this.ids.indexOf(undefined);
    if (hole < 0) return;
    this.ids.fill(undefined, hole);
    for (const at of [...this.asked]) if (at + WINDOW > hole) this.asked.delete(at);
  }

  private setLength(length: number): void {
    if (this.ids.length > length) this.ids.length = length;
    else if (this.ids.length < length) this.ids = this.ids.concat(new Array<undefined>(length - this.ids.length).fill(undefined));
  }

  private tell(): void {
    this.total.value = this.ids.length;
    this.version.value++;
  }

  /** All of the query goes: an action on everything, shown at once. What the server then says comes by refresh(). */
  empty(): void {
    for (const id of this.ids) if (id !== undefined) this.gone.add(id);
    this.kept.clear();
    this.ids = [];
    this.asked.clear();
    this.moves++;
    this.tell();
  }

  /** These emails changed here: rows that don't belong here any more leave at once, and those come that do. */
  private judge(emails: readonly Id[]): void {
    if (this.total.peek() === undefined) return;
    const keys = new Set(emails.map((id) => this.keyOf(id)));
    const positions = this.positionsOf(keys);
    let changed = false;
    const leaving: number[] = [];
    for (const key of keys) {
      const at = positions.get(key) ?? -1;
      const fits = this.emailsOfKey(key).filter((id) => this.store.emails.has(id) && this.matches(id) !== false);
      if (at >= 0 && fits.length === 0 && this.lasts(this.ids[at]!)) this.kept.add(this.ids[at]!);
      else if (at >= 0 && fits.length === 0) leaving.push(at);
      else if (at < 0) changed = this.putIn(fits) || changed;
      else if (!fits.includes(this.ids[at]!)) {
        // Another email of the conversation stands for it now.
        this.gone.add(this.ids[at]!);
        this.ids[at] = fits.at(-1);
        changed = true;
      }
    }
    if (leaving.length > 0) {
      const out = new Set(leaving);
      for (const at of leaving) {
        this.gone.add(this.ids[at]!);
        this.kept.delete(this.ids[at]!);
      }
      if (leaving.length === 1) this.ids.splice(leaving[0]!, 1);
      else this.ids = this.ids.filter((_, at) => !out.has(at));
      changed = true;
    }
    if (!changed) return;
    this.moves++;
    this.tell();
  }

  private positionsOf(keys: ReadonlySet<Id>): Map<Id, number> {
    const found = new Map<Id, number>();
    if (keys.size <= FEW) {
      for (const key of keys) found.set(key, this.positionOfKey(key));
      return found;
    }
    this.ids.forEach((id, at) => {
      if (id === undefined) return;
      const key = this.keyOf(id);
      if (keys.has(key)) found.set(key, at);
    });
    return found;
  }

  /** A conversation that came (back) into the list by a change in this page, at the place of its date. */
  private putIn(fits: readonly Id[]): boolean {
    const sure = fits.filter((id) => this.matches(id) === true);
    const newest = sure.at(-1);
    const by = this.query.sort.at(-1);
    if (newest === undefined || !by || !['receivedAt', 'snoozedUntil'].includes(by.property)) return false;
    const own = this.rank(newest);
    const stands = (id: Id) => {
      const other = this.rank(id);
      if (other.isPinned !== own.isPinned) return own.isPinned;
      return by.isAscending ? other.date > own.date : other.date < own.date;
    };
    const at = this.ids.findIndex((id) => id !== undefined && stands(id));
    // Behind all that is known: only the server knows how many others lie between.
    if (at < 0 && this.ids.includes(undefined)) return false;
    if (at > 0 && this.ids[at - 1] === undefined) return false;
    this.ids.splice(at < 0 ? this.ids.length : at, 0, newest);
    this.gone.delete(newest);
    return true;
  }

  rank(id: Id): Rank {
    const email = this.store.emails.peek(id);
    const isPinned = this.query.sort.length > 1 && this.emailsOfKey(this.keyOf(id)).some((one) => '$pinned' in (this.store.emails.peek(one)?.keywords ?? {}));
    return { isPinned, date: email ? (this.query.sort.at(-1)?.property === 'receivedAt' ? email.receivedAt : listDate(email)) : '' };
  }

  /** Is it of what the list is about, filters by chips aside? A conversation is archived whole, its read emails too. */
  private belongs(id: Id): boolean {
    const email = this.store.emails.peek(id);
    return email !== undefined && matchesFilter(email, this.lasting) !== false;
  }

  /** Whether an email belongs here; undefined: only the server can say. */
  matches(id: Id): boolean | undefined {
    const email = this.store.emails.peek(id);
    return email ? matchesFilter(email, this.query.filter) : false;
  }
}

export { matchesFilter } from './filter.ts';
