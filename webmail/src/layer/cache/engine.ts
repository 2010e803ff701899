/**
 * The layer without its thread and its tabs: a small JMAP server over what the store keeps, and the wire to the real one. What is here is
 * answered; what can wait is written to the log and answered; for the rest the server is asked, and what it says is kept.
 */
import { Emitter } from '../../base/emitter.ts';
import { CORE, type CoreLimits, type Id, type Invocation, MAIL, type Session, SNOOZE, type TypeName } from '../../jmap/types.ts';
import { type LayerEvent, LayerError, type LayerStatus } from '../layer.ts';
import { inSeat } from '../net/session.ts';
import { type Wire, WireError } from '../net/wire.ts';
import { FirstKeeper } from '../store/first.ts';
import type { Put, Store } from '../store/store.ts';
import { Account } from './account.ts';
import { Answers } from './answers.ts';
import { type Ahead, Background } from './background.ts';
import { Bodies } from './bodies.ts';
import { canWait, edit } from './edits.ts';
import type { Json } from './emails.ts';
import { Log, localsIn, withReal } from './log.ts';
import { newRecord } from './made.ts';
import { Pump, type PumpHost } from './pump.ts';
import { Queries } from './queries.ts';
import { learnShape, read, type Read, type ReadContext } from './reads.ts';
import { MethodError, partlyResolved, referred, refusal, resolved } from './references.ts';
import { SafeStore } from './safe.ts';
import { TextIndex } from './text.ts';

/** Calls that change nothing. */
const READS = /\/(get|query|changes|queryChanges|parse|lookup|validate|echo|test|try)$/;

/** Answers to changes that are remembered for who asks again: more than any tab waits for at once. */
const ANSWERED_KEPT = 200;
/** Other tabs ask a new leader within so long what the old one did not answer. */
const ASKED_AGAIN_MS = 60_000;

export interface EngineOptions {
  ahead: Ahead;
}

interface Part {
  account: Account;
  background: Background;
  queries: Queries;
}

export class Engine implements PumpHost {
  readonly log: Log;
  readonly bodies: Bodies;
  readonly first = new FirstKeeper(this);
  private readonly store: SafeStore;
  private readonly answers: Answers;
  private readonly texts: TextIndex;
  private readonly parts = new Map<Id, Part>();
  private readonly pump = new Pump(this);
  private readonly events = new Emitter<LayerEvent>();
  private readonly epoch = `${Array.from(crypto.getRandomValues(new Uint8Array(6)), (octet) => octet.toString(16).padStart(2, '0')).join('')}.`;
  private readonly told = new Map<Id, string>();
  private readonly answered: string[] = [];
  private readonly ahead: Ahead;
  private lastStatus = '';
  private signedOut = false;
  session: Session | undefined;

  constructor(
    store: Store,
    readonly wire: Wire,
    options: EngineOptions,
  ) {
    this.ahead = { ...options.ahead };
    this.store = new SafeStore(store, () => this.tellStatus());
    this.log = new Log(this.store);
    this.bodies = new Bodies(this.store);
    this.answers = new Answers(this.store);
    this.texts = new TextIndex(this.store, () => wire.connection !== 'online', (account) => this.emit({ kind: 'state', changed: { [account.id]: account.states() } }));
    wire.listen((event) => {
      if (event.kind === 'connection') {
        if (event.connection === 'online') this.online();
        this.tellStatus();
      } else if (event.kind === 'signed-out') this.sessionEnded();
      else if (event.kind === 'session-state') void this.renew(event.state);
      else this.heard(event.changed);
    });
  }

  /** Reads what is kept. True: it can answer without the server. */
  async open(): Promise<boolean> {
    const [session, answered, days] = await Promise.all([
      (this.store.get('about', 'session') as Promise<Session | undefined>).then((kept) => kept && inSeat(kept)),
      this.store.keys('about', 'answered/'),
      this.store.get('about', 'days') as Promise<number | undefined>,
      this.log.load(),
    ]);
    if (typeof days === 'number') this.ahead.days = days;
    // Who asked again what an earlier layer has answered has done so by then.
    (setTimeout(() => void this.store.write(answered.map((key) => ({ table: 'about', key }))), ASKED_AGAIN_MS) as { unref?(): void }).unref?.();
    if (session) await this.admit(session);
    return session !== undefined;
  }

  /** The session as the server told it. */
  async use(session: Session): Promise<void> {
    await this.admit(session);
    await this.forgetAccounts(session);
    await this.store.write([{ table: 'about', key: 'session', value: session }]);
  }

  private async admit(session: Session): Promise<void> {
    this.signedOut = false;
    this.wire.use(session);
    this.session = session;
    for (const [id, { accountCapabilities }] of Object.entries(session.accounts)) {
      if (!(MAIL in accountCapabilities)) continue;
      const there = this.parts.get(id);
      if (there) {
        this.noteSnooze(there.account, session);
        continue;
      }
      const account = new Account(this.store, id, this.log, this.epoch);
      await account.load();
      this.noteSnooze(account, session);
      this.parts.set(id, { account, background: new Background(account, this.bodies, this.ahead), queries: new Queries(account, this.epoch, this.texts) });
      this.told.set(id, this.statesOf(account));
    }
  }

  /** Rows that were fetched without it are asked for again. */
  private noteSnooze(account: Account, session: Session): void {
    const snoozes = SNOOZE in session.capabilities;
    if (account.snoozes === snoozes) return;
    const isOld = snoozes && account.emailState !== undefined;
    account.note({ snoozes, ...(isOld && { complete: false, stale: true }) });
  }

  /** Those that are no longer shared with this person. */
  private async forgetAccounts(session: Session): Promise<void> {
    const gone = [...this.parts.keys()].filter((id) => !(id in session.accounts));
    for (const id of gone) {
      this.parts.delete(id);
      const puts: Put[] = [{ table: 'about', key: `account/${id}` }];
      for (const table of ['rows', 'texts', 'bodies', 'records'] as const) for (const key of await this.store.keys(table, `${id}/`)) puts.push({ table, key });
      await this.store.write(puts);
    }
  }

  start(): void {
    this.pump.start();
  }

  async stop(): Promise<void> {
    await this.pump.stop();
  }

  listen(listener: (event: LayerEvent) => void): () => void {
    return this.events.listen(listener);
  }

  status(): LayerStatus {
    return { connection: this.wire.connection, waiting: this.log.waiting, fails: this.pump.fails, kept: this.store.state, days: this.ahead.days };
  }

  /** The server has refused something that is nowhere else. */
  get hasRefused(): boolean {
    return this.log.hasRefused;
  }

  /** Mail of so many days is kept whole from now on, and what is older and not pinned goes. */
  async keepDays(days: number): Promise<void> {
    const less = days < this.ahead.days;
    this.ahead.days = days;
    await this.store.write([{ table: 'about', key: 'days', value: days }]);
    for (const { background } of this.parts.values()) await background.daysChanged(less);
    this.tellStatus();
    this.pump.start();
  }

  /** Everything that waits is at the server, and everything new is here. Rejects when there is no network. */
  async flushed(): Promise<void> {
    for (const { account } of this.parts.values()) account.behind = true;
    await this.pump.flushed();
  }

  /** Views that knew another engine look again. */
  announce(): void {
    this.emit({ kind: 'state', changed: Object.fromEntries(this.accounts().map((account) => [account.id, account.states()])) });
  }

  // ---- PumpHost ----

  accounts(): Account[] {
    return [...this.parts.values()].map((part) => part.account);
  }

  background(account: Account): Background {
    return this.parts.get(account.id)!.background;
  }

  limits(): { calls: number; objects: number } {
    const core = this.session?.capabilities[CORE] as unknown as CoreLimits | undefined;
    return { calls: core?.maxCallsInRequest ?? 16, objects: Math.min(core?.maxObjectsInGet ?? 500, core?.maxObjectsInSet ?? 500) };
  }

  async write(puts: Put[]): Promise<void> {
    await this.store.write(puts);
  }

  async own(): Promise<void> {
    await this.store.own();
  }

  emit(event: LayerEvent): void {
    this.events.emit(event);
  }

  changed(): void {
    const changed: Record<Id, Record<TypeName, string>> = {};
    for (const { account } of this.parts.values()) {
      const states = this.statesOf(account);
      if (this.told.get(account.id) === states) continue;
      this.told.set(account.id, states);
      changed[account.id] = account.states();
    }
    if (Object.keys(changed).length) this.emit({ kind: 'state', changed });
    this.tellStatus();
  }

  /** With the server's state: queries that it answers may be others now, though nothing of what is here is. */
  private statesOf(account: Account): string {
    return JSON.stringify([account.states(), account.emailState]);
  }

  private tellStatus(): void {
    const status = this.status();
    const said = JSON.stringify(status);
    if (said === this.lastStatus) return;
    this.lastStatus = said;
    this.emit({ kind: 'status', status });
  }

  // ---- what comes from the server ----

  private online(): void {
    for (const { account } of this.parts.values()) {
      account.behind = true;
      account.staleTypes.add('Identity').add('VacationResponse');
    }
    this.pump.wake();
  }

  private heard(changed: Record<Id, Partial<Record<TypeName, string>>>): void {
    const others: Record<Id, Record<TypeName, string>> = {};
    for (const [id, types] of Object.entries(changed)) {
      const account = this.parts.get(id)?.account;
      for (const [type, state] of Object.entries(types)) {
        if (account && (type === 'Email' || type === 'Mailbox' || type === 'Thread')) account.behind ||= type !== 'Email' || state !== account.emailState;
        else if (account && account.tables.has(type)) {
          account.staleTypes.add(type);
          account.behind = true;
        } else (others[id] ??= {} as Record<TypeName, string>)[type] = state!;
      }
    }
    if (Object.keys(others).length) this.emit({ kind: 'state', changed: others });
    if (this.accounts().some((account) => account.behind)) this.pump.start();
  }

  /** Asks the server who is signed in; `state`: unless that is known. */
  async renew(state?: string): Promise<void> {
    if (this.session?.state === state) return;
    try {
      const session = await this.wire.session();
      // Somebody else has signed in in this browser: nothing of the one goes to the other.
      if (session.username !== this.session?.username) return this.sessionEnded();
      await this.use(session);
      this.emit({ kind: 'session' });
      this.pump.start();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  private sessionEnded(): void {
    if (this.signedOut) return;
    this.signedOut = true;
    void this.pump.stop();
    this.emit({ kind: 'signed-out' });
  }

  // ---- what views ask ----

  /** What is kept alone; Layer.here says what views make of it. */
  async here(calls: readonly Invocation[]): Promise<Invocation[]> {
    const answers: Invocation[] = [];
    for (const [name, args, id] of calls) {
      try {
        const whole = resolved(args, answers);
        const part = this.parts.get(whole['accountId'] as Id);
        const found = part && READS.test(name) ? await read(this.context(part, false), name, whole) : undefined;
        if (!found) throw new MethodError('notHere');
        answers.push([name, found.missing?.length ? { ...found.answer, notHere: found.missing } : found.answer, id]);
      } catch (error) {
        if (!(error instanceof MethodError)) throw error;
        answers.push(['error', { type: error.type }, id]);
      }
    }
    return answers;
  }

  private context({ account, queries }: Part, online: boolean): ReadContext {
    return { account, log: this.log, bodies: this.bodies, queries, online };
  }

  /** `origin`: a tab's name of this request; `again`, when it was asked before of a layer that has ended since. */
  async request(calls: readonly Invocation[], origin?: { name: string; again: boolean }): Promise<Invocation[]> {
    const results: Invocation[][] = calls.map(() => []);
    const creations = new Map<string, Id>();
    let remote: number[] = [];
    const flush = async (): Promise<void> => {
      const numbers = remote;
      remote = [];
      if (!numbers.length) return;
      try {
        (await this.ask(numbers.map((at) => calls[at]!), results.flat())).forEach((answers, at) => (results[numbers[at]!] = answers));
      } catch (error) {
        if (!(error instanceof LayerError) || error.kind !== 'offline') throw error;
        // The network went in the meantime: what is here must do.
        for (const at of numbers) {
          const [name, args, callId] = calls[at]!;
          const whole = resolved(args, results.flat());
          const part = this.parts.get(whole['accountId'] as Id);
          const told = (answer: Json | undefined): Invocation | undefined => answer && [name, answer, callId];
          const found = part && READS.test(name) ? await this.read(part, name, whole).then(told, (wrong: unknown) => refusal(wrong, callId)) : undefined;
          if (!found) throw error;
          results[at] = [found];
        }
      }
    };
    for (const [at, [name, args, callId]] of calls.entries()) {
      try {
        const waits = referred(args).some(({ resultOf }) => remote.some((number) => calls[number]![2] === resultOf));
        if (waits && READS.test(name)) {
          if (name === 'Email/get') this.learn(this.parts.get(args['accountId'] as Id), args);
          remote.push(at);
          continue;
        }
        if (waits) await flush();
        const whole = resolved(args, results.flat());
        const part = this.parts.get(whole['accountId'] as Id);
        if (part && canWait(name, whole, this.log)) {
          const key = origin && `answered/${origin.name}/${at}`;
          const answers = (origin?.again && ((await this.store.get('about', key!)) as [string, Json][] | undefined)) || (await this.change(part, name, whole, creations, key));
          for (const [creation, made] of Object.entries((answers[0]![1]['created'] as Record<string, Json> | null) ?? {})) creations.set(creation, made['id']);
          results[at] = answers.map(([answered, answer]) => [answered, answer, callId]);
          continue;
        }
        const answer = part && READS.test(name) ? await this.read(part, name, whole) : undefined;
        if (!answer) remote.push(at);
        else results[at] = [[name, answer, callId]];
      } catch (error) {
        results[at] = [refusal(error, callId)];
      }
    }
    await flush();
    return results.flat();
  }

  private async change({ account }: Part, name: string, args: Json, creations: Map<string, Id>, key: string | undefined): Promise<[string, Json][]> {
    const { answers, emails } = edit(account, this.log, name, args, creations, this.domain(account));
    account.show(emails);
    for (const [answered, answer] of answers) if (answer['newState'] === null) answer['newState'] = account.changes.get(answered.split('/')[0]!)?.state ?? '';
    // First on the disk, then answered.
    await this.store.write([...this.log.puts(), ...this.first.drop(), ...this.remember(key, answers)]);
    this.changed();
    this.pump.start();
    return answers;
  }

  private remember(key: string | undefined, answers: [string, Json][]): Put[] {
    if (!key) return [];
    this.answered.push(key);
    const old = this.answered.length > ANSWERED_KEPT ? this.answered.shift() : undefined;
    return [{ table: 'about', key, value: answers }, ...(old ? [{ table: 'about' as const, key: old }] : [])];
  }

  private domain(account: Account): string {
    const email = [...account.tables.get('Identity')!.shown.values()][0]?.['email'] as string | undefined;
    return (email ?? this.session?.username ?? '').split('@')[1] ?? 'localhost.invalid';
  }

  /** What views ask of emails is fetched ahead from now on. */
  private learn(part: Part | undefined, args: Json): void {
    if (!part || !learnShape(part.account, args)) return;
    part.background.look();
    this.pump.start();
  }

  private async read(part: Part, name: string, args: Json): Promise<Json | undefined> {
    if (name.startsWith('Email/query')) args = withReal(args, (local) => this.log.real(local));
    if (name === 'Email/get') this.learn(part, args);
    let found: Read | undefined = await read(this.context(part, this.wire.connection !== 'offline'), name, args);
    if (!found) found = await this.madeHere(part, name, args);
    if (!found?.missing?.length) return found?.answer;
    // A part is here; the server is asked for the rest.
    const rest = await this.ask([[name, { ...args, ids: found.missing }, '']], [], true);
    const [answered, answer] = rest[0]![0]!;
    if (answered === 'error' && answer['type'] !== 'offline') throw new MethodError(answer['type'] as string, answer['description'] as string | undefined);
    if (answered !== 'error') {
      found.answer['list'].push(...(answer['list'] as Json[]));
      found.answer['notFound'].push(...(answer['notFound'] as Id[]));
    } else if (!found.answer['list'].length) throw new LayerError('offline', 'This is not here, and the server cannot be reached.');
    else found.answer['notHere'] = found.missing;
    return found.answer;
  }

  /** Foo/get of things that are here alone, though their type is the server's: submissions. */
  private async madeHere(part: Part, name: string, args: Json): Promise<Read | undefined> {
    const [type, verb] = name.split('/') as [string, string];
    if (verb !== 'get' || !Array.isArray(args['ids'])) return undefined;
    const list = (args['ids'] as Id[]).flatMap((id) => {
      const made = this.log.real(id) === id ? this.log.made(type, id) : undefined;
      return made ? [{ ...newRecord(type, made), ...made, id }] : [];
    });
    if (!list.length) return undefined;
    const missing = (args['ids'] as Id[]).filter((id) => !list.some((one) => one.id === id));
    return { answer: { accountId: part.account.id, state: '', list, notFound: [] }, missing };
  }

  // ---- what the server is asked ----

  /** The answers to each call. Without a network: what it answered before, or a LayerError; `soft`: the error "offline" in JMAP's form. */
  private async ask(calls: readonly Invocation[], before: readonly Invocation[], soft = false): Promise<Invocation[][]> {
    const changes = calls.some(([name]) => !READS.test(name));
    const sent: Invocation[] = [];
    try {
      if (changes) await this.store.write(this.first.drop());
      if (changes && this.log.waiting) await this.pump.flushed();
      for (const [name, args, id] of calls) {
        const isInside = referred(args).every(({ resultOf }) => calls.some(([, , other]) => other === resultOf));
        const whole = withReal(isInside ? args : partlyResolved(args, calls, before), (local) => this.log.real(local));
        sent.push([name, name.startsWith('Email/query') ? Queries.asked(whole) : whole, id]);
      }
      if (sent.some(([, args]) => !localsIn(args).next().done)) {
        await this.pump.flushed();
        sent.forEach((call, at) => (sent[at] = [call[0], withReal(call[1], (local) => this.log.real(local)), call[2]]));
      }
      const answers = await this.wire.send(sent);
      return await Promise.all(calls.map((call, at) => Promise.all(answers.filter(([, , id]) => id === call[2]).map((answer) => this.taken(call, sent[at]!, answer)))));
    } catch (error) {
      if (error instanceof MethodError) return calls.map(([, , id]) => [refusal(error, id)]);
      if (!(error instanceof WireError)) throw error;
      const kept = await Promise.all(calls.map((call, at) => this.answers.kept(sent[at] ?? call)));
      if (error.kind === 'offline' && kept.every((answer) => answer !== undefined)) return kept.map((answer, at) => [[calls[at]![0], answer!, calls[at]![2]]]);
      if (soft && error.kind === 'offline') return calls.map(([, , id]) => [['error', { type: 'offline' }, id]]);
      throw new LayerError(error.kind === 'busy' ? 'server' : error.kind === 'refused' ? 'limit' : error.kind, error.message);
    } finally {
      if (changes) {
        for (const [, args] of calls) {
          const account = this.parts.get(args['accountId'] as Id)?.account;
          if (account) account.behind = true;
        }
        this.pump.start();
      }
    }
  }

  /** What the server answered, with what waits for it, under the ids that were asked for; what never changes of it is kept. */
  private async taken([, asked]: Invocation, sent: Invocation, [answered, answer, id]: Invocation): Promise<Invocation> {
    const [name, args] = sent;
    const part = this.parts.get(args['accountId'] as Id);
    if (answered === 'error' || answered !== name || !part) return [answered, answer, id];
    const { account } = part;
    if (name === 'Email/query' || name === 'Email/queryChanges') {
      const result = part.queries.answered(args, answer);
      if (name === 'Email/query') await this.answers.keep(sent, result);
      return [answered, result, id];
    }
    if (name === 'Email/get') {
      const list = (answer['list'] as Json[]).flatMap((email) => {
        this.bodies.learn(account, email, args);
        const row = account.emails.shown.get(email['id']);
        if (!account.emails.differing.has(email['id'])) return [email];
        return row ? [{ ...email, ...('keywords' in email && { keywords: row.keywords }), ...('mailboxIds' in email && { mailboxIds: row.mailboxIds }) }] : [];
      });
      await this.store.write(this.bodies.puts());
      return [answered, { ...answer, ...(account.emailState !== undefined && { state: account.changes.get('Email')!.state }), list: this.renamed(list, asked) }, id];
    }
    if (name.endsWith('/get')) {
      const state = account.changes.get(name.split('/')[0]!)?.state;
      const result = { ...answer, list: this.renamed(answer['list'] as Json[], asked), ...(state !== undefined && { state }) };
      await this.answers.keep(sent, result);
      return [answered, result, id];
    }
    if (name.endsWith('/query')) await this.answers.keep(sent, answer);
    return [answered, answer, id];
  }

  private renamed(list: Json[], asked: Json): Json[] {
    if (!Array.isArray(asked['ids'])) return list;
    const names = new Map((asked['ids'] as Id[]).map((id) => [this.log.real(id), id]));
    return list.map((record) => (names.get(record['id']) ?? record['id']) === record['id'] ? record : { ...record, id: names.get(record['id']) });
  }
}
