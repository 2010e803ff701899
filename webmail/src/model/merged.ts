/**
 * Lists of several accounts as one, by date: all inboxes, or a search of all accounts. Each part follows its own account (list.ts); here
 * their rows are put in order. A position is known only when all rows before it are, so who jumps far loads what lies between.
 */
import { type Signal, effect, signal } from '@preact/signals';
import type { Id } from '../jmap/types.ts';
import type { MailList, Rank } from './list.ts';

/** What a pane shows, acts work on and rows are drawn from: the list of one account, or of several. */
export interface RowList {
  /** Itself, or those that it is made of. */
  readonly parts: readonly MailList[];
  readonly total: Signal<number | undefined>;
  readonly version: Signal<number>;
  readonly failed: Signal<boolean>;
  top: number;
  open(): void;
  close(): void;
  at(position: number): Id | undefined;
  positionOf(id: Id): number;
  keyAt(position: number): Id | undefined;
  positionOfKey(key: Id): number;
  keys(): Id[];
  emailsOf(key: Id): Id[];
  wholeThread(key: Id): Id[];
  want(from: number, to: number): Promise<void>;
  refresh(): Promise<void>;
}

/** Below zero: a stands above b. */
function compare(a: Rank, b: Rank): number {
  if (a.isPinned !== b.isPinned) return a.isPinned ? -1 : 1;
  return a.date < b.date ? 1 : a.date > b.date ? -1 : 0;
}

export class MergedList implements RowList {
  readonly total = signal<number | undefined>(undefined);
  readonly version = signal(0);
  readonly failed = signal(false);
  top = 0;
  /** Dense: a position that is not known yet is undefined. Which part each known one is of stands in `owners`. */
  private ids: (Id | undefined)[] = [];
  private owners: MailList[] = [];
  /** How many rows of each part are known here, without a gap. */
  private taken: number[] = [];
  private wanted = { from: 0, to: 1 };
  private loading: Promise<void> | undefined;
  private end: (() => void) | undefined;

  constructor(readonly parts: readonly MailList[]) {
    this.open();
  }

  open(): void {
    if (this.end) return;
    for (const part of this.parts) part.open();
    this.end = effect(() => {
      this.failed.value = this.parts.some((part) => part.failed.value);
      for (const part of this.parts) void part.version.value;
      this.merge();
    });
  }

  close(): void {
    this.end?.();
    this.end = undefined;
    for (const part of this.parts) part.close();
  }

  private merge(): void {
    const lengths = this.parts.map((part) => part.total.peek());
    // An account that does not answer leaves the others what they have; that it failed is said.
    if (lengths.some((length, i) => length === undefined && !this.parts[i]!.failed.peek()) || lengths.every((length) => length === undefined)) return;
    const all = lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0);
    const at = this.parts.map(() => 0);
    const heads = this.parts.map((part, i) => (lengths[i] ? headOf(part, 0) : undefined));
    this.ids = [];
    this.owners = [];
    while (this.ids.length < all) {
      // What is not known yet may stand above all that is.
      if (heads.includes(null)) break;
      let best = -1;
      heads.forEach((head, i) => {
        if (head && (best < 0 || compare(head.rank, heads[best]!.rank) < 0)) best = i;
      });
      if (best < 0) break;
      const part = this.parts[best]!;
      this.ids.push(heads[best]!.id);
      this.owners.push(part);
      const next = ++at[best]!;
      heads[best] = next < lengths[best]! ? headOf(part, next) : undefined;
    }
    this.taken = at;
    this.ids = this.ids.concat(new Array<undefined>(all - this.ids.length).fill(undefined));
    this.total.value = all;
    this.version.value = this.version.peek() + 1;
    // A part was loaded anew: what was looked at may have gaps again.
    if (!this.loading && !this.failed.peek() && this.known() < Math.min(this.wanted.to, all)) void this.want(this.wanted.from, this.wanted.to);
  }

  /** Rows from the top without a gap. */
  private known(): number {
    return this.taken.reduce((sum, count) => sum + count, 0);
  }

  at(position: number): Id | undefined {
    return this.ids[position];
  }

  positionOf(id: Id): number {
    return this.ids.indexOf(id);
  }

  keyAt(position: number): Id | undefined {
    const id = this.ids[position];
    return id === undefined ? undefined : this.owners[position]?.keyOf(id);
  }

  positionOfKey(key: Id): number {
    for (const part of this.parts) {
      const at = part.positionOfKey(key);
      if (at >= 0) return this.ids.indexOf(part.at(at));
    }
    return -1;
  }

  keys(): Id[] {
    return this.parts.flatMap((part) => part.keys());
  }

  /** The part that a row, or an open conversation, is of. */
  private partOf(key: Id): MailList {
    return this.parts.find((part) => part.isOf(key)) ?? this.parts[0]!;
  }

  emailsOf(key: Id): Id[] {
    return this.partOf(key).emailsOf(key);
  }

  wholeThread(key: Id): Id[] {
    return this.partOf(key).wholeThread(key);
  }

  want(from: number, to: number): Promise<void> {
    this.wanted = { from, to };
    this.loading ??= this.load().finally(() => (this.loading = undefined));
    return this.loading;
  }

  /** Loads what lies before the first gap, until what is looked at is known. */
  private async load(): Promise<void> {
    for (let before = -1; this.end; ) {
      const all = this.total.peek();
      const lacks = Math.min(this.wanted.to, all ?? this.wanted.to) - this.known();
      const gaps = this.parts.flatMap((part, i) => {
        const first = this.taken[i] ?? 0;
        const length = part.total.peek();
        return length === undefined || (lacks > 0 && first < length && part.at(first) === undefined) ? [{ part, first }] : [];
      });
      // What brought nothing brings nothing the second time.
      if (gaps.length === 0 || this.known() === before) return;
      before = this.known();
      for (const { part } of gaps) part.failed.value = false;
      await Promise.all(gaps.map(({ part, first }) => part.want(first, first + Math.max(1, Math.ceil(lacks / gaps.length)))));
      if (this.failed.peek()) return;
    }
  }

  async refresh(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.refresh()));
  }
}

/** null: it is not known yet. */
function headOf(part: MailList, position: number): { id: Id; rank: Rank } | null {
  const id = part.at(position);
  return id === undefined ? null : { id, rank: part.rank(id) };
}
