/**
 * The pane of the list: which list it shows, which row has the focus, and which are selected. Rows are named by the id of the email that
 * stands for them; since a newer mail of a conversation takes the row over, the focus and the selection keep the conversation's thread, and a
 * list of single emails keeps the emails.
 */
import { type ReadonlySignal, batch, computed, signal } from '@preact/signals';
import type { Id } from '../jmap/types.ts';
import type { RowList } from './merged.ts';

export type Key = Id;

export class ListPane {
  readonly list = signal<RowList | undefined>(undefined);
  readonly focused = signal<Key | undefined>(undefined);
  /** The conversation that is open beside or over the list; it need not be in the list. */
  readonly open = signal<Key | undefined>(undefined);
  readonly selected = signal<ReadonlySet<Key>>(new Set());
  /** All that the query finds is selected, what was never loaded, too. */
  readonly everything = signal(false);
  readonly selecting: ReadonlySignal<boolean> = computed(() => this.everything.value || this.selected.value.size > 0);
  /** Where a range begins that is selected with Shift. */
  private anchor: Key | undefined;
  /** Where the focus was last, for the case that its row leaves the list. */
  private position = 0;
  private wasInList = false;

  show(list: RowList | undefined): void {
    if (list === this.list.peek()) return;
    this.list.peek()?.close();
    batch(() => {
      this.list.value = list;
      this.focused.value = undefined;
      this.clear();
    });
    this.position = 0;
  }

  private override: Key[] | undefined;

  /** Runs an act on these rows, whatever is selected: a row's own buttons, a swipe. Acts look at their targets before they wait for anything. */
  withTargets<T>(keys: Key[], run: () => T): T {
    const before = this.override;
    this.override = keys;
    try {
      return run();
    } finally {
      this.override = before;
    }
  }

  /** The rows that an act was given, whatever is selected. */
  given(): readonly Key[] | undefined {
    return this.override;
  }

  /** Does an act work on all of the query? */
  isOnEverything(): boolean {
    return this.override === undefined && this.everything.peek();
  }

  /** How many conversations an action works on. */
  count(): number {
    return this.everything.value ? (this.list.value?.total.value ?? 0) : this.selected.value.size;
  }

  isSelected(key: Key): boolean {
    return this.everything.value || this.selected.value.has(key);
  }

  focus(key: Key | undefined, options: { keepsAnchor?: boolean } = {}): void {
    this.focused.value = key;
    if (!options.keepsAnchor) this.anchor = key;
    const at = key === undefined ? -1 : (this.list.peek()?.positionOfKey(key) ?? -1);
    this.wasInList = at >= 0;
    if (at >= 0) this.position = at;
  }

  /** The row that has the focus; when it has left the list, the one that came into its place: the one below. */
  focusPosition(): number {
    const list = this.list.peek();
    if (!list) return -1;
    const key = this.focused.peek();
    const at = key === undefined ? -1 : list.positionOfKey(key);
    if (at >= 0) return (this.position = at);
    const total = list.total.peek() ?? 0;
    return key === undefined || total === 0 ? -1 : Math.min(this.position, total - 1);
  }

  /**
   * After the list has changed: the focus goes to the row that came into the place of the one that left. Answers with what left. What never
   * was in the list (a conversation that a link led to) keeps the focus.
   */
  settle(): { left: Key; next: Key | undefined } | undefined {
    const list = this.list.peek();
    const key = this.focused.peek();
    // A list that is just being loaded has no place for it yet.
    if (!list || key === undefined || list.total.peek() === undefined) return undefined;
    if (list.positionOfKey(key) >= 0) {
      this.wasInList = true;
      this.focusPosition();
      return undefined;
    }
    if (!this.wasInList) return undefined;
    const at = this.focusPosition();
    const next = at < 0 ? undefined : list.keyAt(at);
    batch(() => {
      if (this.selected.peek().has(key)) this.select([key], false);
      this.focus(next);
    });
    return { left: key, next };
  }

  select(keys: Iterable<Key>, on: boolean): void {
    const next = new Set(this.selected.peek());
    for (const key of keys) {
      if (on) next.add(key);
      else next.delete(key);
    }
    batch(() => {
      this.everything.value = false;
      this.selected.value = next;
    });
  }

  toggle(key: Key): void {
    if (this.everything.peek()) {
      // All that is loaded but this one: what was never seen cannot be selected one by one.
      const keys = new Set(this.list.peek()?.keys() ?? []);
      keys.delete(key);
      batch(() => {
        this.everything.value = false;
        this.selected.value = keys;
      });
    } else {
      this.select([key], !this.selected.peek().has(key));
    }
    this.anchor = key;
  }

  /** From where a range begins to this row. */
  selectTo(key: Key): void {
    const list = this.list.peek();
    if (!list) return;
    const to = list.positionOfKey(key);
    const from = this.anchor === undefined ? to : list.positionOfKey(this.anchor);
    if (to < 0) return;
    const keys: Key[] = [];
    for (let at = Math.min(from < 0 ? to : from, to); at <= Math.max(from, to); at++) {
      const one = list.keyAt(at);
      if (one !== undefined) keys.push(one);
    }
    this.select(keys, true);
  }

  selectEverything(): void {
    const list = this.list.peek();
    if (!list || !list.total.peek()) return;
    batch(() => {
      this.everything.value = true;
      this.selected.value = new Set();
    });
  }

  clear(): void {
    batch(() => {
      this.everything.value = false;
      if (this.selected.peek().size > 0) this.selected.value = new Set();
    });
  }

  /** What an action works on: the selection, or the open conversation, or the row with the focus. "everything" is the caller's business. */
  targets(): Key[] {
    if (this.override) return this.override;
    const selected = this.selected.peek();
    if (selected.size > 0) return [...selected];
    const open = this.open.peek();
    if (open !== undefined) return [open];
    const at = this.focusPosition();
    const key = at < 0 ? undefined : this.list.peek()?.keyAt(at);
    return key === undefined ? [] : [key];
  }
}
