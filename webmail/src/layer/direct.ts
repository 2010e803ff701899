/** The layer that keeps nothing: each request goes to the server, and changes are heard by WebSocket (RFC 8887). */
import { Emitter } from '../base/emitter.ts';
import { CORE, WEBSOCKET, type Id, type Invocation, type Session, type State, type TypeName } from '../jmap/types.ts';
import { blobUrl, upload } from './net/blobs.ts';
import { endSession, fetchSession } from './net/session.ts';
import { forgetLocal } from '../base/device.ts';
import { signedInBeside } from '../base/seat.ts';
import { forgetPushes, forgetService } from './service.ts';
import { forgetAll } from './store/forget.ts';
import { type Layer, LayerError, type LayerEvent, type LayerStatus, type Upload } from './layer.ts';

/** Between attempts to connect again: the first, and the longest. */
const RETRY_MS = { first: 1_000, longest: 30_000 };

export class DirectLayer implements Layer {
  /** A page loads its words before it listens: a session that ends meanwhile must not go unheard. */
  private readonly events = new Emitter<LayerEvent>({ holds: true });
  private socket: WebSocket | undefined;
  private retry = RETRY_MS.first;
  private current: LayerStatus = { connection: 'connecting', waiting: 0 };
  private closed = false;

  constructor(public session: Session) {
    this.connect();
    globalThis.addEventListener?.('online', () => this.connect());
  }

  listen(listener: (event: LayerEvent) => void): () => void {
    return this.events.listen(listener);
  }

  status(): LayerStatus {
    return this.current;
  }

  async request(calls: Invocation[]): Promise<Invocation[]> {
    let answer: Response;
    try {
      answer = await fetch(this.session.apiUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ using: Object.keys(this.session.capabilities), methodCalls: calls }),
      });
    } catch {
      this.say('offline');
      throw new LayerError('offline', 'The server cannot be reached.');
    }
    if (answer.status === 401) {
      this.events.emit({ kind: 'signed-out' });
      throw new LayerError('signed-out', 'The session has ended.');
    }
    if (!answer.ok) throw new LayerError(answer.status === 400 ? 'limit' : 'server', `The server answered with ${answer.status}.`);
    const { methodResponses, sessionState } = (await answer.json()) as { methodResponses: Invocation[]; sessionState: State };
    if (sessionState !== this.session.state) await this.renew();
    return methodResponses;
  }

  upload(accountId: Id, file: Blob, options: Parameters<Layer['upload']>[2] = {}): Promise<Upload> {
    return upload(this.session, accountId, file, options, (calls) => this.request(calls));
  }

  blobUrl(accountId: Id, blobId: Id, name: string, type: string): string {
    return blobUrl(this.session, accountId, blobId, name, type);
  }

  async signOut(last?: () => Promise<void>): Promise<void> {
    await last?.();
    await forgetPushes(this);
    const beside = await signedInBeside();
    await endSession();
    this.closed = true;
    this.socket?.close();
    await forgetService(beside).catch(reportError);
    // On another day this browser may have kept mail; what still waits there is this person's next session's.
    await forgetAll({ username: undefined, beside: beside.map(({ address }) => address) }).catch(reportError);
    forgetLocal(this.session.username, beside);
    this.events.emit({ kind: 'signed-out', asked: true });
  }

  private say(connection: LayerStatus['connection']): void {
    if (this.current.connection === connection) return;
    this.current = { ...this.current, connection };
    this.events.emit({ kind: 'status', status: this.current });
  }

  /** What was answered to another person, who has signed in in this browser since, is not believed. */
  private async renew(): Promise<void> {
    const session = await fetchSession();
    if (session.username !== this.session.username) {
      this.events.emit({ kind: 'signed-out' });
      throw new LayerError('signed-out', 'Another person has signed in.');
    }
    if (session.state === this.session.state) return;
    this.session = session;
    this.events.emit({ kind: 'session' });
  }

  private connect(): void {
    const url = this.session.capabilities[WEBSOCKET]?.['url'] as string | undefined;
    if (!url || this.closed || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return;
    const socket = (this.socket = new WebSocket(url, 'jmap'));
    socket.onopen = () => {
      this.retry = RETRY_MS.first;
      this.say('online');
      socket.send(JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: null }));
    };
    socket.onmessage = (message) => {
      const said = JSON.parse(message.data as string) as { '@type': string; changed?: Record<Id, Record<TypeName, State>> };
      if (said['@type'] === 'StateChange' && said.changed) this.events.emit({ kind: 'state', changed: said.changed });
    };
    socket.onclose = () => {
      if (this.closed) return;
      this.say(navigator.onLine ? 'connecting' : 'offline');
      setTimeout(() => this.connect(), this.retry);
      this.retry = Math.min(this.retry * 2, RETRY_MS.longest);
    };
  }
}

/** How many objects the server takes in one call. */
export function objectsAtOnce(session: Session): number {
  const limits = session.capabilities[CORE] as { maxObjectsInGet?: number; maxObjectsInSet?: number } | undefined;
  return Math.min(limits?.maxObjectsInGet ?? 500, limits?.maxObjectsInSet ?? 500);
}
