/**
 * What a page, its worker, and the workers of other tabs say to each other. One worker leads: it has the lock, the store and the wire.
 * The others pass on what their pages ask, and what it answers.
 */
import { named } from '../../base/seat.ts';
import type { Invocation, Session } from '../../jmap/types.ts';
import type { FirstRequests, LayerError, LayerEvent, LayerStatus } from '../layer.ts';

export const LOCK = named('postrider-layer');
export const CHANNEL = named('postrider-layer');

/**
 * What a page asks of the layer. may-leave: whether it would be refused to sign out now. The page and the worker that leads may be of two
 * versions of the program, so "sign-out" is whole without its fields, and whoever hears it takes none for granted. beside: who else is signed in
 * in this browser; a page of an older version does not say it.
 */
export type Question =
  | { kind: 'request'; calls: Invocation[]; here?: boolean }
  | { kind: 'keep'; days: number }
  | { kind: 'first'; requests: FirstRequests }
  | { kind: 'may-leave' }
  | { kind: 'sign-out'; beside?: string[] };

/** deposed: another worker leads by now, and must be asked. */
export type Reply = { kind: 'done'; answers: Invocation[] } | { kind: 'deposed' } | { kind: 'failed'; error: { kind: LayerError['kind']; message: string } };

export interface Asked {
  kind: 'ask';
  id: number;
  question: Question;
}

export type ToPage =
  | { kind: 'ready'; session: Session; status: LayerStatus }
  /** There is nobody, or nowhere to keep anything: the page does without this layer. */
  | { kind: 'cannot'; error: { kind: LayerError['kind']; message: string } | undefined }
  | { kind: 'answer'; id: number; reply: Reply }
  | { kind: 'event'; event: LayerEvent; session?: Session };

/** Between workers. `tab` names one of them. */
export type Said =
  | { kind: 'who-leads'; tab: string }
  /** The server has named another person than the leader's. */
  | { kind: 'look'; tab: string }
  | { kind: 'i-lead'; tab: string; to?: string; session: Session | undefined; status: LayerStatus | undefined; cannot?: (ToPage & { kind: 'cannot' })['error'] | null }
  | { kind: 'ask'; tab: string; id: number; again: boolean; question: Question }
  | { kind: 'answer'; to: string; id: number; reply: Reply }
  | { kind: 'event'; tab: string; event: LayerEvent; session?: Session };
