/**
 * A store that never fails: when the browser gives no more room, it goes on with less. At first without what was fetched ahead, then with
 * what waits for the server alone, at last in memory: `state` says which.
 */
import { MemoryStore } from '../store/memory.ts';
import { Deposed, type Put, type Store, type Table, TABLES } from '../store/store.ts';

/**
 * - whole: all is kept
 * - log: only what waits for the server outlasts this page
 * - none: nothing does
 */
export type Kept = 'whole' | 'log' | 'none';

const SPARE: Table[] = ['bodies', 'answers'];
/** What only the person could make again. */
const isWork = (table: Table): boolean => table === 'log' || table === 'files';
const CACHE = TABLES.filter((table) => table !== 'log' && table !== 'files' && table !== 'about');

export class SafeStore implements Store {
  state: Kept = 'whole';
  private readonly memory = new MemoryStore();

  constructor(
    private readonly inner: Store,
    private readonly told: (state: Kept) => void,
  ) {}

  private isIn(table: Table): boolean {
    return this.state === 'whole' || (this.state === 'log' && isWork(table));
  }

  private from(table: Table): Store {
    return this.isIn(table) ? this.inner : this.memory;
  }

  private async read<T>(table: Table, ask: (store: Store) => Promise<T>): Promise<T> {
    try {
      return await ask(this.from(table));
    } catch (error) {
      if (error instanceof Deposed) throw error;
      await this.less(isWork(table) || this.state !== 'whole' ? 'none' : 'log');
      return ask(this.memory);
    }
  }

  get(table: Table, key: string): Promise<unknown> {
    return this.read(table, (store) => store.get(table, key));
  }

  getMany(table: Table, keys: readonly string[]): Promise<unknown[]> {
    return this.read(table, (store) => store.getMany(table, keys));
  }

  withPrefix(table: Table, prefix: string): Promise<[string, unknown][]> {
    return this.read(table, (store) => store.withPrefix(table, prefix));
  }

  keys(table: Table, prefix: string): Promise<string[]> {
    return this.read(table, (store) => store.keys(table, prefix));
  }

  async write(puts: readonly Put[]): Promise<void> {
    if (!puts.length) return;
    if (this.state === 'whole') {
      try {
        return await this.inner.write(puts);
      } catch (error) {
        if (error instanceof Deposed) throw error;
        // Room may be made.
      }
      try {
        await this.inner.clear(SPARE);
        return await this.inner.write(puts.filter((put) => !SPARE.includes(put.table)));
      } catch (error) {
        // What another layer keeps is not ours to clear.
        if (error instanceof Deposed) throw error;
        await this.less('log');
      }
    }
    const kept = puts.filter((put) => this.isIn(put.table));
    if (kept.length)
      try {
        await this.inner.write(kept);
      } catch (error) {
        if (error instanceof Deposed) throw error;
        await this.less('none');
      }
    // What is done goes from the disk even then: it must not be done again at the next start.
    const done = this.state === 'none' ? puts.filter((put) => isWork(put.table) && put.value === undefined) : [];
    if (done.length) await this.inner.write(done).catch(() => undefined);
    await this.memory.write(puts.filter((put) => !this.isIn(put.table)));
  }

  async own(): Promise<void> {
    try {
      await this.inner.own();
    } catch (error) {
      if (error instanceof Deposed) throw error;
    }
  }

  /**
   * What was fetched so far is taken away, so that nothing old is found at the next start. What waits for the server stays where it is,
   * even if it can't be read now: the next start may find it.
   */
  private async less(state: Kept): Promise<void> {
    this.state = state;
    this.told(state);
    try {
      // Names of things that were made here are needed as long as the log.
      await this.inner.clear(CACHE);
      const about = await this.inner.keys('about', 'account/');
      await this.inner.write(about.map((key) => ({ table: 'about', key })));
    } catch {
      // It is gone, or takes nothing at all.
    }
  }

  async clear(tables: readonly Table[]): Promise<void> {
    await Promise.all([this.inner.clear(tables).catch(() => undefined), this.memory.clear(tables)]);
  }

  async destroy(): Promise<void> {
    await this.memory.destroy();
    await this.inner.destroy();
  }

  close(): void {
    this.inner.close();
  }
}
