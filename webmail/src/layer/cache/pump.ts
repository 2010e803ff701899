/**
 * Brings the cache and the server together: in rounds, each one request. It carries changes that wait, asks what is new, and fetches a
 * piece ahead. What the server took is laid over until the cache has fetched what it made of it, so that nothing flickers; and cache and
 * log are written in one, so that a crash leaves them agreeing.
 */
import type { Id, Invocation, SetError } from '../../jmap/types.ts';
import type { LayerEvent } from '../layer.ts';
import { type Wire, WireError } from '../net/wire.ts';
import { Deposed, type Put } from '../store/store.ts';
import type { Account } from './account.ts';
import type { Background } from './background.ts';
import type { Bodies } from './bodies.ts';
import { type Entry, isLocal, type Log } from './log.ts';
import { callsOf, foundMade, type Outcome, outcomeOf, ready, refusedCall, searchCalls } from './outgoing.ts';
import { syncCalls, takeSync } from './sync.ts';

/** Between attempts after one failed: the first, and the longest. */
const RETRY_MS = { first: 1_000, longest: 120_000 };
/** Octets of changes in a request, by guess: a slow line takes them within some seconds. */
const OCTETS_AT_ONCE = 2_000_000;
/** Attempts of a change at which the server fails each time; then it counts as refused. */
const ATTEMPTS = 12;

function report(error: unknown): void {
  if (typeof reportError !== 'function') throw error;
  reportError(error);
}

export interface PumpHost {
  readonly wire: Wire;
  readonly log: Log;
  readonly bodies: Bodies;
  accounts(): Account[];
  background(account: Account): Background;
  limits(): { calls: number; objects: number };
  write(puts: Put[]): Promise<void>;
  /** Rejects when another layer has taken this one's place. */
  own(): Promise<void>;
  emit(event: LayerEvent): void;
  /** The states that views know may be older now. */
  changed(): void;
}

/** The answer to each call is the first one: others tell what was done because of it, as onSuccessUpdateEmail does (RFC 8621 section 7.5). */
function byCall(answers: readonly Invocation[]): Map<string, Invocation> {
  const found = new Map<string, Invocation>();
  for (const answer of answers) if (!found.has(answer[2])) found.set(answer[2], answer);
  return found;
}

export class Pump {
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private retryMs = RETRY_MS.first;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly outcomes: Outcome[] = [];
  private readonly attempts = new Map<number, number>();
  private idle: (() => void)[] = [];
  /** The server refused a request of several entries: they go one by one, until one is taken. */
  private oneByOne = false;

  constructor(private readonly host: PumpHost) {}

  /** Something is to be done. Returns at once. */
  start(): void {
    this.again = true;
    if (this.running || this.stopped || this.host.wire.connection === 'offline') return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = this.run().finally(() => {
      this.running = undefined;
      if (this.again && !this.stopped && !this.timer) this.start();
    });
  }

  /** The network is there again: what was put off is done now. */
  wake(): void {
    this.retryMs = RETRY_MS.first;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Whether the server fails at something that it is to be asked again. */
  get fails(): boolean {
    return [...this.host.log.entries.values()].some((entry) => (this.attempts.get(entry.number) ?? 0) > 0 && !entry.held);
  }

  /** When nothing waits any more and the caches are as new as the server; rejects when the server can't be reached. */
  async flushed(): Promise<void> {
    if (this.stopped || this.timer || this.host.wire.connection === 'offline') throw new WireError('offline', 'The server cannot be reached.');
    await new Promise<void>((resolve) => {
      this.idle.push(resolve);
      this.start();
    });
    if (ready(this.host.log, () => true).entries.length) throw new WireError('offline', 'The server cannot be reached.');
  }

  private async run(): Promise<void> {
    try {
      for (;;) {
        this.again = false;
        const more = await this.round();
        if (this.stopped) return;
        if (!more && !this.again) break;
      }
      this.retryMs = RETRY_MS.first;
    } catch (error) {
      // Another layer goes on with all of it.
      if (error instanceof Deposed) this.stopped = true;
      // A fault of ours is told, and does not end it all.
      else if (!(error instanceof WireError)) report(error);
      if (!(error instanceof WireError && error.kind === 'signed-out') && !this.stopped) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.start();
        }, this.retryMs * (0.5 + Math.random()));
        this.retryMs = Math.min(2 * this.retryMs, RETRY_MS.longest);
      }
      this.again = false;
    } finally {
      for (const tell of this.idle.splice(0)) tell();
    }
  }

  // ---- a round ----

  private async round(): Promise<boolean> {
    const { host } = this;
    const { log } = host;
    const limits = host.limits();
    let octets = 0;
    let calls = 0;
    let first: Entry | undefined;
    const { entries, lost } = ready(log, (entry) => {
      octets += JSON.stringify(entry).length;
      calls += 2 + Math.floor((Object.keys(entry.create).length + Object.keys(entry.update).length + Object.keys(entry.destroy).length) / limits.objects);
      if (this.oneByOne) return (first ||= entry) === entry;
      return calls <= Math.max(2, limits.calls / 3) && (octets <= OCTETS_AT_ONCE || calls <= 2);
    });
    if (lost.length) await this.drop(lost);
    // What another device has sent meanwhile is not sent again: so first what is new is heard.
    const submits = entries.filter((entry) => entry.name === 'EmailSubmission/set' && entry.attempted === undefined);
    if (submits.some((entry) => host.accounts().some((account) => account.id === entry.accountId && account.behind))) entries.length = 0;
    else if (await this.refuseSent(submits)) return true;
    const found = await this.foundMade(entries.filter((entry) => entry.attempted !== undefined));
    for (const [local, real] of found) log.name(local, real);
    const outgoing: Invocation[] = [];
    const callsBy = new Map<Entry, Invocation[]>();
    for (const entry of entries) {
      const made = callsOf(entry, log, limits.objects, found);
      callsBy.set(entry, made);
      outgoing.push(...made);
      log.sealed.add(entry.number);
    }
    log.attempted(entries);
    const accounts = host.accounts().filter((account) => account.behind || entries.length || this.outcomes.length);
    for (const account of accounts) {
      account.behind = false;
      outgoing.push(...syncCalls(account));
    }
    const ahead = entries.length ? undefined : await this.fetchAhead(limits.calls - outgoing.length);
    if (ahead) {
      // What it finds is taken with the state that goes before it.
      if (!accounts.includes(ahead.account)) {
        accounts.push(ahead.account);
        outgoing.push(...syncCalls(ahead.account));
      }
      outgoing.push(...ahead.calls);
    }
    let answers = new Map<string, Invocation>();
    try {
      if (entries.length) {
        // What another layer has sent since, and what the person did then, must not be undone from here.
        await host.own();
        await host.write(log.puts());
      }
      if (outgoing.length) answers = byCall(await host.wire.send(outgoing));
    } catch (error) {
      log.unanswered(entries);
      for (const account of accounts) account.behind = true;
      if (error instanceof WireError && error.kind === 'refused' && entries.length) await this.suspect(entries, error);
      throw error;
    }
    this.oneByOne = false;
    for (const [entry, made] of callsBy) {
      const outcome = outcomeOf(entry, log, made, answers, host.accounts().some(({ id }) => id === entry.accountId));
      this.count(outcome);
      this.outcomes.push(outcome);
    }
    return this.take(accounts, ahead, answers);
  }

  private async take(accounts: readonly Account[], ahead: { account: Account; background: Background } | undefined, answers: ReadonlyMap<string, Invocation>): Promise<boolean> {
    const { host } = this;
    let more = false;
    let failed = false;
    const forgotten: Put[] = [];
    for (const account of accounts) {
      const synced = await takeSync(account, answers);
      forgotten.push(...host.bodies.forget(account, synced.gone));
      if (synced.lost) {
        account.note({ complete: false, stale: true, emailState: undefined });
        host.background(account).restart();
      }
      account.behind ||= synced.more || synced.failed;
      failed ||= synced.failed;
      more ||= synced.more || synced.lost;
    }
    if (ahead) {
      // What is found anew after the server forgot what had changed is a change; else it was there all the time.
      const quietly = !ahead.account.stale;
      const touched = await ahead.background.take(answers);
      if (touched) {
        ahead.account.show(touched, quietly);
        more = true;
      } else failed = true;
    }
    const told = more && accounts.some((account) => account.behind) ? [] : this.settle();
    if (this.outcomes.length) more = true;
    await host.write([...accounts.flatMap((account) => account.puts()), ...host.bodies.puts(), ...forgotten, ...host.log.puts()]);
    // Names first: whoever hears of a change may know the thing by its local id.
    for (const event of told) if (event.kind === 'named') host.emit(event);
    host.changed();
    for (const event of told) if (event.kind !== 'named') host.emit(event);
    // Asked again at once it would fail again, and be kept from what it is about.
    if ((failed || this.fails) && !more) throw new WireError('busy', 'The server failed at something that it is to be asked again.');
    return more || ready(host.log, () => true).entries.length > 0;
  }

  private async fetchAhead(room: number): Promise<{ account: Account; background: Background; calls: Invocation[] } | undefined> {
    if (room < 12) return undefined;
    for (const account of this.host.accounts()) {
      const background = this.host.background(account);
      const calls = await background.calls();
      if (calls.length) return { account, background, calls };
    }
    return undefined;
  }

  /** The caches know what the server made of the entries that it took: these go. Returns what views are told. */
  private settle(): LayerEvent[] {
    const { host } = this;
    const outcomes = this.outcomes.splice(0);
    if (!outcomes.length) return [];
    const events: LayerEvent[] = [];
    const touched = new Map<Id, Set<Id>>();
    const made = new Map(outcomes.map(({ entry }) => [entry, Object.keys(entry.create)]));
    const touch = (entry: Entry): void => {
      const set = touched.get(entry.accountId) ?? new Set();
      touched.set(entry.accountId, set);
      if (entry.name !== 'Email/set' && !Object.keys(entry.afterwards).length) return;
      for (const id of [...Object.keys(entry.create), ...Object.keys(entry.update), ...Object.keys(entry.destroy), ...Object.keys(entry.afterwards)]) set.add(id).add(host.log.real(id));
    };
    for (const outcome of outcomes) {
      touch(outcome.entry);
      for (const { id, part, error } of outcome.refused) events.push({ kind: 'refused', call: refusedCall(outcome.entry, id, part), error });
      if (!outcome.again.size) this.attempts.delete(outcome.entry.number);
    }
    const parts = new Map(outcomes.map((outcome) => [outcome.entry, outcome]));
    host.log.settle(outcomes.map((outcome) => outcome.entry), (entry, id) => parts.get(entry)!.again.has(id) || parts.get(entry)!.held.has(id));
    for (const { entry, held, refused } of outcomes)
      if (held.size && host.log.entries.has(entry.number)) {
        host.log.change(entry, () => {
          entry.held = refused[0]!.error;
          delete entry.attempted;
        });
        this.unsend(entry);
      }
    for (const account of host.accounts()) if (touched.has(account.id)) account.show([...touched.get(account.id)!]);
    for (const { entry } of outcomes) {
      const ids = Object.fromEntries(made.get(entry)!.filter((id) => host.log.real(id) !== id).map((id) => [id, host.log.real(id)]));
      if (Object.keys(ids).length) events.unshift({ kind: 'named', accountId: entry.accountId, ids });
    }
    return events;
  }

  // ---- what goes wrong ----

  private count(outcome: Outcome): void {
    const { number } = outcome.entry;
    if (!outcome.again.size) return;
    const attempts = (this.attempts.get(number) ?? 0) + 1;
    this.attempts.set(number, attempts);
    if (attempts < ATTEMPTS) return;
    for (const id of outcome.again) {
      const part = outcome.entry.create[id] ? 'create' : outcome.entry.update[id] ? 'update' : 'destroy';
      if (part === 'create' && outcome.entry.name === 'Email/set') outcome.held.add(id);
      outcome.refused.push({ id, part, error: { type: 'serverFail', description: 'The server fails at it.' } });
    }
    outcome.again.clear();
  }

  /** The server does not take a request at all: one of its entries alone tells which. */
  private async suspect(entries: readonly Entry[], error: WireError): Promise<void> {
    const guilty = entries.length === 1 ? entries[0] : undefined;
    this.oneByOne = true;
    if (!guilty) return;
    const refuse = { type: 'requestTooLarge', description: error.message };
    const parts = [['create', guilty.create], ['update', guilty.update], ['destroy', guilty.destroy]] as const;
    const refused = parts.flatMap(([part, list]) => Object.keys(list).map((id) => refusedCall(guilty, id, part)));
    // What somebody has written stays, as where the server refuses a message alone.
    if (guilty.name === 'Email/set' && Object.keys(guilty.create).length) await this.hold(guilty, refuse);
    else await this.forget([guilty]);
    for (const call of refused) this.host.emit({ kind: 'refused', call, error: refuse });
  }

  /** What the server does not take is not sent either: it is a draft again. */
  private unsend(held: Entry): void {
    const { log } = this.host;
    const emails: Id[] = [];
    for (const entry of [...log.entries.values()])
      if (entry.name === 'EmailSubmission/set' && Object.values(entry.create).some((one) => (one['emailId'] as Id) in held.create)) {
        emails.push(...Object.keys(entry.afterwards));
        log.change(entry, () => {
          entry.create = {};
          entry.afterwards = {};
        });
      }
    if (emails.length) this.host.accounts().find(({ id }) => id === held.accountId)?.show(emails);
  }

  private async hold(entry: Entry, why: SetError): Promise<void> {
    const { host } = this;
    host.log.change(entry, () => {
      entry.held = why;
      delete entry.attempted;
    });
    this.unsend(entry);
    await host.write(host.log.puts());
    host.changed();
  }

  /** Takes out what names something that will never be. */
  private async drop(lost: readonly Entry[]): Promise<void> {
    const { log } = this.host;
    const makers = new Set([...log.entries.values()].flatMap((entry) => Object.keys(entry.create)));
    const isLost = (text: string): boolean => text.split('/').some((part) => isLocal(part) && log.real(part) === part && !makers.has(part));
    const needy = lost.filter((entry) => entry.needs.some(isLost));
    const rest = lost.filter((entry) => !needy.includes(entry));
    for (const entry of rest)
      log.change(entry, () => {
        for (const part of [entry.update, entry.destroy] as Record<Id, unknown>[])
          for (const [id, value] of Object.entries(part)) if (isLost(id) || JSON.stringify(value).split('"').some(isLost)) delete part[id];
        for (const [id, made] of Object.entries(entry.create)) if (JSON.stringify({ ...made, '@': undefined }).split('"').some(isLost)) delete entry.create[id];
      });
    await this.forget(needy);
  }

  /** Submissions of drafts that are drafts no more at the server. */
  private async refuseSent(submits: readonly Entry[]): Promise<boolean> {
    const { log } = this.host;
    const sent: Entry[] = [];
    for (const entry of submits)
      for (const [email, patch] of Object.entries(entry.afterwards)) {
        const row = this.host.accounts().find((account) => account.id === entry.accountId)?.emails.server.get(log.real(email));
        if (row && patch['keywords/$draft'] === null && !row.keywords['$draft']) sent.push(entry);
      }
    for (const entry of sent)
      for (const id of Object.keys(entry.create)) this.host.emit({ kind: 'refused', call: refusedCall(entry, id, 'create'), error: { type: 'alreadySent', description: 'Another device has sent it.' } });
    if (sent.length) await this.forget(sent);
    return sent.length > 0;
  }

  private async forget(entries: readonly Entry[]): Promise<void> {
    const { host } = this;
    const emails = entries.flatMap((entry) => [...Object.keys(entry.create), ...Object.keys(entry.update), ...Object.keys(entry.destroy), ...Object.keys(entry.afterwards)]);
    host.log.settle(entries, () => false);
    for (const account of host.accounts()) account.show(emails.filter((id) => account.emails.server.has(id) || account.emails.shown.has(id)));
    await host.write(host.log.puts());
    host.changed();
  }

  private async foundMade(entries: readonly Entry[]): Promise<Map<Id, Id>> {
    const { log, wire } = this.host;
    const calls = entries.flatMap((entry) => searchCalls(entry, log));
    if (!calls.length) return new Map();
    const answers = byCall(await wire.send(calls));
    return new Map(entries.flatMap((entry) => [...foundMade(entry, log, answers)]));
  }
}
