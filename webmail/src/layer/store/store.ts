/**
 * What the layer keeps in the browser: tables of values by key. IndexedDB (indexed.ts) is what browsers have, memory.ts what tests and
 * browsers without it have. A value is a structured clone: whoever gets one may change it.
 */

/**
 * - about: of the whole, by name: the session object, states, aliases of ids
 * - rows, texts: emails in pieces of many, by account and piece (cache/emails.ts)
 * - bodies: what was read of an email beyond its list properties, by id
 * - records: mailboxes, identities ..., one list for each account and type
 * - log: changes that are not at the server yet, by number
 * - answers: last answers to what the layer does not know itself, for the time without a network
 * - files: attachments that are not at the server yet, by their id
 */
export const TABLES = ['about', 'rows', 'texts', 'bodies', 'records', 'log', 'answers', 'files'] as const;
export type Table = (typeof TABLES)[number];

/** Without a value, the key is removed. */
export interface Put {
  table: Table;
  key: string;
  value?: unknown;
}

/** Another layer has taken the store over: this one writes nothing any more, and what it was asked is asked of the other. */
export class Deposed extends Error {}

export interface Store {
  get(table: Table, key: string): Promise<unknown>;
  /** In the order of the keys; undefined where there is nothing. */
  getMany(table: Table, keys: readonly string[]): Promise<unknown[]>;
  /** All whose keys begin so, ordered by key. */
  withPrefix(table: Table, prefix: string): Promise<[key: string, value: unknown][]>;
  keys(table: Table, prefix: string): Promise<string[]>;
  /** All of them or none; they outlast a crash when the promise is fulfilled. Rejects where the disk is full, and with Deposed. */
  write(puts: readonly Put[]): Promise<void>;
  /** Rejects with Deposed. */
  own(): Promise<void>;
  clear(tables: readonly Table[]): Promise<void>;
  /** Nothing is left of it; it can't be used again. */
  destroy(): Promise<void>;
  close(): void;
}
