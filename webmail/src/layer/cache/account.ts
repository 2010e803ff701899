/** All that the layer knows of an account. */
import type { Id, State, TypeName } from '../../jmap/types.ts';
import type { Put, Store } from '../store/store.ts';
import { isFound } from './bodies.ts';
import { Changes } from './changes.ts';
import { type Counts, COUNTS, waitingCounts } from './counts.ts';
import { Emails, type Json } from './emails.ts';
import type { Log } from './log.ts';
import { whenPutOff } from './put-off.ts';
import { FEW, RecordTable } from './records.ts';
import { IN_ROW } from './rows.ts';

/** What the store keeps of it beside its records. */
interface About {
  emailState: State | undefined;
  complete: boolean;
  stale: boolean;
  extras: string[];
  extrasDone: number;
  bodyShape: Json | undefined;
  snoozes: boolean;
}

export class Account {
  readonly changes = new Map<TypeName, Changes>();
  readonly emails: Emails;
  readonly tables = new Map<string, RecordTable>();
  /** The server's state that the emails here are of; undefined: nothing was fetched yet. */
  emailState: State | undefined;
  /** All emails of the account are here. */
  complete = false;
  /** The server no longer knew what had changed: what is here is looked at again. */
  stale = false;
  /** List properties beyond the usual ones that views ask for. */
  extras: string[] = [];
  /** So many of them are here for all emails. */
  extrasDone = 0;
  /** The server puts mail off (doc/jmap.md, Snooze), and says of each email until when. */
  snoozes = false;
  /** How views ask for what a reader shows: what is fetched ahead is asked for alike. */
  bodyShape: Json | undefined;
  /** The server may have something new. */
  behind = true;
  /** Types of which all is asked for again. */
  readonly staleTypes = new Set(FEW.filter((type) => type !== 'Mailbox'));
  private waitingCounts = new Map<Id, Counts>();
  private dirty = false;

  constructor(
    private readonly store: Store,
    readonly id: Id,
    private readonly log: Log,
    epoch: string,
  ) {
    for (const type of ['Email', 'Thread', ...FEW]) this.changes.set(type, new Changes(`${epoch}${type[0]}`));
    this.emails = new Emails(store, id, this.changes.get('Email')!, this.changes.get('Thread')!, {
      of: (email) => {
        const edit = log.of('Email', email);
        return edit && { ...edit, patch: whenPutOff(edit.patch, this.emails.server.get(email)!, this.role('inbox'), this.role('snoozed')) };
      },
      made: (email) => {
        // Once the server's own is here, it stands for both.
        const made = log.touches(email) && !this.emails.server.has(log.real(email)) ? log.made('Email', email) : undefined;
        return made && { ...made['@'], ...made, id: email };
      },
    });
    for (const type of FEW)
      this.tables.set(type, new RecordTable(store, id, type, this.changes.get(type)!, log, type === 'Mailbox' ? (mailbox, record) => this.counted(mailbox, record) : undefined));
  }

  get mailboxes(): RecordTable {
    return this.tables.get('Mailbox')!;
  }

  async load(): Promise<void> {
    const about = (await this.store.get('about', `account/${this.id}`)) as About | undefined;
    if (about) Object.assign(this, about);
    // Kept elsewhere by now than when the store was written.
    const isExtra = (name: string): boolean => !IN_ROW.has(name) && !isFound(name);
    this.extrasDone = this.extras.slice(0, this.extrasDone).filter(isExtra).length;
    this.extras = this.extras.filter(isExtra);
    this.emails.partial = !this.complete;
    await Promise.all([this.emails.load(), ...[...this.tables.values()].map((table) => table.load())]);
    this.show(this.idsInLog());
  }

  note(change: Partial<About>): void {
    Object.assign(this, change);
    this.emails.partial = !this.complete;
    this.dirty = true;
  }

  puts(): Put[] {
    const puts = [...this.emails.puts(), ...[...this.tables.values()].flatMap((table) => table.puts())];
    if (this.dirty) {
      const { emailState, complete, stale, extras, extrasDone, bodyShape, snoozes } = this;
      const value: About = { emailState, complete, stale, extras, extrasDone, bodyShape, snoozes };
      puts.push({ table: 'about', key: `account/${this.id}`, value });
    }
    this.dirty = false;
    return puts;
  }

  /** The emails that something waits for. */
  private idsInLog(): Id[] {
    const ids = new Set<Id>();
    for (const entry of this.log.entries.values())
      if (entry.accountId === this.id) {
        if (entry.name === 'Email/set') for (const id of [...Object.keys(entry.create), ...Object.keys(entry.update), ...Object.keys(entry.destroy)]) ids.add(id);
        for (const id of Object.keys(entry.afterwards)) ids.add(id);
      }
    return [...ids];
  }

  /** The mailbox of the server that has a role. */
  private role(role: string): Id | undefined {
    for (const [id, record] of this.mailboxes.server) if (record['role'] === role) return id;
    return undefined;
  }

  /** After the log, or what the server has, changed for these emails: what is shown, and all counts. */
  show(emails: readonly Id[], quietly = false): void {
    // What is known under two names is shown under one: both are looked at.
    this.emails.show(emails.flatMap((id) => this.log.names(id)), quietly);
    this.waitingCounts = waitingCounts(this.emails, this.role('trash'));
    for (const table of this.tables.values()) table.show();
  }

  private counted(id: Id, mailbox: Json): Json {
    const waiting = this.waitingCounts.get(id);
    if (!waiting || COUNTS.every((name) => waiting[name] === 0)) return mailbox;
    const result = { ...mailbox };
    for (const name of COUNTS) result[name] = Math.max(0, (mailbox[name] ?? 0) + waiting[name]);
    return result;
  }

  /** The states of what is shown. */
  states(): Record<TypeName, State> {
    return Object.fromEntries([...this.changes].map(([type, changes]) => [type, changes.state])) as Record<TypeName, State>;
  }
}
