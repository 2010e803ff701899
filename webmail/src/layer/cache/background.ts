/**
 * What is fetched when nothing else is to be done: at first all emails of the account, newest first, then what the reader of the last
 * weeks and of pinned mail would ask for. A piece goes with each round of the pump, behind the question what has changed: so that what
 * it finds is never older than the state that is noted with it.
 */
import type { Id, Invocation } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import type { Bodies } from './bodies.ts';
import type { Json } from './emails.ts';
import type { Row } from './rows.ts';
import { changingProperties, listProperties } from './sync.ts';

/** Emails in a piece: as many as take about a quarter of a second, so that what the person does never waits long. */
const PIECE = { least: 50, first: 200, most: 2_000, aimMs: 250 };
const BODIES_AT_ONCE = 20;
/** Ids in one answer to a query of all emails. */
const IDS_AT_ONCE = 100_000;

export interface Ahead {
  /** How far back in time messages are fetched whole. */
  days: number;
  /** Keywords of messages that are kept whole, however old. */
  pinned: string[];
}

type Job = { kind: 'list'; at: number; ids: Id[]; state: string | undefined } | { kind: 'rows'; unknown: Id[]; known: Id[]; extras: number } | { kind: 'bodies'; ids: Id[] };

export class Background {
  private job: Job | undefined;
  private piece = PIECE.first;
  private asked: { job: Job; ids: Id[]; known: number; at: number } | undefined;
  /** Bodies were looked through: again when something new has come. */
  private looked = -1;
  private readonly refused = new Set<Id>();
  private pruned = false;

  constructor(
    private readonly account: Account,
    private readonly bodies: Bodies,
    private readonly ahead: Ahead,
  ) {}

  private id(name: string): string {
    return `${this.account.id} ahead ${name}`;
  }

  /** How many of all are here; undefined when all are. */
  progress(): { done: number; all: number } | undefined {
    if (this.account.complete || this.job?.kind !== 'rows') return undefined;
    const done = this.account.emails.server.size;
    return { done, all: done + this.job.unknown.length };
  }

  /** Views ask for more of an email than was fetched ahead. */
  look(): void {
    this.looked = -1;
    this.refused.clear();
  }

  /** Mail of other days is kept: less of it, or more. */
  async daysChanged(less: boolean): Promise<void> {
    const since = this.since();
    this.look();
    if (this.job?.kind === 'bodies') this.job = undefined;
    if (less) await this.bodies.prune(this.account, (row) => this.isWanted(row, since));
  }

  /** All must be looked at again. */
  restart(): void {
    this.job = undefined;
  }

  /** The next calls; none when all is here. */
  async calls(): Promise<Invocation[]> {
    const { account } = this;
    const accountId = account.id;
    this.asked = undefined;
    if (!account.complete && !this.job) this.job = { kind: 'list', at: 0, ids: [], state: undefined };
    if (account.complete && (!this.job || (this.job.kind === 'bodies' && !this.job.ids.length)) && this.looked !== account.emails.server.size) {
      this.looked = account.emails.server.size;
      this.job = { kind: 'bodies', ids: account.bodyShape ? await this.missingBodies() : [] };
    }
    if (account.complete && this.job?.kind !== 'rows' && account.extrasDone < account.extras.length)
      this.job = { kind: 'rows', unknown: [], known: account.emails.order.map((row) => row.id).filter((id) => account.emails.server.has(id)), extras: account.extras.length };
    const { job } = this;
    if (!job) return [];
    if (job.kind === 'list') {
      this.asked = { job, ids: [], known: 0, at: performance.now() };
      const calls: Invocation[] = [['Email/query', { accountId, sort: [{ property: 'receivedAt', isAscending: false }], position: job.at, limit: IDS_AT_ONCE, calculateTotal: true }, this.id('query')]];
      if (job.at === 0) calls.unshift(['Email/get', { accountId, ids: [] }, this.id('state')]);
      return calls;
    }
    if (job.kind === 'rows') {
      const known = job.known.slice(0, this.piece);
      const unknown = job.unknown.slice(0, this.piece - known.length);
      this.asked = { job, ids: [...known, ...unknown], known: known.length, at: performance.now() };
      const calls: Invocation[] = [];
      if (known.length) calls.push(['Email/get', { accountId, ids: known, properties: changingProperties(account) }, this.id('known')]);
      if (unknown.length) calls.push(['Email/get', { accountId, ids: unknown, properties: listProperties(account) }, this.id('unknown')]);
      return calls;
    }
    const ids = job.ids.slice(0, BODIES_AT_ONCE);
    if (!ids.length) {
      if (!this.pruned) await this.bodies.prune(account);
      this.pruned = true;
      return [];
    }
    this.asked = { job, ids, known: 0, at: performance.now() };
    return [['Email/get', { ...account.bodyShape, accountId, ids }, this.id('bodies')]];
  }

  /** Takes the answers to `calls`; the emails that must be shown anew. Undefined: the server did not give it, and is asked again later. */
  async take(answers: ReadonlyMap<string, Invocation>): Promise<Id[] | undefined> {
    const { account, asked, job } = this;
    const answer = (name: string): Json | undefined => {
      const found = answers.get(this.id(name));
      return found && found[0] !== 'error' ? found[1] : undefined;
    };
    if (!asked || !job || job !== asked.job) return [];
    if (job.kind === 'list') {
      const query = answer('query');
      if (!query || (job.at === 0 && !answer('state'))) return undefined;
      if (job.at === 0) job.state = answer('state')?.['state'];
      // Not as arguments of one call: a worker's stack has no room for 100,000.
      job.ids = job.ids.concat(query['ids'] as Id[]);
      job.at += query['ids'].length;
      if (query['ids'].length && job.at < query['total']) return [];
      return this.listed(job);
    }
    if (job.kind === 'rows') {
      const told = [...((answer('known')?.['list'] as Json[]) ?? []), ...((answer('unknown')?.['list'] as Json[]) ?? [])];
      if (['known', 'unknown'].some((name) => answers.get(this.id(name))?.[0] === 'error')) return undefined;
      job.known = job.known.slice(asked.known);
      job.unknown = job.unknown.slice(asked.ids.length - asked.known);
      const took = performance.now() - asked.at;
      this.piece = Math.round(Math.min(PIECE.most, Math.max(PIECE.least, this.piece * Math.min(2, Math.max(0.5, PIECE.aimMs / took)))));
      await account.emails.prepare(told, []);
      const touched = account.emails.take(told, []);
      // Whatever comes from now on is asked for with these.
      if (!job.known.length && account.extrasDone < job.extras) account.note({ extrasDone: job.extras });
      if (!job.known.length && !job.unknown.length) this.over(job.extras);
      return touched;
    }
    if (answers.get(this.id('bodies'))?.[1]['type'] === 'serverUnavailable') return undefined;
    const list = (answer('bodies')?.['list'] as Json[]) ?? [];
    for (const email of list) this.bodies.learn(account, email, account.bodyShape!);
    // Never twice: what the server does not give stays with it.
    for (const id of asked.ids) this.refused.add(id);
    job.ids = job.ids.slice(asked.ids.length);
    return [];
  }

  private async listed(job: Job & { kind: 'list' }): Promise<Id[]> {
    const { account } = this;
    const { server } = account.emails;
    const there = new Set(job.ids);
    const unknown = [...there].filter((id) => !server.has(id));
    // Those that came with changes since the query are newer than it.
    const gone = account.emailState === undefined || account.stale ? [...server.keys()].filter((id) => !there.has(id)) : [];
    // A list that was shown meanwhile may have asked for more of each than what is here has.
    const known = account.stale || account.extrasDone < account.extras.length ? [...there].filter((id) => server.has(id)) : [];
    if (account.emailState === undefined) account.note({ emailState: job.state });
    this.job = { kind: 'rows', unknown, known, extras: account.extras.length };
    if (!unknown.length && !known.length) this.over(this.job.extras);
    await account.emails.prepare([], gone);
    return account.emails.take([], gone);
  }

  /** Everything of all emails is here. */
  private over(extras: number): void {
    this.job = undefined;
    this.account.note({ complete: true, stale: false, extrasDone: extras });
  }

  private async missingBodies(): Promise<Id[]> {
    const since = this.since();
    const wanted = this.account.emails.order.filter((row) => this.isWanted(row, since)).map((row) => row.id);
    return this.bodies.missing(this.account, wanted.filter((id) => this.account.emails.server.has(id) && !this.refused.has(id)));
  }

  private since(): number {
    return Date.now() - this.ahead.days * 86_400_000;
  }

  private isWanted(row: Row, since: number): boolean {
    return row.received >= since || this.ahead.pinned.some((keyword) => row.keywords[keyword]);
  }
}
