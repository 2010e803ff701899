/**
 * What views reach mail through: a JMAP server, near or far. direct.ts goes straight to the server; the cached layer has the same face.
 * Nothing here knows of views.
 */
import type { Id, Invocation, Session, SetError, State, TypeName } from '../jmap/types.ts';

export interface LayerStatus {
  connection: 'connecting' | 'online' | 'offline';
  /** Changes that were answered here and are not yet at the server. Undefined: what is kept here was not read yet, so there may be some. */
  waiting?: number;
  /** The server can be reached, and fails at what waits, as when its disk is full: it is tried again. */
  fails?: boolean;
  /**
   * What outlasts this page: all that was loaded ("whole"), only what waits for the server ("log"), or nothing ("none"), because the
   * browser gives no more room. Undefined: nothing is ever kept.
   */
  kept?: 'whole' | 'log' | 'none';
  /** Mail of so many days is kept whole. */
  days?: number;
}

export type LayerEvent =
  | { kind: 'state'; changed: Record<Id, Record<TypeName, State>> }
  | { kind: 'session' }
  | { kind: 'status'; status: LayerStatus }
  /** The session has ended; what waits is kept for this person's next one. `asked`: the person has signed out, and nothing is left. */
  | { kind: 'signed-out'; asked?: boolean }
  /** What was made here has the server's ids from now on, by the local ones that it had. Both lead to it. */
  | { kind: 'named'; accountId: Id; ids: Record<Id, Id> }
  /** A change that was answered here, and that the server refused later. */
  | { kind: 'refused'; call: Invocation; error: SetError };

/** elsewhere: this person is signed in in another seat of this browser (base/seat.ts), whose number is the message. */
export class LayerError extends Error {
  constructor(readonly kind: 'elsewhere' | 'offline' | 'signed-out' | 'limit' | 'server' | 'refused', message: string) {
    super(message);
  }
}

export interface Upload {
  blobId: Id;
  type: string;
  size: number;
}

/** What the next start will ask, and the request whose answers it is then given: the same, or a smaller one. */
export type FirstRequests = [asked: Invocation[], answered: Invocation[]][];

export interface Layer {
  /** Renewed with the event 'session'. */
  readonly session: Session;
  /** Answers in JMAP's form: errors of methods are ["error", {...}, id]. Rejects with a LayerError alone, when nothing can answer. */
  request(calls: Invocation[]): Promise<Invocation[]>;
  /**
   * The same from what is kept in this browser alone, at once: for what is shown while somebody types. Words are looked for in people,
   * subjects and previews; without a connection in the bodies that are kept as well, and what they have comes later, with an event "state".
   * A call that can't be answered so has the error "notHere". Missing where nothing is kept.
   */
  here?(calls: Invocation[]): Promise<Invocation[]>;
  /** Mail of so many days is kept whole in this browser from now on. Missing where nothing is kept. */
  keepDays?(days: number): Promise<void>;
  /** Keeps these answers for the first screen of the next start, as they are now. Missing where nothing is kept. */
  keepFirst?(requests: FirstRequests): Promise<void>;
  /** Returns the function that ends it. */
  listen(listener: (event: LayerEvent) => void): () => void;
  status(): LayerStatus;
  /** A large file goes in pieces: `kept` tells which the server has, and an upload that is given them as `pieces` goes on behind them. */
  upload(accountId: Id, file: Blob, options?: { type?: string; progress?: (sent: number, all: number) => void; signal?: AbortSignal; pieces?: readonly Id[]; kept?: (pieces: readonly Id[]) => void }): Promise<Upload>;
  /** Where a blob can be had: RFC 8620 section 6.2. */
  blobUrl(accountId: Id, blobId: Id, name: string, type: string): string;
  /** Ends the session at the server, and leaves nothing of it in the browser. `last`: what is done once nothing here refuses that. */
  signOut(last?: () => Promise<void>): Promise<void>;
}
