/** A store that ends with its process. Tests give it faults: `refuse` may throw before something is written. */
import { type Put, type Store, type Table, TABLES } from './store.ts';

export class MemoryStore implements Store {
  private tables = new Map<Table, Map<string, unknown>>(TABLES.map((table) => [table, new Map()]));
  refuse: ((puts: readonly Put[]) => void) | undefined;
  /** How many values were written. */
  written = 0;

  private table(name: Table): Map<string, unknown> {
    return this.tables.get(name)!;
  }

  async get(table: Table, key: string): Promise<unknown> {
    return structuredClone(this.table(table).get(key));
  }

  async getMany(table: Table, keys: readonly string[]): Promise<unknown[]> {
    return keys.map((key) => structuredClone(this.table(table).get(key)));
  }

  async keys(table: Table, prefix: string): Promise<string[]> {
    return [...this.table(table).keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async withPrefix(table: Table, prefix: string): Promise<[string, unknown][]> {
    return (await this.keys(table, prefix)).map((key) => [key, structuredClone(this.table(table).get(key))]);
  }

  async write(puts: readonly Put[]): Promise<void> {
    this.refuse?.(puts);
    for (const { table, key, value } of structuredClone(puts)) {
      if (value === undefined) this.table(table).delete(key);
      else this.table(table).set(key, value);
      this.written++;
    }
  }

  async own(): Promise<void> {
    this.refuse?.([]);
  }

  async clear(tables: readonly Table[]): Promise<void> {
    for (const table of tables) this.table(table).clear();
  }

  async destroy(): Promise<void> {
    await this.clear(TABLES);
  }

  close(): void {}

  /** A store of its own with the same content: what a crash at this moment would leave. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [name, table] of this.tables) copy.tables.set(name, structuredClone(table));
    return copy;
  }
}
