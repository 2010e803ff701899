/**
 * The calls that only ask: those of which all is here are answered, for others `undefined` says that the server must be asked.
 * Without a network the answer is what is here, as far as that is an answer at all.
 */
import type { Id } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import type { Bodies } from './bodies.ts';
import type { Json } from './emails.ts';
import type { Log } from './log.ts';
import { localEmail } from './made.ts';
import { Queries } from './queries.ts';
import { FEW } from './records.ts';
import { MethodError } from './references.ts';
import { asksBody, isConstant, isFound, isKept } from './bodies.ts';
import { IN_ROW } from './rows.ts';

/** An answer, or the part of one that is here, with what the server must be asked for in addition. */
export interface Read {
  answer: Json;
  /** Email/get: these are not here. */
  missing?: Id[];
}

export interface ReadContext {
  account: Account;
  log: Log;
  bodies: Bodies;
  queries: Queries;
  online: boolean;
}

export const utc = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

function picked(record: Json, properties: readonly string[] | null | undefined): Json {
  if (!properties) return record;
  const result: Json = { id: record['id'] };
  for (const name of properties) if (name in record) result[name] = record[name];
  return result;
}

export async function read(context: ReadContext, name: string, args: Json): Promise<Read | undefined> {
  const { account } = context;
  const [type, verb] = name.split('/') as [string, string];
  if (type === 'Email') {
    if (verb === 'get') return emailGet(context, args);
    if (verb === 'query') return context.queries.query(args, context.online);
    if (verb === 'queryChanges') return context.queries.changes(args, context.online);
  }
  const changes = account.changes.get(type);
  if (!changes) return undefined;
  const isHere = FEW.includes(type) ? account.tables.get(type)!.state !== undefined : account.emailState !== undefined;
  if (verb === 'changes') {
    const since = changes.since(args['sinceState'] ?? '', args['maxChanges'] ?? Number.POSITIVE_INFINITY);
    if (!since) {
      if (!isHere && context.online) return undefined;
      throw new MethodError('cannotCalculateChanges');
    }
    return { answer: { accountId: account.id, oldState: args['sinceState'], ...since, ...(type === 'Mailbox' && { updatedProperties: null }) } };
  }
  if (verb !== 'get') return undefined;
  if (FEW.includes(type)) return isHere ? recordsGet(context, type, args) : undefined;
  if (type === 'Thread') return threadGet(context, args);
  return undefined;
}

function recordsGet({ account, log }: ReadContext, type: string, args: Json): Read {
  const table = account.tables.get(type)!;
  const ids = (args['ids'] as Id[] | null | undefined) ?? [...table.shown.keys()];
  const list: Json[] = [];
  const notFound: Id[] = [];
  for (const id of new Set(ids)) {
    const record = table.shown.get(id) ?? table.shown.get(log.real(id));
    if (record) list.push({ ...picked(record, args['properties']), id });
    else notFound.push(id);
  }
  return { answer: { accountId: account.id, state: account.changes.get(type)!.state, list, notFound } };
}

function threadGet({ account, online }: ReadContext, args: Json): Read | undefined {
  const ids = args['ids'] as Id[] | null | undefined;
  if (!ids) return undefined;
  const { threads } = account.emails;
  const isLocal = (id: Id): boolean => threads.has(id) && (account.complete || !online || id.startsWith('local-'));
  if (!account.complete && online && account.emailState !== undefined && ids.length && !ids.every(isLocal)) return undefined;
  if (account.emailState === undefined && online) return undefined;
  const list = ids.filter((id) => threads.has(id)).map((id) => ({ id, emailIds: threads.get(id)!.map((row) => row.id) }));
  return { answer: { accountId: account.id, state: account.changes.get('Thread')!.state, list, notFound: ids.filter((id) => !threads.has(id)) } };
}

async function emailGet(context: ReadContext, args: Json): Promise<Read | undefined> {
  const { account, log, bodies } = context;
  const ids = args['ids'] as Id[] | null | undefined;
  const properties = args['properties'] as string[] | null | undefined;
  const state = account.changes.get('Email')!.state;
  if (!ids || (account.emailState === undefined && ids.length === 0 && context.online)) return undefined;
  const list: Json[] = [];
  const notFound: Id[] = [];
  const missing: Id[] = [];
  const asked = new Map<Id, Id>();
  for (const id of new Set(ids)) {
    const real = log.real(id);
    const { emails } = account;
    if (emails.shown.has(id) && !emails.server.has(id)) list.push(localEmail(log.made('Email', id)!, id, args));
    else if (emails.shown.has(real)) asked.set(real, id);
    else if (emails.server.has(real) || account.complete) notFound.push(id);
    else missing.push(id);
  }
  if (asked.size && !properties) missing.push(...asked.keys());
  else if (asked.size) {
    const beyond = properties!.filter((name) => !IN_ROW.has(name));
    const texts = beyond.length ? await account.emails.textsOf([...asked.keys()]) : new Map<Id, Json>();
    const lacking = [...asked.keys()].filter((id) => !beyond.every((name) => name in (texts.get(id) ?? {})));
    const further = lacking.length ? await bodiesOf(bodies, account, lacking, beyond, args, texts) : new Map<Id, Json>();
    // Without a network a row is shown without what was never told of it (when it comes back from a snooze).
    const isEnough = (text: Json | undefined): boolean => !context.online && text !== undefined && beyond.every((name) => name in text || !isConstant(name));
    for (const [real, id] of asked) {
      const row = account.emails.shown.get(real);
      const text = texts.get(real);
      const more = further.get(real);
      if (!row) notFound.push(id);
      else if (lacking.includes(real) && !more && !isEnough(text)) missing.push(real);
      else {
        const whole: Json = { ...text, ...more, ...row, receivedAt: utc(row.received) };
        list.push({ ...picked(whole, properties), id });
      }
    }
  }
  const answer: Json = { accountId: account.id, state, list, notFound };
  return missing.length ? { answer, missing } : { answer };
}

/** What is neither in the row nor among the list properties. */
async function bodiesOf(bodies: Bodies, account: Account, ids: Id[], names: readonly string[], args: Json, texts: ReadonlyMap<Id, Json>): Promise<Map<Id, Json>> {
  const inTexts = (name: string): boolean => ids.every((id) => name in (texts.get(id) ?? {}));
  const wanted = names.filter((name) => !inTexts(name));
  // What may change, and is not in the lists, is the server's to tell.
  if (!wanted.every((name) => isKept(name, args))) return new Map();
  return bodies.of(account, ids, wanted, args);
}

/** What the server works out when it is asked, and what time alone may change: it is never kept. */
const isFleeting = (name: string): boolean => name.startsWith('smime');

/** List properties that views ask for and that are not kept yet: they are from now on. */
export function learnShape(account: Account, args: Json): boolean {
  const properties = (args['properties'] as string[] | null | undefined) ?? [];
  const extras = properties.filter((name) => !isConstant(name) && !isFound(name) && !isFleeting(name) && !IN_ROW.has(name) && !account.extras.includes(name));
  const { accountId: _account, ids: _ids, ...shape } = args;
  const learns = asksBody(args) && JSON.stringify(shape) !== JSON.stringify(account.bodyShape);
  if (extras.length) account.note({ extras: [...account.extras, ...extras] });
  if (learns) account.note({ bodyShape: shape });
  return learns;
}
