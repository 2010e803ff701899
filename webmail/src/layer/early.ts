/**
 * The layer of a page that has just begun: what the first screen asks is answered from what the last page left for it (store/first.ts), and all
 * else waits for the layer proper. What was shown so may be old: when the layer is there, views hear that everything has changed, and look again.
 */
import { Emitter } from '../base/emitter.ts';
import { type Id, type Invocation, MAIL, type Session, type TypeName } from '../jmap/types.ts';
import { type FirstRequests, type Layer, LayerError, type LayerEvent, type LayerStatus, type Upload } from './layer.ts';
import { blobUrl } from './net/blobs.ts';
import type { FirstScreen } from './store/first.ts';

/** What the first screen shows. */
const TYPES: TypeName[] = ['Mailbox', 'Identity', 'Email', 'Thread'];

export class EarlyLayer implements Layer {
  /** A page loads its words before it listens: see CachedLayer. */
  private readonly events = new Emitter<LayerEvent>({ holds: true });
  private readonly early: Session;
  private answers: Map<string, Invocation[]>;
  private hasAnswered = false;
  private current: LayerStatus = { connection: 'connecting' };
  private real: Layer | undefined;
  private readonly arrives: Promise<Layer>;

  constructor(first: FirstScreen, opening: Promise<Layer>) {
    this.early = first.session;
    this.answers = new Map(first.answers);
    this.arrives = opening.then((real) => this.take(real));
    this.arrives.catch((error: unknown) => this.fail(error));
  }

  get session(): Session {
    return this.real?.session ?? this.early;
  }

  private take(real: Layer): Layer {
    this.answers.clear();
    // What is shown is another person's, and so is what the page wants to ask.
    if (real.session.username !== this.early.username) throw new LayerError('signed-out', 'Another person has signed in.');
    this.real = real;
    this.current = real.status();
    this.events.emit({ kind: 'session' });
    this.events.emit({ kind: 'status', status: this.current });
    if (this.hasAnswered) this.events.emit({ kind: 'state', changed: this.everything() });
    real.listen((event) => this.events.emit(event));
    return real;
  }

  private everything(): Record<Id, Record<TypeName, string>> {
    const ids = Object.entries(this.session.accounts).flatMap(([id, { accountCapabilities }]) => (MAIL in accountCapabilities ? [id] : []));
    const states = Object.fromEntries(TYPES.map((type) => [type, 'another'])) as Record<TypeName, string>;
    return Object.fromEntries(ids.map((id) => [id, states]));
  }

  private fail(error: unknown): void {
    this.answers.clear();
    if (error instanceof LayerError && error.kind === 'signed-out') return this.events.emit({ kind: 'signed-out' });
    if (!(error instanceof LayerError)) reportError(error);
    this.current = { ...this.current, connection: 'offline' };
    this.events.emit({ kind: 'status', status: this.current });
  }

  async request(calls: Invocation[]): Promise<Invocation[]> {
    const known = this.answers.get(JSON.stringify(calls));
    if (!known) return (await this.arrives).request(calls);
    this.hasAnswered = true;
    return known;
  }

  async here(calls: Invocation[]): Promise<Invocation[]> {
    const real = await this.arrives;
    return real.here ? real.here(calls) : calls.map(([, , id]) => ['error', { type: 'notHere' }, id]);
  }

  async keepDays(days: number): Promise<void> {
    await (await this.arrives).keepDays?.(days);
  }

  async keepFirst(requests: FirstRequests): Promise<void> {
    await (await this.arrives).keepFirst?.(requests);
  }

  listen(listener: (event: LayerEvent) => void): () => void {
    return this.events.listen(listener);
  }

  status(): LayerStatus {
    return this.real?.status() ?? this.current;
  }

  async upload(accountId: Id, file: Blob, options: Parameters<Layer['upload']>[2] = {}): Promise<Upload> {
    return (await this.arrives).upload(accountId, file, options);
  }

  blobUrl(accountId: Id, blobId: Id, name: string, type: string): string {
    return blobUrl(this.session, accountId, blobId, name, type);
  }

  async signOut(last?: () => Promise<void>): Promise<void> {
    await (await this.arrives).signOut(last);
  }
}
