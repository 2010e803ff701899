/**
 * Drafts in this browser: each is written here within a second, so that a crash, a reload or an ended session loses nothing. They belong to
 * the person who wrote them (the person's name and the account's id are parts of the key), and go with the rest of the mail when that person
 * signs out.
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

/** Where records lie, each under an id of its own. */
export interface Place {
  put(id: string, kept: Kept): Promise<void>;
  get(id: string): Promise<Kept | undefined>;
  remove(id: string): Promise<void>;
  /** Those of an account. */
  all(accountId: string): Promise<Kept[]>;
  clear(): Promise<void>;
}

/** `person`: undefined: as ids were when nobody's name stood in them. A draft in an account that is shared is of several people. */
function idOf(accountId: string, key: string, person?: string): string {
  return person === undefined ? `${accountId}/${key}` : `${accountId}/${key}/${person}`;
}

/** For tests, and for browsers that keep nothing (private windows of some): as long as the page lives. */
export class MemoryPlace implements Place {
  private readonly records = new Map<string, Kept>();

  async put(id: string, kept: Kept): Promise<void> {
    this.records.set(id, structuredClone(kept));
  }

  async get(id: string): Promise<Kept | undefined> {
    return structuredClone(this.records.get(id));
  }

  async remove(id: string): Promise<void> {
    this.records.delete(id);
  }

  async all(accountId: string): Promise<Kept[]> {
    return [...this.records.values()].filter((kept) => kept.draft.accountId === accountId).map((kept) => structuredClone(kept));
  }

  async clear(): Promise<void> {
    this.records.clear();
  }
}

class IndexedPlace implements Place {
  constructor(private readonly db: IDBPDatabase) {}

  async put(id: string, kept: Kept): Promise<void> {
    await this.db.put('drafts', kept, id);
  }

  async get(id: string): Promise<Kept | undefined> {
    return (await this.db.get('drafts', id)) as Kept | undefined;
  }

  async remove(id: string): Promise<void> {
    await this.db.delete('drafts', id);
  }

  async all(accountId: string): Promise<Kept[]> {
    return (await this.db.getAll('drafts', IDBKeyRange.bound(`${accountId}/`, `${accountId}0`, false, true))) as Kept[];
  }

  async clear(): Promise<void> {
    await this.db.clear('drafts');
  }
}

/**
 * Of what several people may keep in one place, that of one of them: others may write on the same draft of a shared account. What nobody's
 * name stands in is everybody's who has the account.
 */
export class OwnLocal implements Local {
  constructor(
    private readonly place: Place,
    private readonly person: string,
  ) {}

  private isOwn = (kept: Kept): boolean => kept.person === undefined || kept.person === this.person;

  /** What lies under an id without a name, unless it is another's. */
  private async earlier(accountId: string, key: string): Promise<Kept | undefined> {
    const kept = await this.place.get(idOf(accountId, key));
    return kept && this.isOwn(kept) ? kept : undefined;
  }

  private async removeEarlier(accountId: string, key: string): Promise<void> {
    if (await this.earlier(accountId, key)) await this.place.remove(idOf(accountId, key));
  }

  async put(kept: Kept): Promise<void> {
    const { accountId, key } = kept.draft;
    await this.place.put(idOf(accountId, key, this.person), { ...kept, person: this.person });
    await this.removeEarlier(accountId, key);
  }

  async get(accountId: string, key: string): Promise<Kept | undefined> {
    return (await this.place.get(idOf(accountId, key, this.person))) ?? this.earlier(accountId, key);
  }

  async remove(accountId: string, key: string): Promise<void> {
    await this.place.remove(idOf(accountId, key, this.person));
    await this.removeEarlier(accountId, key);
  }

  /** Each draft once: as the person has it, if there is an earlier one besides. */
  async all(accountId: string): Promise<Kept[]> {
    const own = (await this.place.all(accountId)).filter(this.isOwn);
    const named = new Set(own.filter((kept) => kept.person !== undefined).map((kept) => kept.draft.key));
    return own.filter((kept) => kept.person !== undefined || !named.has(kept.draft.key));
  }

  async clear(): Promise<void> {
    await this.place.clear();
  }
}

export async function openLocal(person: string): Promise<Local> {
  return new OwnLocal(await openPlace(), person);
}

async function openPlace(): Promise<Place> {
  try {
    return new IndexedPlace(await openDB(NAME, 1, {
        upgrade: (db) => void db.createObjectStore('drafts'),
        // The person signs out: everything of theirs goes.
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      }));
  } catch {
    return new MemoryPlace();
  }
}
