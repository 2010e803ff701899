/** The way to the server, as the cache sees it. */
import type { Id, Invocation, Session, State, TypeName } from '../../jmap/types.ts';

/**
 * - offline: no answer came; what was sent may have been done
 * - signed-out: the session has ended
 * - busy: the server asks for patience, and did nothing
 * - refused: the server does not take such a request
 */
export class WireError extends Error {
  constructor(readonly kind: 'offline' | 'signed-out' | 'busy' | 'refused', message: string) {
    super(message);
  }
}

export type WireEvent =
  | { kind: 'changed'; changed: Record<Id, Partial<Record<TypeName, State>>> }
  | { kind: 'connection'; connection: 'connecting' | 'online' | 'offline' }
  | { kind: 'session-state'; state: State }
  | { kind: 'signed-out' };

export interface Wire {
  /** What is needed to reach the server; a wire without it can only fetch it. */
  use(session: Session): void;
  session(): Promise<Session>;
  send(calls: Invocation[]): Promise<Invocation[]>;
  readonly connection: 'connecting' | 'online' | 'offline';
  listen(listener: (event: WireEvent) => void): () => void;
  close(): void;
}
