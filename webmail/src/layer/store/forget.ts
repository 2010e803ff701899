/**
 * What signing out leaves in a browser: nothing of the person who goes, and of others what waits for their next session and is nowhere
 * else. Features keep databases of their own; all names begin alike.
 */
import { named } from '../../base/seat.ts';
import { deleteDB, type IDBPDatabase, openDB } from 'idb';

/** A database that says whose store is opened before the server has told who is signed in. */
export const WHO = 'postrider';
/** Each seat has a line there. */
export const USER = named('user');
const DRAFTS = 'postrider-compose';
/** Imports that began before each person had a database: of several people, perhaps. */
const EARLIER_TRANSFER = 'postrider-transfer';
const transferOf = (username: string): string => `${EARLIER_TRANSFER} ${username}`;

export const storeOf = (username: string): string => `postrider ${username}`;

/** A page that keeps a database open, and does not let go of it, for so long delays a sign-out: what is in it is gone by then. */
const LETS_GO_MS = 1_000;

/** Of a store that has changes in its log, what they need: the files that they name, and the ids that their makings have got. */
export function isWaiting(table: string, key: string): boolean {
  return table === 'log' || table === 'files' || (table === 'about' && key.startsWith('alias/'));
}

/** Of drafts (features/compose/local.ts): what was written and is nowhere else, or on its way out. */
export function isUnsent(draft: { isAtServer?: boolean; sending?: object | null }): boolean {
  return !draft.isAtServer || Boolean(draft.sending);
}

type Stays = (table: string, key: string, value: () => Promise<unknown>) => Promise<boolean> | boolean;

/** Empties a database, but for what stays. True: something does. */
async function empty(db: IDBPDatabase, isStaying: Stays): Promise<boolean> {
  const tables = [...db.objectStoreNames];
  if (!tables.length) return false;
  const transaction = db.transaction(tables, 'readwrite');
  let stays = false;
  for (const table of tables) {
    const store = transaction.objectStore(table);
    for (const key of await store.getAllKeys())
      if (await isStaying(table, String(key), () => store.get(key))) stays = true;
      else void store.delete(key);
  }
  await transaction.done;
  return stays;
}

/** `username`: whose own store goes with whatever is in it; undefined: whoever knows nothing of its log. `beside`: who else is signed in here. */
export interface Leaving {
  username: string | undefined;
  beside: readonly string[];
}

/** What of a database stays. undefined: all of it, for somebody who goes on in another seat. `hasLog`: changes of a store wait. */
export function staysIn(name: string, { username, beside }: Leaving): ((hasLog: boolean) => Stays) | undefined {
  const isBeside = (person: unknown): boolean => person !== username && beside.includes(person as string);
  if (beside.some((person) => isBeside(person) && (name === storeOf(person) || name === transferOf(person)))) return undefined;
  if (name === EARLIER_TRANSFER && beside.length) return undefined;
  if (name === WHO) return () => async (_table, key, value) => key !== USER && isBeside(await value());
  if (name === DRAFTS)
    return () => async (_table, _key, value) => {
      const draft = (await value()) as { person?: string; isAtServer?: boolean; sending?: object | null };
      return isUnsent(draft) || isBeside(draft.person);
    };
  const mayWait = name.startsWith(storeOf('')) && (username === undefined || name !== storeOf(username));
  return (hasLog) => (table, key) => mayWait && hasLog && isWaiting(table, key);
}

/** At a sign-out. What was made by opening it, and has no tables, goes as well. */
export async function forgetAll(leaving: Leaving): Promise<void> {
  if (typeof indexedDB === 'undefined') return;
  const { username } = leaving;
  const names = (await indexedDB.databases?.())?.map(({ name }) => name!) ?? [WHO, DRAFTS, ...(username === undefined ? [] : [storeOf(username), transferOf(username)])];
  for (const name of names.filter((one) => one.startsWith(WHO))) {
    const rule = staysIn(name, leaving);
    if (!rule) continue;
    const db = await openDB(name);
    const hasLog = db.objectStoreNames.contains('log') && (await db.count('log')) > 0;
    const stays = await empty(db, rule(hasLog));
    db.close();
    if (!stays) await Promise.race([deleteDB(name), new Promise((resolve) => setTimeout(resolve, LETS_GO_MS))]);
  }
}
