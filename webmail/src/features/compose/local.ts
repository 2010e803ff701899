/**
 * Drafts in this browser: each is written here within a second, so that a crash, a reload or an ended session loses nothing. They belong to
 * the person who wrote them (the account's id is a part of the key), and go with the rest of the mail when that person signs out.
 */
import { openDB, type IDBPDatabase } from 'idb';
import type { Draft } from './draft/types.ts';

const NAME = 'postrider-compose';

/** How a draft is on its way out. */
export interface Sending {
  /** When it was asked for, and when it shall go: ms. */
  asked: number;
  sendAt: number | null;
  attempts: number;
  /** It was handed to the layer once: the server may have it, though no answer came. */
  handed: boolean;
}

export interface Kept {
  draft: Draft;
  /** The version at the server. */
  emailId: string | null;
  /** Older versions that are still to be removed there. */
  stale: string[];
  /** Notes in each version whose it is. */
  writer: string;
  /** When it was last written on, and whether the server has that: ms. */
  edited: number;
  isAtServer: boolean;
  /** Files that have no blob yet, by the attachment's key; and those that came from here, as uploads are kept for a day only. */
  files: Record<string, Blob>;
  sending: Sending | null;
  /** Who wrote it, as others may use this browser, and have the account, too: set by OwnLocal. */
  person?: string;
}

export interface Local {
  put(kept: Kept): Promise<void>;
  get(accountId: string, key: string): Promise<Kept | undefined>;
  remove(accountId: string, key: string): Promise<void>;
  all(accountId: string): Promise<Kept[]>;
  clear(): Promise<void>;
}

function idOf(accountId: string, key: string): string {
  return `${accountId}/${key}`;
}

/** For tests, and for browsers that keep nothing (private windows of some): as long as the page lives. */
export class MemoryLocal implements Local {
  private readonly records = new Map<string, Kept>();

  async put(kept: Kept): Promise<void> {
    this.records.set(idOf(kept.draft.accountId, kept.draft.key), structuredClone(kept));
  }

  async get(accountId: string, key: string): Promise<Kept | undefined> {
    return structuredClone(this.records.get(idOf(accountId, key)));
  }

  async remove(accountId: string, key: string): Promise<void> {
    this.records.delete(idOf(accountId, key));
  }

  async all(accountId: string): Promise<Kept[]> {
    return [...this.records.values()].filter((kept) => kept.draft.accountId === accountId).map((kept) => structuredClone(kept));
  }

  async clear(): Promise<void> {
    this.records.clear();
  }
}

class IndexedLocal implements Local {
  constructor(private readonly db: IDBPDatabase) {}

  async put(kept: Kept): Promise<void> {
    await this.db.put('drafts', kept, idOf(kept.draft.accountId, kept.draft.key));
  }

  async get(accountId: string, key: string): Promise<Kept | undefined> {
    return (await this.db.get('drafts', idOf(accountId, key))) as Kept | undefined;
  }

  async remove(accountId: string, key: string): Promise<void> {
    await this.db.delete('drafts', idOf(accountId, key));
  }

  async all(accountId: string): Promise<Kept[]> {
    return (await this.db.getAll('drafts', IDBKeyRange.bound(`${accountId}/`, `${accountId}0`, false, true))) as Kept[];
  }

  async clear(): Promise<void> {
    await this.db.clear('drafts');
  }
}

/** Of what several people may keep in one place, that of one of them. What nobody's name stands in is everybody's who has the account. */
export class OwnLocal implements Local {
  constructor(
    private readonly place: Local,
    private readonly person: string,
  ) {}

  private isOwn = (kept: Kept): boolean => kept.person === undefined || kept.person === this.person;

  put(kept: Kept): Promise<void> {
    return this.place.put({ ...kept, person: this.person });
  }

  async get(accountId: string, key: string): Promise<Kept | undefined> {
    const kept = await this.place.get(accountId, key);
    return kept && this.isOwn(kept) ? kept : undefined;
  }

  remove(accountId: string, key: string): Promise<void> {
    return this.place.remove(accountId, key);
  }

  async all(accountId: string): Promise<Kept[]> {
    return (await this.place.all(accountId)).filter(this.isOwn);
  }

  async clear(): Promise<void> {
    await this.place.clear();
  }
}

export async function openLocal(person: string): Promise<Local> {
  return new OwnLocal(await openPlace(), person);
}

async function openPlace(): Promise<Local> {
  try {
    return new IndexedLocal(await openDB(NAME, 1, {
        upgrade: (db) => void db.createObjectStore('drafts'),
        // The person signs out: everything of theirs goes.
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      }));
  } catch {
    return new MemoryLocal();
  }
}
