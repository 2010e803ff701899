/**
 * Objects by their id, each behind a signal: what is drawn from one object is drawn anew when that object changes, and nothing else is.
 * Ids of our server hold the account's number, so objects of several accounts lie together; `accountOf` tells whose one is.
 */
import { type ReadonlySignal, type Signal, batch, signal } from '@preact/signals';
import { same } from '../base/same.ts';
import type { Id } from '../jmap/types.ts';

interface Entry<T> {
  accountId: Id;
  value: Signal<T | undefined>;
}

export class Records<T extends { id: Id }> {
  private readonly entries = new Map<Id, Entry<T>>();
  private readonly count = signal(0);

  private entry(id: Id, accountId: Id): Entry<T> {
    let found = this.entries.get(id);
    if (!found) this.entries.set(id, (found = { accountId, value: signal(undefined) }));
    if (accountId) found.accountId = accountId;
    return found;
  }

  /** The signal of an object, of one that is not there yet too. */
  of(id: Id): ReadonlySignal<T | undefined> {
    return this.entry(id, '').value;
  }

  /** Without becoming dependent on it. */
  peek(id: Id): T | undefined {
    return this.entries.get(id)?.value.peek();
  }

  has(id: Id): boolean {
    return this.peek(id) !== undefined;
  }

  accountOf(id: Id): Id {
    return this.entries.get(id)?.accountId ?? '';
  }

  /** All there are; whoever asks depends on which there are, and on each of them. */
  all(accountId?: Id): T[] {
    this.count.value;
    const found: T[] = [];
    for (const entry of this.entries.values()) {
      const value = entry.value.value;
      if (value && (!accountId || entry.accountId === accountId)) found.push(value);
    }
    return found;
  }

  ids(accountId?: Id): Id[] {
    return [...this.entries].filter(([, entry]) => entry.value.peek() && (!accountId || entry.accountId === accountId)).map(([id]) => id);
  }

  /**
   * Whole objects, or parts of ones that are there: properties that are not given stay. Most of what is told is known: each change of a view
   * comes back from the layer. It costs no drawing then.
   */
  put(accountId: Id, list: readonly (Partial<T> & { id: Id })[]): void {
    batch(() => {
      for (const given of list) {
        const entry = this.entry(given.id, accountId);
        const before = entry.value.peek();
        if (before && tellsNothingNew(before, given)) continue;
        entry.value.value = before ? { ...before, ...given } : (given as T);
        if (!before) this.count.value++;
      }
    });
  }

  patch(id: Id, changes: Partial<T>): void {
    const entry = this.entries.get(id);
    const before = entry?.value.peek();
    if (entry && before) entry.value.value = { ...before, ...changes };
  }

  remove(ids: readonly Id[]): void {
    batch(() => {
      for (const id of ids) {
        const entry = this.entries.get(id);
        if (!entry?.value.peek()) continue;
        entry.value.value = undefined;
        this.count.value++;
      }
    });
  }

  clear(): void {
    this.remove([...this.entries.keys()]);
  }
}

const tellsNothingNew = <T extends object>(known: T, given: Partial<T>): boolean => (Object.keys(given) as (keyof T)[]).every((name) => name in known && same(known[name], given[name]));
