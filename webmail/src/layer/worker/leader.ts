/** The worker that leads: it opens the store of the person who is signed in, and answers what all tabs ask. */
import { type IDBPDatabase, openDB } from 'idb';
import { fetchSeats, named, seat, seatsBut } from '../../base/seat.ts';
import type { Session } from '../../jmap/types.ts';
import { Engine } from '../cache/engine.ts';
import { LayerError, type LayerEvent } from '../layer.ts';
import { Connection } from '../net/connection.ts';
import { endSession, fetchSession } from '../net/session.ts';
import { WireError } from '../net/wire.ts';
import { forgetAll, storeOf, USER, WHO } from '../store/forget.ts';
import { IndexedStore } from '../store/indexed.ts';
import { Deposed } from '../store/store.ts';
import type { Question, Reply } from './protocol.ts';

/** Blobs that were looked at: src/service-worker.ts. */
const BLOBS = named('blobs');
/** What the reader of so many days asks for is fetched ahead, unless the person has chosen otherwise (Engine.keepDays), and pinned mail. */
const AHEAD = { days: 30, pinned: ['$pinned', '$flagged'] };
/** Another seat that finds the person here at the same moment gives way: it is given so long. */
const GIVES_WAY_MS = 2_000;
/** At sign-out, what waits for the server is given so long. */
const LAST_FLUSH_MS = 5_000;

/** The database that says whose mail each seat has. */
async function inWho<T>(act: (db: IDBPDatabase) => Promise<T>): Promise<T> {
  const db = await openDB(WHO, 1, { upgrade: (database) => void database.createObjectStore('about') });
  try {
    return await act(db);
  } finally {
    db.close();
  }
}

const userOf = async (db: IDBPDatabase, key: string): Promise<string | undefined> => (await db.get('about', key)) as string | undefined;
const lastUser = (): Promise<string | undefined> => inWho((db) => userOf(db, USER));
const noteUser = (user: string): Promise<unknown> => inWho((db) => db.put('about', user, USER));

/** Who is signed in in other seats, as far as these keep mail. Where the server does not say who has a cookie, all who are noted are. */
async function usersBeside(): Promise<string[]> {
  const others = seatsBut([{ seat }]);
  const users = await inWho((db) => Promise.all(others.map((of) => userOf(db, named('user', of)))));
  const taken = users.some(Boolean) ? await fetchSeats().then((seats) => seats.taken, () => others) : [];
  return users.filter((user, at): user is string => user !== undefined && taken.includes(others[at]!));
}

/** What is asked for by address is nobody's but whose session it was. */
async function forgetBlobs(): Promise<void> {
  await globalThis.caches?.delete(BLOBS);
}

async function forgetUser(): Promise<void> {
  await Promise.all([inWho((db) => db.delete('about', USER)), forgetBlobs()]);
}

/** The seat that keeps a person's store notes it by a lock of this name, for as long as it leads. */
const STORE_LOCK = 'postrider-store-';
const storeLock = (user: string, of: number): string => `${STORE_LOCK}${of} ${user}`;

/**
 * Nobody's store has two leaders, or each would take it from the other: who signs in twice, in two seats, is shown the first of them. Each
 * takes its own lock and then looks for another one, so of two that begin together at least one sees the other; the lower number waits then.
 */
async function takeStore(user: string, over: Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // An earlier leader of this seat may not be quite gone.
    navigator.locks.request(storeLock(user, seat), { steal: true }, () => (resolve(), over)).catch(reject);
  });
  const { held = [] } = await navigator.locks.query();
  const other = held.map(({ name }) => /^postrider-store-(\d) (.*)$/s.exec(name!)).find((found) => found && found[2] === user && Number(found[1]) !== seat);
  if (!other) return;
  const isFree = seat < Number(other[1]) && (await navigator.locks.request(other[0], { signal: AbortSignal.timeout(GIVES_WAY_MS) }, () => true).catch(() => false));
  if (isFree) return;
  await forgetUser();
  throw new LayerError('elsewhere', other[1]!);
}

export class Leader {
  engine: Engine | undefined;
  private store: IndexedStore | undefined;
  private wire = new Connection();
  private isOver = false;
  private isLeaving = false;
  private letGo: () => void = () => undefined;
  private readonly over = new Promise<void>((resolve) => (this.letGo = resolve));

  /** `person`: whose mail the page shows already. `isAnew`: somebody has just signed in, and nothing is shown before it is known who. */
  constructor(
    private readonly tell: (event: LayerEvent) => void,
    private readonly isReady: () => void,
    private readonly person: string | undefined,
    private readonly isAnew: boolean,
  ) {}

  private told(event: LayerEvent): void {
    // The wire may hear that the session is over before signing out has gone on.
    if (!this.isOver) this.tell(event.kind === 'signed-out' && this.isLeaving ? { ...event, asked: true } : event);
  }

  /** Another leads from now on: this one says, asks and writes nothing more. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.wire.close();
    await this.engine?.stop();
    this.store?.close();
    this.letGo();
  }

  get session(): Session | undefined {
    return this.engine?.session;
  }

  /** Fulfilled when something can be answered. Rejects with a LayerError when nobody is signed in, or nothing is here and nobody there. */
  async start(): Promise<void> {
    const last = await lastUser();
    const user = this.isAnew || (this.person !== undefined && last !== this.person) ? undefined : last;
    const asking = this.wire.session();
    asking.catch(() => undefined);
    if (user && (await this.open(user))) {
      this.isReady();
      void this.follow(asking, user);
      return;
    }
    try {
      const session = await asking;
      if (this.person !== undefined && session.username !== this.person) throw new LayerError('signed-out', 'Another person has signed in.');
      if (session.username !== last) await forgetBlobs();
      await this.enter(session);
      this.isReady();
    } catch (error) {
      if (error instanceof WireError) throw new LayerError(error.kind === 'busy' ? 'server' : error.kind === 'refused' ? 'server' : error.kind, error.message);
      throw error;
    }
  }

  private async open(user: string): Promise<boolean> {
    await takeStore(user, this.over);
    this.store = await IndexedStore.open(storeOf(user), () => this.told({ kind: 'signed-out' }));
    this.engine = new Engine(this.store, this.wire, { ahead: AHEAD });
    this.engine.listen((event) => {
      // Whoever signs in next in this browser must not see this person's mail first.
      if (event.kind === 'signed-out' && !this.isLeaving) void forgetUser().catch(reportError).then(() => this.told(event));
      else this.told(event);
    });
    return this.engine.open();
  }

  private async enter(session: Session): Promise<void> {
    await this.open(session.username);
    await this.engine!.use(session);
    await noteUser(session.username);
    this.engine!.start();
  }

  /** It is shown what was here; now the server has said who is signed in. */
  private async follow(asking: Promise<Session>, user: string): Promise<void> {
    let session: Session;
    try {
      session = await asking;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // Offline: the wire tries again.
      if (error.kind !== 'signed-out') return;
      await forgetUser();
      return this.told({ kind: 'signed-out' });
    }
    if (session.username === user) {
      await this.engine!.use(session);
      this.told({ kind: 'session' });
      this.engine!.start();
      return;
    }
    await forgetUser();
    this.told({ kind: 'signed-out' });
  }

  /** Another tab has heard of another person. */
  look(): void {
    void this.engine?.renew();
  }

  /** `origin` names the question; `again`: an earlier leader may have answered it. */
  async answer(question: Question, origin: string, again: boolean): Promise<Reply> {
    try {
      if (question.kind === 'may-leave' || question.kind === 'sign-out') {
        if (question.kind === 'sign-out') await this.signOut(question.beside ?? (await usersBeside()));
        else {
          await this.mayLeave();
          await this.isOwnSession();
        }
        return { kind: 'done', answers: [] };
      }
      if (question.kind === 'keep') {
        await this.engine!.keepDays(question.days);
        return { kind: 'done', answers: [] };
      }
      if (question.kind === 'first') {
        await this.engine!.first.keep(question.requests, () => !this.isLeaving && !this.isOver);
        return { kind: 'done', answers: [] };
      }
      return { kind: 'done', answers: question.here ? await this.engine!.here(question.calls) : await this.engine!.request(question.calls, { name: origin, again }) };
    } catch (error) {
      if (error instanceof Deposed) return { kind: 'deposed' };
      if (error instanceof LayerError) return { kind: 'failed', error: { kind: error.kind, message: error.message } };
      reportError(error);
      return { kind: 'failed', error: { kind: 'server', message: String(error) } };
    }
  }

  /** Rejects where something would be lost: with the store it would be gone, and what was answered to views is theirs to rely on. */
  private async mayLeave(): Promise<void> {
    await Promise.race([this.engine!.flushed().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, LAST_FLUSH_MS))]);
    if (this.engine!.status().waiting) throw new LayerError('offline', 'Some changes are not at the server yet.');
    if (this.engine!.hasRefused) throw new LayerError('refused', 'The server has refused some changes, which are nowhere else.');
  }

  /** Without a network there is no signing out; and it would end the session of whoever has signed in since. */
  private async isOwnSession(): Promise<void> {
    const session = await fetchSession();
    if (session.username === this.session!.username) return;
    this.look();
    throw new LayerError('signed-out', 'Another person has signed in.');
  }

  private async signOut(beside: string[]): Promise<void> {
    await this.mayLeave();
    this.isLeaving = true;
    try {
      await endSession();
    } catch (error) {
      this.isLeaving = false;
      throw error;
    }
    await this.forget(beside);
    this.told({ kind: 'signed-out' });
  }

  /** The session has ended: whatever fails of this, the rest goes. */
  private async forget(beside: string[]): Promise<void> {
    const steps: (() => Promise<unknown>)[] = [
      () => this.engine!.stop().finally(() => this.wire.close()),
      () => this.store!.destroy(),
      () => forgetAll({ username: this.session!.username, beside }),
      async () => {
        for (const name of beside.length ? [BLOBS] : await caches.keys()) await caches.delete(name);
      },
    ];
    for (const step of steps) await step().catch(reportError);
  }
}
