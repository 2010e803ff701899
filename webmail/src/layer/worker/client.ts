/** The layer as a page has it: what it asks goes to the worker. */
import { Emitter } from '../../base/emitter.ts';
import type { Id, Invocation, Session } from '../../jmap/types.ts';
import { type FirstRequests, type Layer, LayerError, type LayerEvent, type LayerStatus, type Upload } from '../layer.ts';
import { forgetLocal } from '../../base/device.ts';
import { signedInBeside, workerName } from '../../base/seat.ts';
import { forgetPushes, forgetService } from '../service.ts';
import { blobUrl, upload } from '../net/blobs.ts';
import { forgetAll } from '../store/forget.ts';
import { ANEW, signedIn, signingIn } from './marker.ts';
import type { Asked, Question, ToPage } from './protocol.ts';

/** There is nowhere to keep anything. */
export class NoCache extends Error {}

export class CachedLayer implements Layer {
  /** A page loads its words before it listens: a session that ends meanwhile must not go unheard. */
  private readonly events = new Emitter<LayerEvent>({ holds: true });
  private readonly open = new Map<number, { resolve(answers: Invocation[]): void; reject(error: LayerError): void }>();
  private number = 0;
  private whenOver: (() => void) | undefined;

  private constructor(
    private readonly worker: Worker,
    public session: Session,
    private current: LayerStatus,
  ) {
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.hear(data);
  }

  /** Rejects with a LayerError when nobody is signed in, and with NoCache when this browser keeps nothing. */
  static start(url: string): Promise<CachedLayer> {
    return new Promise((resolve, reject) => {
      const mark = signingIn();
      const worker = new Worker(url, { type: 'module', name: workerName(mark === null ? 'layer' : ANEW) });
      worker.onerror = () => {
        worker.terminate();
        reject(new NoCache());
      };
      worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
        if (data.kind === 'ready') {
          signedIn(mark);
          worker.onerror = (event) => reportError(new Error(`layer: ${event.message}`));
          resolve(new CachedLayer(worker, data.session, data.status));
        } else if (data.kind === 'cannot') {
          worker.terminate();
          reject(data.error ? new LayerError(data.error.kind, data.error.message) : new NoCache());
        } else if (data.kind === 'event' && data.event.kind === 'signed-out') {
          // The server was quicker than the mail that is kept here. The worker says it once.
          worker.terminate();
          reject(new LayerError('signed-out', 'The session has ended.'));
        }
      };
    });
  }

  private hear(message: ToPage): void {
    if (message.kind === 'answer') {
      const waiting = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.reply.kind === 'done') waiting?.resolve(message.reply.answers);
      else if (message.reply.kind === 'failed') waiting?.reject(new LayerError(message.reply.error.kind, message.reply.error.message));
    } else if (message.kind === 'event') {
      if (message.event.kind === 'signed-out' && message.event.asked && this.whenOver) return this.whenOver();
      if (message.session) this.session = message.session;
      if (message.event.kind === 'status') this.current = message.event.status;
      this.events.emit(message.event);
    }
  }

  private ask(question: Question): Promise<Invocation[]> {
    const asked: Asked = { kind: 'ask', id: ++this.number, question };
    return new Promise((resolve, reject) => {
      this.open.set(asked.id, { resolve, reject });
      this.worker.postMessage(asked);
    });
  }

  request(calls: Invocation[]): Promise<Invocation[]> {
    return this.ask({ kind: 'request', calls });
  }

  here(calls: Invocation[]): Promise<Invocation[]> {
    return this.ask({ kind: 'request', calls, here: true });
  }

  async keepDays(days: number): Promise<void> {
    await this.ask({ kind: 'keep', days });
  }

  async keepFirst(requests: FirstRequests): Promise<void> {
    await this.ask({ kind: 'first', requests });
  }

  listen(listener: (event: LayerEvent) => void): () => void {
    return this.events.listen(listener);
  }

  status(): LayerStatus {
    return this.current;
  }

  upload(accountId: Id, file: Blob, options: Parameters<Layer['upload']>[2] = {}): Promise<Upload> {
    return upload(this.session, accountId, file, options, (calls) => this.request(calls));
  }

  blobUrl(accountId: Id, blobId: Id, name: string, type: string): string {
    return blobUrl(this.session, accountId, blobId, name, type);
  }

  async signOut(last?: () => Promise<void>): Promise<void> {
    // Whoever cannot sign out keeps all: the service worker, its news, the program's files.
    await this.ask({ kind: 'may-leave' });
    await last?.();
    await forgetPushes(this);
    const seats = await signedInBeside();
    const beside = seats.map(({ address }) => address);
    // The page goes when it hears of the end; until then it takes away what the worker cannot.
    const over = new Promise<void>((resolve) => (this.whenOver = resolve));
    try {
      await Promise.race([this.ask({ kind: 'sign-out', beside }), over]);
      // The worker has done so. But it may be of an older version, which leaves more, and it ends with its page, whatever it is about.
      await forgetAll({ username: this.session.username, beside }).catch(reportError);
      await forgetService(seats).catch(reportError);
      forgetLocal(this.session.username, seats);
    } finally {
      this.whenOver = undefined;
    }
    this.events.emit({ kind: 'signed-out', asked: true });
  }
}
