/**
 * The emails of an account: as the server has them (`server`), and as they are shown, which is the same with the changes that wait for
 * the server laid over it. Queries look at `order`; the text of lists is read from the store when it is asked for.
 */
import type { Id } from '../../jmap/types.ts';
import type { Put, Store } from '../store/store.ts';
import type { Changes } from './changes.ts';
import { type Patch, patched } from './patch.ts';
import { changedRow, IN_ROW, newestFirst, packed, pieceOf, type Row, ROWS_IN_PIECE, rowOf, type RowsPiece, sharedSet, TEXTS_IN_PIECE, unpacked } from './rows.ts';

export type Json = Record<string, any>;
type TextsPiece = Record<Id, Json>;

/** What waits for the server. */
export interface Waiting {
  /** What is done to an email that the server has. */
  of(id: Id): { patch: Patch; destroyed: boolean } | undefined;
  /** An email that is here alone, as it would be told; undefined if it is none. */
  made(id: Id): Json | undefined;
}

/** Pieces of texts that are kept after they were read: 64 are some 16,000 emails, 10 MB. */
const TEXT_PIECES_KEPT = 64;
/** With so many new ones it is quicker to sort all than to put each in its place. */
const SORTED_ANEW = 64;
/** Changes that are remembered: as many as somebody makes by hand, and conversations have emails, between two looks at a list. */
const STEPS_KEPT = 256;

/** One change of what queries look at: undefined is an email that was not there, or is no more. */
export interface Step {
  old: Row | undefined;
  now: Row | undefined;
}

/** Rows as they are shown: the server's but for those that differ. A second table of 100,000 would cost time at each start. */
class Shown {
  private readonly other = new Map<Id, Row | undefined>();

  constructor(private readonly server: ReadonlyMap<Id, Row>) {}

  get(id: Id): Row | undefined {
    return this.other.size && this.other.has(id) ? this.other.get(id) : this.server.get(id);
  }

  has(id: Id): boolean {
    return this.get(id) !== undefined;
  }

  set(id: Id, row: Row | undefined): void {
    if (row === this.server.get(id)) this.other.delete(id);
    else this.other.set(id, row);
  }
}

export class Emails {
  readonly server = new Map<Id, Row>();
  readonly shown = new Shown(this.server);
  /** Newest first. */
  order: Row[] = [];
  readonly threads = new Map<Id, Row[]>();
  /** The ids whose shown row is not the server's. */
  readonly differing = new Set<Id>();
  /** Grows by one with each change of something that queries look at. */
  version = 0;
  /** The last of these changes. */
  private steps: Step[] = [];
  /** Not all emails of the account are here. */
  partial = true;
  /** The ids of each piece; as one text until something of it changes. */
  private readonly members = new Map<string, string | Set<Id>>();
  /** What was shown of those that were taken, until they are shown anew. */
  private readonly before = new Map<Id, Row | undefined>();
  private readonly dirtyRows = new Set<string>();
  private readonly dirtyTexts = new Set<string>();
  private readonly texts = new Map<string, TextsPiece>();
  /** Pieces that are about to be written. */
  private readonly held = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly account: Id,
    private readonly changes: Changes,
    private readonly threadChanges: Changes,
    private readonly waiting: Waiting,
  ) {}

  async load(): Promise<void> {
    const pieces = (await this.store.withPrefix('rows', `${this.account}/`)) as [string, RowsPiece][];
    // Pieces come in the order in which emails came, and in each the newest is first: so there is little to sort.
    for (const [key, piece] of pieces.reverse()) {
      this.members.set(key, piece.ids);
      for (const row of unpacked(piece)) {
        this.server.set(row.id, row);
        this.order.push(row);
      }
    }
    if (this.order.some((row, at) => at > 0 && newestFirst(this.order[at - 1]!, row) > 0)) this.order.sort(newestFirst);
    for (let at = this.order.length - 1; at >= 0; at--) {
      const row = this.order[at]!;
      const thread = this.threads.get(row.threadId);
      if (thread) thread.push(row);
      else this.threads.set(row.threadId, [row]);
    }
  }

  private membersOf(key: string): Set<Id> {
    let members = this.members.get(key);
    if (typeof members !== 'object') this.members.set(key, (members = new Set(members?.split(' '))));
    return members;
  }

  // ---- what the server says ----

  /**
   * Takes emails as the server tells them; those with a threadId and `texts` with their list properties, others with what changes of them
   * alone. `gone` are no longer there. Call `take` after `prepare` has read the pieces that it writes in.
   */
  async prepare(told: readonly Json[], gone: readonly Id[]): Promise<void> {
    const ids = [...told.filter(hasText).map((email) => email['id'] as Id), ...gone];
    for (const id of ids) this.held.add(this.textKey(id));
    await this.readPieces(this.held);
  }

  /** The ids that must be shown anew. */
  take(told: readonly Json[], gone: readonly Id[]): Id[] {
    const touched: Id[] = [];
    for (const email of told) {
      const id = email['id'] as Id;
      const old = this.server.get(id);
      const whole = 'threadId' in email;
      if (!whole && !old) continue;
      const row = whole ? rowOf(email) : changedRow(old!, { ...email, mailboxIds: sharedSet(Object.keys(email['mailboxIds'])), keywords: sharedSet(Object.keys(email['keywords'])) });
      if (hasText(email)) {
        const piece = this.texts.get(this.textKey(id))!;
        piece[id] = whole ? textOf(email) : { ...piece[id], ...textOf(email) };
        this.dirtyTexts.add(this.textKey(id));
      }
      if (old === row) continue;
      this.remember(id);
      this.server.set(id, row);
      const key = this.rowKey(id);
      this.membersOf(key).add(id);
      this.dirtyRows.add(key);
      touched.push(id);
    }
    for (const id of gone) {
      if (!this.server.has(id)) continue;
      this.remember(id);
      this.server.delete(id);
      const key = this.rowKey(id);
      this.membersOf(key).delete(id);
      this.dirtyRows.add(key);
      delete this.texts.get(this.textKey(id))![id];
      this.dirtyTexts.add(this.textKey(id));
      touched.push(id);
    }
    return touched;
  }

  private remember(id: Id): void {
    if (!this.before.has(id)) this.before.set(id, this.shown.get(id));
  }

  /** What must be written for what was taken. */
  puts(): Put[] {
    const puts: Put[] = [];
    for (const key of this.dirtyRows) {
      const rows = [...this.membersOf(key)].map((id) => this.server.get(id)!).sort(newestFirst);
      puts.push({ table: 'rows', key, value: rows.length ? packed(rows) : undefined });
    }
    for (const key of this.dirtyTexts) {
      const piece = this.texts.get(key)!;
      puts.push({ table: 'texts', key, value: Object.keys(piece).length ? piece : undefined });
    }
    this.dirtyRows.clear();
    this.dirtyTexts.clear();
    this.held.clear();
    return puts;
  }

  // ---- what is shown ----

  /**
   * Lays anew what waits over these: after the server or the person changed them. `quietly`: nothing changed, only more is known of what
   * has always been there.
   */
  show(ids: readonly Id[], quietly = false): void {
    const added: Row[] = [];
    const removed = new Set<Row>();
    for (const id of new Set(ids)) {
      const server = this.server.get(id);
      const made = server ? undefined : this.waiting.made(id);
      const edit = server ? this.waiting.of(id) : undefined;
      let row = server ?? (made && rowOf(made));
      if (server && edit) row = edit.destroyed ? undefined : edited(server, edit.patch);
      if (row === server) this.differing.delete(id);
      else this.differing.add(id);
      const old = this.before.has(id) ? this.before.get(id) : this.shown.get(id);
      this.before.delete(id);
      this.shown.set(id, row);
      if (row === old) continue;
      const isEqual = row !== undefined && old !== undefined && isSame(row, old);
      if (old && row && newestFirst(old, row) === 0 && old.threadId === row.threadId) this.replace(old, row);
      else {
        if (old) removed.add(old);
        if (row) added.push(row);
      }
      if (isEqual) continue;
      this.version++;
      this.note({ old, now: row });
      if (!quietly) this.changes.tell(id, !old ? 'created' : !row ? 'destroyed' : 'updated');
    }
    if (removed.size) this.order = this.order.filter((row) => !removed.has(row));
    for (const row of removed) this.leaveThread(row, quietly);
    if (added.length > SORTED_ANEW) {
      this.order.push(...added);
      this.order.sort(newestFirst);
    } else for (const row of added) this.order.splice(this.place(row), 0, row);
    for (const row of added) this.joinThread(row, quietly);
  }

  private note(step: Step): void {
    if (this.steps.push(step) >= 2 * STEPS_KEPT) this.steps = this.steps.slice(-STEPS_KEPT);
  }

  /** What has changed since this version; undefined: that is too long ago. */
  since(version: number): readonly Step[] | undefined {
    const count = this.version - version;
    return count > this.steps.length ? undefined : this.steps.slice(this.steps.length - count);
  }

  private replace(old: Row, row: Row): void {
    this.order[this.place(old)] = row;
    const thread = this.threads.get(row.threadId)!;
    thread[thread.indexOf(old)] = row;
  }

  /** Where it stands in the order, or would. */
  private place(row: Row): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (newestFirst(this.order[middle]!, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private joinThread(row: Row, quietly: boolean): void {
    const thread = this.threads.get(row.threadId);
    if (!thread) this.threads.set(row.threadId, [row]);
    else {
      thread.push(row);
      thread.sort((a, b) => newestFirst(b, a));
    }
    if (!quietly) this.threadChanges.tell(row.threadId, thread || this.partial ? 'updated' : 'created');
  }

  private leaveThread(row: Row, quietly: boolean): void {
    const thread = this.threads.get(row.threadId)!;
    thread.splice(thread.indexOf(row), 1);
    if (!thread.length) this.threads.delete(row.threadId);
    if (!quietly) this.threadChanges.tell(row.threadId, thread.length || this.partial ? 'updated' : 'destroyed');
  }

  // ---- texts ----

  private rowKey(id: Id): string {
    return `${this.account}/${pieceOf(id, ROWS_IN_PIECE)}`;
  }

  private textKey(id: Id): string {
    return `${this.account}/${pieceOf(id, TEXTS_IN_PIECE)}`;
  }

  /** The list properties of emails that the server has. The objects belong to the table. */
  async textsOf(ids: readonly Id[]): Promise<Map<Id, Json>> {
    const pieces = await this.readPieces(new Set(ids.map((id) => this.textKey(id))));
    const result = new Map<Id, Json>();
    for (const id of ids) {
      const text = pieces.get(this.textKey(id))?.[id];
      if (text) result.set(id, text);
    }
    return result;
  }

  /** An email that is here alone. */
  made(id: Id): Json | undefined {
    return this.waiting.made(id);
  }

  /** Every piece of texts, one after the other: what a search in all of them reads. */
  async *allTexts(): AsyncGenerator<TextsPiece> {
    for (const key of await this.store.keys('texts', `${this.account}/`)) {
      const piece = this.texts.get(key) ?? ((await this.store.get('texts', key)) as TextsPiece | undefined);
      if (piece) yield piece;
    }
  }

  private async readPieces(keys: ReadonlySet<string>): Promise<Map<string, TextsPiece>> {
    const missing = [...keys].filter((key) => !this.texts.has(key));
    const read = missing.length ? await this.store.getMany('texts', missing) : [];
    // What was put in meanwhile counts.
    missing.forEach((key, at) => {
      if (!this.texts.has(key)) this.texts.set(key, (read[at] as TextsPiece | undefined) ?? {});
    });
    const result = new Map<string, TextsPiece>();
    for (const key of keys) {
      const piece = this.texts.get(key)!;
      result.set(key, piece);
      this.texts.delete(key);
      this.texts.set(key, piece);
    }
    for (const key of this.texts.keys()) {
      if (this.texts.size <= TEXT_PIECES_KEPT) break;
      if (!this.held.has(key) && !keys.has(key)) this.texts.delete(key);
    }
    return result;
  }
}

/** Whether it tells more than what is in the row. */
const hasText = (email: Json): boolean => Object.keys(email).some((name) => !IN_ROW.has(name));

const isSame = (a: Row, b: Row): boolean => a.threadId === b.threadId && a.received === b.received && changedRow(a, b) === a;

const textOf = (email: Json): Json => Object.fromEntries(Object.entries(email).filter(([name]) => !IN_ROW.has(name)));

function edited(row: Row, patch: Patch): Row {
  const names = patched({ mailboxIds: row.mailboxIds, keywords: row.keywords } as Json, patch);
  const set = (value: Json): Row['keywords'] => sharedSet(Object.keys(value ?? {}).filter((name) => value[name]));
  return changedRow(row, { mailboxIds: set(names['mailboxIds']), keywords: set(names['keywords']), ...('snoozed' in patch && { snoozed: patch['snoozed'] as Row['snoozed'] }) });
}
