/** Email/query and Email/queryChanges (RFC 8621 sections 4.4, 4.5) over what is here, and what the server's answers need. */
import type { Filter, Id } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import type { Json } from './emails.ts';
import { difference, evaluate, filterTest, isUntouched, sortOf } from './query.ts';
import type { Read } from './reads.ts';
import { MethodError } from './references.ts';
import { bodyWords, type TextIndex } from './text.ts';

/** Queries whose results are kept, and for each the results that views may still have. */
const KEPT = 24;
const RESULTS_KEPT = 6;
/** Before the states of the server's own results. */
const SERVER = 'server:';

interface Result {
  state: string;
  /** The version of the emails that it was made of. */
  emails: number;
  /** And of what was found in bodies. */
  bodies: number;
  ids: Id[];
}

export class Queries {
  private readonly kept = new Map<string, Result[]>();
  private count = 0;

  constructor(
    private readonly account: Account,
    private readonly epoch: string,
    private readonly texts: TextIndex,
  ) {}

  private async result(args: Json, online: boolean): Promise<Result | undefined> {
    const { account } = this;
    const { emails } = account;
    if (online && !account.complete) return undefined;
    const filter = args['filter'] as Filter | null | undefined;
    let test = filterTest(emails, filter);
    const sort = sortOf(emails, args['sort']);
    if (online && (!test || sort === undefined)) return undefined;
    if (account.emailState === undefined) return undefined;
    const key = JSON.stringify([filter ?? null, args['sort'] ?? null, args['collapseThreads'] ?? false]);
    const results = this.kept.get(key) ?? [];
    this.kept.delete(key);
    this.kept.set(key, results);
    const number = emails.version;
    const words = online ? [] : bodyWords(filter);
    const found = words.length ? this.texts.bodies.ask(account, words) : undefined;
    const bodies = found?.version ?? 0;
    const last = results.at(-1);
    if (last?.emails === number && last.bodies === bodies) return last;
    // Of words, too, something may have changed.
    const steps = test && last ? emails.since(last.emails) : undefined;
    if (steps && isUntouched(emails, args, test!, steps)) {
      last!.emails = number;
      return last;
    }
    if (!test) {
      await this.texts.load(account);
      test = filterTest(emails, filter, (name, value) => this.texts.test(account, name, value, found));
      if (!test) throw new MethodError('unsupportedFilter', 'This is known to the server alone.');
    }
    const ids = evaluate(emails, test, sort ?? null, args['collapseThreads'] ?? false);
    if (last && last.ids.length === ids.length && last.ids.every((id, at) => id === ids[at])) {
      last.emails = number;
      last.bodies = bodies;
      return last;
    }
    const result = { state: `${this.epoch}Q${++this.count}`, emails: number, bodies, ids };
    results.push(result);
    if (results.length > RESULTS_KEPT) results.shift();
    for (const old of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(old);
    }
    return result;
  }

  async query(args: Json, online: boolean): Promise<Read | undefined> {
    const result = await this.result(args, online);
    if (!result) return undefined;
    const { ids } = result;
    let position = (args['position'] as number | undefined) ?? 0;
    if (position < 0) position = Math.max(0, ids.length + position);
    if (typeof args['anchor'] === 'string') {
      const at = ids.indexOf(args['anchor']);
      if (at < 0) throw new MethodError('anchorNotFound');
      position = Math.max(0, at + (args['anchorOffset'] ?? 0));
    }
    const limit = (args['limit'] as number | null | undefined) ?? ids.length;
    const answer: Json = { accountId: this.account.id, queryState: result.state, canCalculateChanges: true, position, ids: ids.slice(position, position + limit) };
    if (args['calculateTotal']) answer['total'] = ids.length;
    return { answer };
  }

  async changes(args: Json, online: boolean): Promise<Read | undefined> {
    const since = args['sinceQueryState'] as string;
    if (since.startsWith(SERVER)) {
      // What the server answered while not all was here, or while it could be reached, is answered here from now on.
      if (!online && this.account.emailState !== undefined) throw new MethodError('cannotCalculateChanges');
      if (this.account.complete && filterTest(this.account.emails, args['filter']) && sortOf(this.account.emails, args['sort']) !== undefined) throw new MethodError('cannotCalculateChanges');
      return undefined;
    }
    const key = JSON.stringify([args['filter'] ?? null, args['sort'] ?? null, args['collapseThreads'] ?? false]);
    const old = this.kept.get(key)?.find((result) => result.state === since);
    const result = old && (await this.result(args, online && this.account.complete));
    if (!old || !result) throw new MethodError('cannotCalculateChanges');
    const { removed, added } = difference(old.ids, result.ids);
    if (typeof args['maxChanges'] === 'number' && removed.length + added.length > args['maxChanges']) throw new MethodError('tooManyChanges');
    const answer: Json = { accountId: this.account.id, oldQueryState: since, newQueryState: result.state, removed, added };
    if (args['calculateTotal']) answer['total'] = result.ids.length;
    return { answer };
  }

  // ---- queries that the server answers ----

  static asked(args: Json): Json {
    const since = args['sinceQueryState'];
    return typeof since === 'string' && since.startsWith(SERVER) ? { ...args, sinceQueryState: since.slice(SERVER.length) } : args;
  }

  /** The server's answer, with what waits for it. */
  answered(args: Json, answer: Json): Json {
    const { emails } = this.account;
    const result = { ...answer };
    for (const name of ['queryState', 'oldQueryState', 'newQueryState']) if (name in result) result[name] = SERVER + result[name];
    if (!emails.differing.size || !result['ids']) return result;
    const test = filterTest(emails, args['filter'] as Filter | null | undefined);
    const isThere = (id: Id): boolean => {
      if (!emails.differing.has(id)) return true;
      const row = emails.shown.get(id);
      return row ? (test?.(row) ?? true) : false;
    };
    const ids = (answer['ids'] as Id[]).filter(isThere);
    if (typeof result['total'] === 'number') result['total'] -= answer['ids'].length - ids.length;
    result['ids'] = ids;
    return result;
  }
}
