/**
 * Imports as this browser keeps them, with their files, so that one goes on after a reload. Where nothing can be kept, or a file is too
 * large for it, an import lasts as long as the page. All databases of the program are emptied at sign-out.
 */
import { type IDBPDatabase, openDB } from 'idb';
import type { Id } from '../../jmap/types.ts';

/** Each person has one: layer/store/forget.ts. */
const nameOf = (person: string): string => `postrider-transfer ${person}`;

export interface Problem {
  name: string;
  /** Why it was not taken: the words "transfer.why.*", or what the server says. */
  why: string;
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
  sent?: { emails: Record<string, object>; names: Record<string, string>; count: number; octets: number } | undefined;
  present: number;
  problems: Problem[];
  /** How many there are; only the first ones are kept. */
  failed: number;
  state: 'running' | 'stopped' | 'done';
}

export const PROBLEMS_KEPT = 100;

export class Jobs {
  private readonly files = new Map<string, Blob[]>();

  private constructor(private readonly db: IDBPDatabase | undefined) {}

  static async open(person: string): Promise<Jobs> {
    try {
      return new Jobs(
        await openDB(nameOf(person), 1, {
          upgrade(db) {
            db.createObjectStore('jobs');
            db.createObjectStore('files');
          },
          // The person signs out: everything of theirs goes.
          blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
        }),
      );
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
