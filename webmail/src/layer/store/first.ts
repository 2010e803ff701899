/**
 * The first screen of the next start: what a page asks before it shows anything, with the answers. It is one small record of the person's store,
 * which a page reads by itself in a few milliseconds, before the worker that answers all else begins. The worker alone writes it.
 */
import type { Invocation, Session } from '../../jmap/types.ts';
import type { FirstRequests } from '../layer.ts';
import { inSeat } from '../net/session.ts';
import { storeOf, USER, WHO } from './forget.ts';
import type { Put } from './store.ts';

export interface FirstScreen {
  session: Session;
  /** The calls as they are asked, as JSON, and what they are answered. */
  answers: [asked: string, answers: Invocation[]][];
  /** When it was written: the oldest answers of the table go when there are too many. */
  at: number;
}

/** Its place in the table `answers`. */
export const FIRST = 'first screen';

interface Answering {
  readonly session: Session | undefined;
  request(calls: Invocation[]): Promise<Invocation[]>;
  write(puts: Put[]): Promise<void>;
}

/**
 * The worker's side. A page names what is to be kept when nobody has done anything for a moment; a change before that takes the record away, in
 * the step that writes the change: what was archived is not shown once more by a start that comes too soon, which has no first screen then.
 */
export class FirstKeeper {
  /** An earlier worker may have left one. */
  private isThere = true;
  private changes = 0;

  constructor(private readonly engine: Answering) {}

  /** What is written with a change. */
  drop(): Put[] {
    this.changes++;
    if (!this.isThere) return [];
    this.isThere = false;
    return [{ table: 'answers', key: FIRST }];
  }

  /** An error is nothing to show first. What changes meanwhile, the page asks for once more. `isWanted`: looked at last of all. */
  async keep(requests: FirstRequests, isWanted: () => boolean): Promise<void> {
    const { changes } = this;
    const answers: FirstScreen['answers'] = [];
    for (const [asked, answered] of requests) {
      const found = await this.engine.request(answered);
      if (found.every(([name]) => name !== 'error')) answers.push([JSON.stringify(asked), found]);
    }
    const value: FirstScreen = { session: this.engine.session!, answers, at: Date.now() };
    if (this.changes !== changes || !isWanted()) return;
    this.isThere = true;
    await this.engine.write([{ table: 'answers', key: FIRST, value }]);
  }
}

/** A value of a database as it is. A database that is not there is not made, and none is kept open: somebody may want to delete it. */
function valueOf(name: string, table: string, key: string): Promise<unknown> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onupgradeneeded = () => opening.transaction!.abort();
    opening.onerror = () => resolve(undefined);
    opening.onsuccess = () => {
      const db = opening.result;
      const found = (value: unknown): void => {
        db.close();
        resolve(value);
      };
      db.onversionchange = () => found(undefined);
      if (!db.objectStoreNames.contains(table)) return found(undefined);
      const asking = db.transaction(table).objectStore(table).get(key);
      asking.onsuccess = () => found(asking.result);
      asking.onerror = () => found(undefined);
    };
  });
}

/** That of the person whose mail this browser shows before the server has said who is signed in. */
export async function readFirstScreen(): Promise<FirstScreen | undefined> {
  const user = await valueOf(WHO, 'about', USER);
  if (typeof user !== 'string') return undefined;
  const first = (await valueOf(storeOf(user), 'answers', FIRST)) as FirstScreen | undefined;
  return first?.session.username === user ? { ...first, session: inSeat(first.session) } : undefined;
}
