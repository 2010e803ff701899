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
const transferOf = (username: string): string => `postrider-transfer ${username}`;

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

/** Empties a database, but for what waits. True: something does. */
async function empty(db: IDBPDatabase, keeps: (table: string, key: string, value: () => Promise<unknown>) => Promise<boolean> | boolean): Promise<boolean> {
  const tables = [...db.objectStoreNames];
  if (!tables.length) return false;
  const transaction = db.transaction(tables, 'readwrite');
  let stays = false;
  for (const table of tables) {
    const store = transaction.objectStore(table);
    for (const key of await store.getAllKeys())
      if (await keeps(table, String(key), () => store.get(key))) stays = true;
      else void store.delete(key);
  }
  await transaction.done;
  return stays;
}

/** Others go on in their seats, and have databases open: nothing goes but this person's. */
async function forgetOwn(username: string): Promise<void> {
  const drafts = await openDB(DRAFTS);
  await empty(drafts, async (_table, _key, value) => {
    const draft = (await value()) as { person?: string; isAtServer?: boolean };
    return draft.person !== username || isUnsent(draft);
  });
  // One that was not there is there now, without its table.
  const isNew = !drafts.objectStoreNames.length;
  drafts.close();
  for (const name of [...(isNew ? [DRAFTS] : []), storeOf(username), transferOf(username)]) await Promise.race([deleteDB(name), new Promise((resolve) => setTimeout(resolve, LETS_GO_MS))]);
}

/** `username`: whose own store goes with whatever is in it; undefined: whoever knows nothing of its log. `isAlone`: nobody else is signed in here. */
export async function forgetAll(username: string | undefined, isAlone: boolean): Promise<void> {
  if (typeof indexedDB === 'undefined') return;
  if (!isAlone) return username === undefined ? undefined : forgetOwn(username);
  const names = (await indexedDB.databases?.())?.map(({ name }) => name!) ?? [WHO, DRAFTS, ...(username === undefined ? [] : [storeOf(username), transferOf(username)])];
  for (const name of names.filter((one) => one.startsWith(WHO))) {
    const db = await openDB(name);
    const isStore = name.startsWith(storeOf('')) && (username === undefined || name !== storeOf(username));
    const hasLog = isStore && db.objectStoreNames.contains('log') && (await db.count('log')) > 0;
    const stays = await empty(db, async (table, key, value) => (hasLog ? isWaiting(table, key) : name === DRAFTS && isUnsent((await value()) as object)));
    db.close();
    if (!stays) await Promise.race([deleteDB(name), new Promise((resolve) => setTimeout(resolve, LETS_GO_MS))]);
  }
}
