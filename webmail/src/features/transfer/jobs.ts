/**
 * Imports as this browser keeps them, with their files, so that one goes on after a reload. Where nothing can be kept, or a file is too
 * large for it, an import lasts as long as the page. All databases of the program are emptied at sign-out.
 */
import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import type { Id } from '../../jmap/types.ts';

/** Each person has one: layer/store/forget.ts. */
const nameOf = (person: string): string => `postrider-transfer ${person}`;
/** Where those of all people are that began before each had one. */
const EARLIER = 'postrider-transfer';

export interface Problem {
  name: string;
  /** Why it was not taken: the words "transfer.why.*", or what the server says. */
  why: string;
}

/** What Email/import takes of a message. */
export interface Taken {
  blobId: Id;
  mailboxIds: Record<Id, true>;
  keywords: Record<string, true>;
  receivedAt?: string;
}

export interface Job {
  key: string;
  accountId: Id;
  mailboxId: Id;
  /** As a person calls it, for what is told afterwards. */
  mailboxName: string;
  files: { name: string; size: number }[];
  /** The file that is read, and how many of its messages are done. */
  file: number;
  done: number;
  /** Octets that are done, of all files. */
  octets: number;
  added: Id[];
  /** The group that the server has been asked to add: whoever goes on asks for the same blobs again, and each becomes one Email. */
  sent?: { emails: Record<string, Taken>; names: Record<string, string>; count: number; octets: number } | undefined;
  present: number;
  /** Some of it has gone to other folders: where it lay before. */
  isSpread?: true;
  /** Of some of it, labels were noted that nobody here understands. */
  hasUnknownLabels?: true;
  problems: Problem[];
  /** How many there are; only the first ones are kept. */
  failed: number;
  state: 'running' | 'stopped' | 'done';
}

export const PROBLEMS_KEPT = 100;

type Table = 'jobs' | 'files';

/** As much of a database as is used to take jobs over. */
export interface Tables {
  getAll(table: 'jobs'): Promise<Job[]>;
  getAllKeys(table: 'files'): Promise<IDBValidKey[]>;
  get(table: 'files', key: string): Promise<Blob[] | undefined>;
  put(table: Table, value: Job | Blob[], key: string): Promise<unknown>;
  delete(table: Table, key: IDBValidKey): Promise<void>;
}

/** Jobs of the person's accounts, with their files, one after the other: they may be large. True: nothing is left there. */
export async function takeJobs(from: Tables, to: Tables, accounts: ReadonlySet<Id>): Promise<boolean> {
  const all = await from.getAll('jobs');
  const others = new Set<IDBValidKey>();
  for (const job of all) {
    if (!accounts.has(job.accountId)) {
      others.add(job.key);
      continue;
    }
    const files = await from.get('files', job.key);
    if (files) await to.put('files', files, job.key);
    await to.put('jobs', job, job.key);
    await from.delete('jobs', job.key);
    if (files) await from.delete('files', job.key);
  }
  // Files whose job is gone are nobody's.
  for (const key of await from.getAllKeys('files')) if (!others.has(key)) await from.delete('files', key);
  return others.size === 0;
}

function makeTables(db: IDBPDatabase): void {
  db.createObjectStore('jobs');
  db.createObjectStore('files');
}

/** What there is no room for stays where it is until a page that begins later. */
async function takeEarlier(db: IDBPDatabase, accounts: ReadonlySet<Id>): Promise<void> {
  try {
    const known = await indexedDB.databases?.();
    if (known && !known.some(({ name }) => name === EARLIER)) return;
    const earlier = await openDB(EARLIER, 1, { upgrade: makeTables, blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close() });
    const isEmpty = await takeJobs(earlier as unknown as Tables, db as unknown as Tables, accounts);
    earlier.close();
    // A page that keeps it open lets go of it when it goes.
    if (isEmpty) void deleteDB(EARLIER).catch(reportError);
  } catch (error) {
    reportError(error);
  }
}

export class Jobs {
  private readonly files = new Map<string, Blob[]>();

  private constructor(private readonly db: IDBPDatabase | undefined) {}

  static async open(person: string, accounts: ReadonlySet<Id>): Promise<Jobs> {
    try {
      const db = await openDB(nameOf(person), 1, {
        upgrade: makeTables,
        // The person signs out: everything of theirs goes.
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      });
      await takeEarlier(db, accounts);
      return new Jobs(db);
    } catch {
      return new Jobs(undefined);
    }
  }

  async all(accounts: ReadonlySet<Id>): Promise<Job[]> {
    const kept = ((await this.db?.getAll('jobs').catch(() => [])) ?? []) as Job[];
    return kept.filter((job) => accounts.has(job.accountId));
  }

  /** False: it can be gone on with in this page alone. */
  async begin(job: Job, files: Blob[]): Promise<boolean> {
    this.files.set(job.key, files);
    try {
      if (!this.db) return false;
      await this.db.put('files', files, job.key);
      await this.db.put('jobs', job, job.key);
      return true;
    } catch {
      return false;
    }
  }

  async put(job: Job): Promise<void> {
    // One whose files could not be kept is not kept either.
    if (await this.db?.getKey('jobs', job.key).catch(() => undefined)) await this.db?.put('jobs', job, job.key).catch(() => undefined);
  }

  async filesOf(job: Job): Promise<Blob[] | undefined> {
    return this.files.get(job.key) ?? ((await this.db?.get('files', job.key).catch(() => undefined)) as Blob[] | undefined);
  }

  async forgetFiles(job: Job): Promise<void> {
    this.files.delete(job.key);
    await this.db?.delete('files', job.key).catch(() => undefined);
  }

  async remove(job: Job): Promise<void> {
    await this.forgetFiles(job);
    await this.db?.delete('jobs', job.key).catch(() => undefined);
  }
}
