/** The store over IndexedDB: an object store for each table, keys beside the values. */
import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import { Deposed, type Put, type Store, type Table, TABLES } from './store.ts';

/** Formats of the tables. */
const VERSION = 1;

/** Whose the store is. Two layers may think that they lead: one was frozen while the other took its place. */
const OWNER = 'owner';
const DEPOSED = 'Another tab keeps the mail of this browser now.';

const beginsWith = (prefix: string): IDBKeyRange => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

export class IndexedStore implements Store {
  private readonly owner = crypto.randomUUID();

  private constructor(
    private readonly name: string,
    private readonly db: IDBPDatabase,
  ) {}

  /** `lost` is called when the browser takes the database away: the person emptied the browser, or it became corrupt. */
  static async open(name: string, lost: () => void): Promise<IndexedStore> {
    const db = await openDB(name, VERSION, {
      upgrade(database) {
        for (const table of TABLES) if (!database.objectStoreNames.contains(table)) database.createObjectStore(table);
      },
      // Another tab has a newer program, or signs out: it must not wait for this one.
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        lost();
      },
      terminated: lost,
    });
    const store = new IndexedStore(name, db);
    await db.put('about', store.owner, OWNER);
    return store;
  }

  async get(table: Table, key: string): Promise<unknown> {
    return this.db.get(table, key);
  }

  async getMany(table: Table, keys: readonly string[]): Promise<unknown[]> {
    const { store } = this.db.transaction(table);
    return Promise.all(keys.map((key) => store.get(key)));
  }

  async withPrefix(table: Table, prefix: string): Promise<[string, unknown][]> {
    const { store } = this.db.transaction(table);
    const range = beginsWith(prefix);
    const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
    return keys.map((key, at) => [key as string, values[at]]);
  }

  async keys(table: Table, prefix: string): Promise<string[]> {
    return (await this.db.getAllKeys(table, beginsWith(prefix))) as string[];
  }

  async write(puts: readonly Put[]): Promise<void> {
    if (!puts.length) return;
    const tables = [...new Set(puts.map((put) => put.table))];
    const all = [...new Set([...tables, 'about'])];
    // Strict: what waits for the server must outlast a power cut, and nothing else says when it does.
    const transaction = this.db.transaction(all, 'readwrite', { durability: tables.includes('log') ? 'strict' : 'relaxed' });
    const done = transaction.done;
    // Its rejection is the one that counts, and comes last.
    done.catch(() => undefined);
    if ((await transaction.objectStore('about').get(OWNER)) !== this.owner) {
      transaction.abort();
      throw new Deposed(DEPOSED);
    }
    const each = puts.map(({ table, key, value }) => {
      const store = transaction.objectStore(table);
      return value === undefined ? store.delete(key) : store.put(value, key);
    });
    await Promise.all([...each, done]);
  }

  async own(): Promise<void> {
    if ((await this.db.get('about', OWNER)) !== this.owner) throw new Deposed(DEPOSED);
  }

  async clear(tables: readonly Table[]): Promise<void> {
    const transaction = this.db.transaction(tables, 'readwrite');
    await Promise.all([...tables.map((table) => transaction.objectStore(table).clear()), transaction.done]);
  }

  async destroy(): Promise<void> {
    this.db.close();
    await deleteDB(this.name);
  }

  close(): void {
    this.db.close();
  }
}
