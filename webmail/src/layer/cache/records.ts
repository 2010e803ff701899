/** The records of a type of which an account has few: mailboxes, identities, vacation responses. All of them are in memory. */
import { same } from '../../base/same.ts';
import type { Id, State } from '../../jmap/types.ts';
import type { Put, Store } from '../store/store.ts';
import type { Changes } from './changes.ts';
import type { Json } from './emails.ts';
import type { Log } from './log.ts';
import { patched } from './patch.ts';

const ALL_RIGHTS = Object.fromEntries(
  ['mayReadItems', 'mayAddItems', 'mayRemoveItems', 'maySetSeen', 'maySetKeywords', 'mayCreateChild', 'mayRename', 'mayDelete', 'maySubmit'].map((name) => [name, true]),
);

/** What a record has that was made here, until the server has said more. */
const NEW: Record<string, Json> = {
  Mailbox: { parentId: null, role: null, sortOrder: 0, isSubscribed: true, totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0, myRights: ALL_RIGHTS },
  Identity: { name: '', replyTo: null, bcc: null, textSignature: '', htmlSignature: '', mayDelete: true },
  VacationResponse: {},
};

export const FEW = Object.keys(NEW);

export class RecordTable {
  server = new Map<Id, Json>();
  shown = new Map<Id, Json>();
  /** The server's state; undefined: nothing was fetched yet. */
  state: State | undefined;
  private dirty = false;

  constructor(
    private readonly store: Store,
    private readonly accountId: Id,
    readonly type: string,
    private readonly changes: Changes,
    private readonly log: Log,
    /** What else changes what is shown. */
    private readonly adjust: (id: Id, record: Json) => Json = (_, record) => record,
  ) {}

  private get key(): string {
    return `${this.accountId}/${this.type}`;
  }

  async load(): Promise<void> {
    const kept = (await this.store.get('records', this.key)) as { state: State; list: Json[] } | undefined;
    if (!kept) return;
    this.state = kept.state;
    this.server = new Map(kept.list.map((record) => [record['id'], record]));
  }

  puts(): Put[] {
    if (!this.dirty) return [];
    this.dirty = false;
    return [{ table: 'records', key: this.key, value: { state: this.state, list: [...this.server.values()] } }];
  }

  takeAll(list: readonly Json[], state: State): void {
    this.server = new Map(list.map((record) => [record['id'], record]));
    this.state = state;
    this.dirty = true;
  }

  /** Whole records, or some properties of records that are here. */
  take(list: readonly Json[], gone: readonly Id[], state: State): void {
    for (const record of list) {
      const old = this.server.get(record['id']);
      this.server.set(record['id'], old ? { ...old, ...record } : record);
    }
    for (const id of gone) this.server.delete(id);
    this.state = state;
    this.dirty = true;
  }

  /** Lays anew what waits over all of it. */
  show(): void {
    const shown = new Map<Id, Json>();
    for (const [id, record] of this.server) {
      const edit = this.log.of(this.type, id);
      if (edit?.destroyed) continue;
      shown.set(id, this.adjust(id, edit ? patched(record, edit.patch) : record));
    }
    for (const id of this.log.madeIds(this.accountId, this.type)) {
      // Once the server's own is here, it stands for both.
      const made = this.server.has(this.log.real(id)) ? undefined : this.log.made(this.type, id);
      if (made) shown.set(id, this.adjust(id, { ...NEW[this.type], ...made, id }));
    }
    for (const [id, record] of shown) {
      const old = this.shown.get(id);
      if (!old) this.changes.tell(id, 'created');
      else if (same(old, record)) shown.set(id, old);
      else this.changes.tell(id, 'updated');
    }
    for (const id of this.shown.keys()) if (!shown.has(id)) this.changes.tell(id, 'destroyed');
    this.shown = shown;
  }
}
