/**
 * The wire over one WebSocket (RFC 8887) for calls and for pushes. While it is not open, calls go by fetch; where it can't be opened
 * though the server is there, pushes come by events (RFC 8620 section 7.3).
 *
 * A WebSocket stays the person's who opened it. A fetch goes by the cookie, which is another person's as soon as somebody else signs in in
 * this browser: so the server names who is signed in before anything goes that way, and what it answers to another one is not believed.
 */
import { at } from '../../base/seat.ts';
import { Emitter } from '../../base/emitter.ts';
import { CORE, type CoreLimits, type Invocation, type Session, WEBSOCKET } from '../../jmap/types.ts';
import { type Wire, WireError, type WireEvent } from './wire.ts';

/** Between attempts to connect: the first, and the longest. */
const RETRY_MS = { first: 500, longest: 60_000 };
/** A server, or a way to it, that does not open a WebSocket in this time does not open one. */
const OPENS_WITHIN_MS = 10_000;
/** Where no WebSocket can be opened, it is tried again after so long. */
const WITHOUT_SOCKET_MS = 300_000;
/** A request without an answer for so long: the connection is dead. */
const ANSWERS_WITHIN_MS = 90_000;
/** After so much silence an echo is asked for, which must come soon: a machine may have slept, or changed its network. */
const SILENCE_MS = { asks: 120_000, echo: 10_000 };
/** Requests on their way at once; others join until there is room. */
const AT_ONCE = 8;

interface Waiting {
  calls: Invocation[];
  resolve(answers: Invocation[]): void;
  reject(error: unknown): void;
}

/** Of what a WebSocket has around a request (RFC 8887 section 4.3.2). */
const ENVELOPE_OCTETS = 64;

/** In UTF-8; most requests are so short that they need not be counted. */
function hasMoreOctets(text: string, most: number): boolean {
  return 3 * text.length > most && new TextEncoder().encode(text).length > most;
}

export class Connection implements Wire {
  connection: Wire['connection'] = 'connecting';
  private current: Session | undefined;
  private socket: WebSocket | undefined;
  private source: EventSource | undefined;
  private readonly events = new Emitter<WireEvent>();
  /** Whom the server has named since a WebSocket was tried last. */
  private named: string | undefined;
  private asking: Promise<Session> | undefined;
  private readonly answers = new Map<string, { resolve(answers: Invocation[]): void; reject(error: unknown): void; at: number }>();
  private readonly queue: Waiting[] = [];
  private busy = 0;
  private number = 0;
  private retryMs = RETRY_MS.first;
  private timer: { due: number; id: ReturnType<typeof setTimeout> } | undefined;
  private heardAt = 0;
  private connecting = false;
  private closed = false;
  private readonly watch: ReturnType<typeof setInterval>;

  constructor() {
    this.watch = setInterval(() => void this.check(), SILENCE_MS.echo);
    globalThis.addEventListener?.('online', () => void this.retryNow());
    globalThis.addEventListener?.('offline', () => this.say('offline'));
  }

  listen(listener: (event: WireEvent) => void): () => void {
    return this.events.listen(listener);
  }

  use(session: Session): void {
    this.current = session;
    if (!this.socket) void this.connect();
  }

  /** Nothing goes out any more. */
  close(): void {
    this.closed = true;
    clearInterval(this.watch);
    clearTimeout(this.timer?.id);
    this.socket?.close();
    this.source?.close();
  }

  session(): Promise<Session> {
    return (this.asking ??= this.fetchSession().finally(() => (this.asking = undefined)));
  }

  private async fetchSession(): Promise<Session> {
    const session = (await (await this.fetched(at('/jmap/session'), {})).json()) as Session;
    this.named = session.username;
    return session;
  }

  private async isStill({ username }: Session): Promise<Session> {
    const session = await this.session();
    if (session.username === username) return session;
    this.events.emit({ kind: 'signed-out' });
    throw new WireError('signed-out', 'Another person has signed in.');
  }

  // ---- calls ----

  send(calls: Invocation[]): Promise<Invocation[]> {
    return new Promise((resolve, reject) => {
      this.queue.push({ calls, resolve, reject });
      this.serve();
    });
  }

  private serve(): void {
    while (this.queue.length && this.busy < AT_ONCE) {
      const together = [this.queue.shift()!];
      const most = (this.current?.capabilities[CORE] as unknown as CoreLimits | undefined)?.maxCallsInRequest ?? 16;
      let count = together[0]!.calls.length;
      while (this.queue.length && count + this.queue[0]!.calls.length <= most) {
        count += this.queue[0]!.calls.length;
        together.push(this.queue.shift()!);
      }
      this.busy++;
      void this.carry(together).finally(() => {
        this.busy--;
        this.serve();
      });
    }
  }

  /** Several requests as one: the ids of their calls, and what refers to them, get numbers before them. */
  private async carry(together: readonly Waiting[]): Promise<void> {
    try {
      const calls = together.flatMap(({ calls: some }, at) => some.map(([name, args, id]): Invocation => [name, renumbered(args, at), `${at}/${id}`]));
      const answers = await this.exchange(calls);
      together.forEach(({ resolve }, at) => resolve(answers.filter(([, , id]) => id.startsWith(`${at}/`)).map(([name, args, id]): Invocation => [name, args, id.slice(id.indexOf('/') + 1)])));
    } catch (error) {
      // One of them makes the server refuse all: the others are not to blame, and nothing of it was done.
      if (together.length > 1 && error instanceof WireError && error.kind === 'refused') for (const one of together) await this.carry([one]);
      else for (const { reject } of together) reject(error);
    }
  }

  private async exchange(methodCalls: Invocation[]): Promise<Invocation[]> {
    const session = this.current;
    if (!session) throw new WireError('offline', 'Nobody is signed in yet.');
    if (this.closed) throw new WireError('offline', 'This connection is closed.');
    const request = JSON.stringify({ using: Object.keys(session.capabilities), methodCalls });
    // Over a WebSocket such a request only ends the connection: nobody would say why.
    const { maxSizeRequest } = session.capabilities[CORE] as unknown as CoreLimits;
    if (hasMoreOctets(request, maxSizeRequest - ENVELOPE_OCTETS)) throw new WireError('refused', 'The request is larger than the server takes.');
    if (this.socket?.readyState === WebSocket.OPEN) {
      const id = String(++this.number);
      const answer = new Promise<Invocation[]>((resolve, reject) => this.answers.set(id, { resolve, reject, at: Date.now() }));
      this.socket.send(`{"@type":"Request","id":"${id}",${request.slice(1)}`);
      return answer;
    }
    if (this.named !== session.username) await this.isStill(session);
    const answer = await this.fetched(session.apiUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: request });
    const { methodResponses, sessionState } = (await answer.json()) as { methodResponses: Invocation[]; sessionState: string };
    if (sessionState !== session.state) await this.isStill(session);
    this.heardState(sessionState);
    return methodResponses;
  }

  private async fetched(url: string, options: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(url, { ...options, headers: { accept: 'application/json', ...options.headers } });
    } catch {
      // A WebSocket may have been opened since: it alone tells then whether the server is there.
      if (this.socket) void this.check(true);
      else {
        this.say('offline');
        this.later();
      }
      throw new WireError('offline', 'The server cannot be reached.');
    }
    if (answer.status === 401) {
      this.events.emit({ kind: 'signed-out' });
      throw new WireError('signed-out', 'The session has ended.');
    }
    if (answer.ok && isJson(answer)) return answer;
    // Only the server refuses a request for good; anything between it and us may say anything for a while.
    const isRefused = answer.status === 413 || (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && isJson(answer));
    throw new WireError(isRefused ? 'refused' : 'busy', `The server answered with ${answer.status}.`);
  }

  private heardState(state: string): void {
    if (this.current && state !== this.current.state) this.events.emit({ kind: 'session-state', state });
  }

  // ---- the connection ----

  private say(connection: Wire['connection']): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.events.emit({ kind: 'connection', connection });
  }

  /** The sooner attempt counts: while calls go by fetch, the next one at a WebSocket may be minutes away when the server is lost. */
  private later(ms = this.retryMs * (0.5 + Math.random())): void {
    const due = Date.now() + ms;
    if (this.closed || (this.timer && this.timer.due <= due)) return;
    clearTimeout(this.timer?.id);
    const id = setTimeout(() => {
      this.timer = undefined;
      this.connectAgain();
    }, ms);
    this.timer = { due, id };
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS.longest);
  }

  private retryNow(): void {
    clearTimeout(this.timer?.id);
    this.timer = undefined;
    this.retryMs = RETRY_MS.first;
    if (this.socket) void this.check(true);
    else this.connectAgain();
  }

  private connectAgain(): void {
    this.named = undefined;
    void this.connect();
  }

  private async connect(): Promise<void> {
    if (this.closed || this.connecting || this.socket || !this.current) return;
    this.connecting = true;
    try {
      if (this.named !== this.current.username) await this.isStill(this.current);
      const url = this.current.capabilities[WEBSOCKET]?.['url'] as string | undefined;
      if (url && (await this.open(url))) return;
      // Is it the server that can't be reached, or only its WebSocket?
      this.heardState((await this.isStill(this.current)).state);
      this.listenToEvents();
      this.retryMs = RETRY_MS.first;
      this.say('online');
      this.later(WITHOUT_SOCKET_MS);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (error.kind === 'busy') this.say('offline');
      if (error.kind !== 'signed-out') this.later();
    } finally {
      this.connecting = false;
    }
  }

  private open(url: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url, 'jmap');
      const late = setTimeout(() => socket.close(), OPENS_WITHIN_MS);
      let opened = false;
      socket.onopen = () => {
        clearTimeout(late);
        opened = true;
        this.socket = socket;
        this.retryMs = RETRY_MS.first;
        this.heardAt = Date.now();
        this.source?.close();
        this.source = undefined;
        socket.send(JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: null }));
        this.say('online');
        resolve(true);
      };
      socket.onmessage = ({ data }) => this.heard(data as string);
      socket.onclose = () => {
        clearTimeout(late);
        if (!opened) return resolve(false);
        if (this.socket === socket) this.lost();
      };
    });
  }

  private lost(): void {
    this.socket = undefined;
    this.named = undefined;
    for (const { reject } of this.answers.values()) reject(new WireError('offline', 'The connection was lost.'));
    this.answers.clear();
    if (this.closed) return;
    this.say(globalThis.navigator?.onLine === false ? 'offline' : 'connecting');
    this.later();
  }

  private heard(data: string): void {
    this.heardAt = Date.now();
    // The browser may have said that there is no network, and this connection has outlasted it.
    if (this.socket) this.say('online');
    const said = JSON.parse(data) as { '@type': string; requestId?: string; methodResponses: Invocation[]; sessionState: string; changed: (WireEvent & { kind: 'changed' })['changed']; status?: number; detail?: string };
    if (said['@type'] === 'StateChange') return this.events.emit({ kind: 'changed', changed: said.changed });
    const waiting = this.answers.get(said.requestId ?? '');
    if (!waiting) return;
    this.answers.delete(said.requestId!);
    if (said['@type'] === 'Response') {
      this.heardState(said.sessionState);
      waiting.resolve(said.methodResponses);
    } else waiting.reject(new WireError((said.status ?? 500) >= 500 || said.status === 429 ? 'busy' : 'refused', said.detail ?? `The server answered with ${said.status}.`));
  }

  private async check(now = false): Promise<void> {
    const { socket } = this;
    if (!socket) return;
    const oldest = Math.min(...[...this.answers.values()].map(({ at }) => at));
    if (Date.now() - oldest > ANSWERS_WITHIN_MS) return socket.close();
    if (!now && Date.now() - this.heardAt < SILENCE_MS.asks) return;
    const before = this.heardAt;
    void this.exchange([['Core/echo', {}, 'echo']]).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS.echo));
    if (this.socket !== socket || this.heardAt !== before) return;
    // Its closing would wait for an answer, too.
    socket.onclose = null;
    socket.close();
    this.lost();
  }

  private listenToEvents(): void {
    if (this.source || typeof EventSource === 'undefined' || !this.current?.eventSourceUrl) return;
    const values: Record<string, string> = { types: '*', closeafter: 'no', ping: '60' };
    this.source = new EventSource(this.current.eventSourceUrl.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''));
    // The browser tries this one again by itself: where it gets through, so will others.
    this.source.addEventListener('open', () => this.connection === 'online' || this.retryNow());
    this.source.addEventListener('state', ({ data }) => {
      const said = JSON.parse(data as string) as { changed?: (WireEvent & { kind: 'changed' })['changed'] };
      if (said.changed) this.events.emit({ kind: 'changed', changed: said.changed });
    });
  }
}

/** application/json, or a problem of RFC 7807. */
function isJson(answer: Response): boolean {
  return /^application\/(?:problem\+)?json\b/i.test(answer.headers.get('content-type') ?? '');
}

function renumbered(args: Record<string, unknown>, number: number): Record<string, unknown> {
  const result = { ...args };
  for (const [name, value] of Object.entries(args))
    if (name.startsWith('#')) result[name] = { ...(value as Record<string, unknown>), resultOf: `${number}/${(value as { resultOf: string }).resultOf}` };
  return result;
}
