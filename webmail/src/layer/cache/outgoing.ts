/** Entries of the log as calls to the server, and what its answers mean for them. */
import { same } from '../../base/same.ts';
import type { Id, Invocation, SetError } from '../../jmap/types.ts';
import type { Json } from './emails.ts';
import { type Entry, isLocal, type Log, localsIn, withReal } from './log.ts';

/** What has become of the parts of an entry. */
export interface Outcome {
  entry: Entry;
  /** To be sent again later. */
  again: Set<Id>;
  /** Messages that the server does not take: they stay here. */
  held: Set<Id>;
  refused: { id: Id; part: 'create' | 'update' | 'destroy'; error: SetError }[];
}

/** Errors that say nothing of what was asked: it is asked again. RFC 8620 sections 3.6.2 and 5.3. */
export const PASSING = new Set(['serverUnavailable', 'serverFail', 'serverPartialFail', 'rateLimit', 'limit']);

/** Entries that can go in one request. Those whose words name what is not at the server yet wait; what they need may never come. */
export function ready(log: Log, mayHave: (entry: Entry) => boolean): { entries: Entry[]; lost: Entry[] } {
  const entries: Entry[] = [];
  const lost: Entry[] = [];
  const makers = new Map<Id, Entry>();
  for (const entry of log.entries.values()) for (const id of Object.keys(entry.create)) makers.set(id, entry);
  for (const entry of log.entries.values()) {
    if (log.sealed.has(entry.number) || entry.held) continue;
    const open = openLocals(entry, log).filter((id) => makers.get(id) !== entry);
    if (open.length) {
      if (open.some((id) => !makers.has(id))) lost.push(entry);
      // What it waits for may stand behind it, and is gathered then: only what stands before it makes all others wait.
      else if (open.some((id) => !makers.get(id)!.held && makers.get(id)!.number < entry.number)) break;
      continue;
    }
    if (!mayHave(entry)) break;
    entries.push(entry);
  }
  return { entries, lost };
}

function openLocals(entry: Entry, log: Log): Id[] {
  const ids = new Set<Id>(entry.needs.filter(isLocal));
  for (const [id, object] of Object.entries(entry.create)) {
    ids.delete(id);
    for (const local of localsIn({ ...object, '@': undefined })) ids.add(local);
  }
  for (const local of localsIn(entry.update)) ids.add(local);
  for (const id of Object.keys(entry.destroy)) if (isLocal(id)) ids.add(id);
  return [...ids].filter((id) => log.real(id) === id);
}

function* slices<T>(object: Record<string, T>, size: number): Generator<Record<string, T>> {
  const names = Object.entries(object);
  for (let at = 0; at < names.length; at += size) yield Object.fromEntries(names.slice(at, at + size));
}

/** The calls of an entry. `found` are creations that an earlier attempt has made already. */
export function callsOf(entry: Entry, log: Log, atOnce: number, found: ReadonlyMap<Id, Id>): Invocation[] {
  const real = (id: Id): Id => log.real(id);
  const calls: Invocation[] = [];
  const say = (args: Json): void => {
    calls.push([entry.name, { accountId: entry.accountId, ...withReal(entry.other, real), ...args }, `${entry.number} ${calls.length}`]);
  };
  const create: Json = {};
  for (const [id, { '@': _, ...object }] of Object.entries(entry.create)) if (!found.has(id)) create[id] = withReal(object, real);
  const afterwards: Json = {};
  for (const [id, object] of Object.entries(create)) if (entry.afterwards[object.emailId] ?? entry.afterwards[entry.create[id]!['emailId']])
    afterwards[`#${id}`] = withReal(entry.afterwards[entry.create[id]!['emailId']] ?? entry.afterwards[object.emailId], real);
  for (const slice of slices(create, atOnce)) say(Object.keys(afterwards).length ? { create: slice, onSuccessUpdateEmail: afterwards } : { create: slice });
  for (const slice of slices(withReal(entry.update, real), atOnce)) say({ update: slice });
  for (const slice of slices(entry.destroy, atOnce)) say({ destroy: Object.keys(slice).map(real) });
  return calls;
}

/** `isOurs`: the session has the entry's account, so that an answer which does not know it is no answer to this person. */
export function outcomeOf(entry: Entry, log: Log, calls: readonly Invocation[], answers: ReadonlyMap<string, Invocation>, isOurs: boolean): Outcome {
  const outcome: Outcome = { entry, again: new Set(), held: new Set(), refused: [] };
  const failed = (id: Id, part: 'create' | 'update' | 'destroy', error: SetError): void => {
    if (PASSING.has(error.type) || (isOurs && error.type === 'accountNotFound')) outcome.again.add(id);
    else if (error.type === 'notFound' && part !== 'create') return; // Somebody else deleted it: the next changes say so.
    else if (error.type === 'alreadyExists' && part === 'create' && error.existingId) log.name(id, error.existingId);
    else {
      if (part === 'create' && entry.name === 'Email/set') outcome.held.add(id);
      outcome.refused.push({ id, part, error });
    }
  };
  // Patches name things by their real ids at the server; entries by the ones they have here.
  const localOf = new Map<Id, Id>();
  for (const id of [...Object.keys(entry.update), ...Object.keys(entry.destroy)]) localOf.set(log.real(id), id);
  for (const [, args, callId] of calls) {
    const answer = answers.get(callId);
    const parts: [Id, 'create' | 'update' | 'destroy'][] = [
      ...Object.keys((args['create'] as Json | undefined) ?? {}).map((id): [Id, 'create'] => [id, 'create']),
      ...Object.keys((args['update'] as Json | undefined) ?? {}).map((id): [Id, 'update'] => [id, 'update']),
      ...((args['destroy'] as Id[] | undefined) ?? []).map((id): [Id, 'destroy'] => [id, 'destroy']),
    ];
    if (!answer || answer[0] === 'error') {
      const error = (answer?.[1] ?? { type: 'serverFail' }) as unknown as SetError;
      for (const [id, part] of parts) failed(localOf.get(id) ?? id, part, error);
      continue;
    }
    const said = answer[1] as Json;
    for (const [id, made] of Object.entries((said['created'] as Json | null) ?? {})) log.name(id, made.id);
    for (const [part, list] of [['create', said['notCreated']], ['update', said['notUpdated']], ['destroy', said['notDestroyed']]] as const)
      for (const [id, error] of Object.entries((list as Record<Id, SetError> | null) ?? {})) failed(localOf.get(id) ?? id, part, error);
  }
  return outcome;
}

/** The call that shows only what was refused: what views are told. */
export function refusedCall(entry: Entry, id: Id, part: 'create' | 'update' | 'destroy'): Invocation {
  const { '@': _, ...object } = (entry.create[id] ?? {}) as Json;
  const args: Json = { accountId: entry.accountId };
  if (part === 'create') args['create'] = { [id]: object };
  else if (part === 'update') args['update'] = { [id]: entry.update[id] };
  else args['destroy'] = [id];
  return [entry.name, args, ''];
}

// ---- was it made already? ----

/**
 * Asks for what an attempt without an answer may have made. Submissions are looked for whatever their time: clocks of browsers are wrong by
 * hours, and a draft that was submitted is none any more.
 */
export function searchCalls(entry: Entry, log: Log): Invocation[] {
  const { accountId } = entry;
  const calls: Invocation[] = [];
  for (const [id, made] of Object.entries(entry.create)) {
    if (entry.name === 'Email/set' && made['messageId']?.[0]) {
      calls.push(
        ['Email/query', { accountId, filter: { header: ['Message-ID', `<${made['messageId'][0]}>`] } }, `${id} query`],
        ['Email/get', { accountId, '#ids': { resultOf: `${id} query`, name: 'Email/query', path: '/ids' }, properties: ['subject', 'to', 'cc', 'bcc', 'bodyValues', 'textBody', 'htmlBody'], bodyProperties: ['partId', 'type'], fetchTextBodyValues: true, fetchHTMLBodyValues: true }, id],
      );
    } else if (entry.name === 'EmailSubmission/set') {
      calls.push(
        ['EmailSubmission/query', { accountId, filter: { emailIds: [log.real(made['emailId'])] } }, `${id} query`],
        ['EmailSubmission/get', { accountId, '#ids': { resultOf: `${id} query`, name: 'EmailSubmission/query', path: '/ids' } }, id],
      );
    } else if (entry.name === 'Identity/set') calls.push(['Identity/get', { accountId, ids: null }, id]);
  }
  return calls;
}

const texts = (email: Json): string[] => {
  const values = (email['bodyValues'] ?? {}) as Record<string, { value: string }>;
  return Object.values(values).map(({ value }) => value.replace(/\s+/g, ' ').trim()).sort();
};

const people = (email: Json): string[][] => ['to', 'cc', 'bcc'].map((field) => ((email[field] ?? []) as { email: string }[]).map((one) => one.email.toLowerCase()));

/** An earlier version of the draft has its Message-ID, and maybe its text; what waits to be deleted was made before. */
function isAnother(id: Id, local: Id, log: Log): boolean {
  if (log.names(id).some((name) => name !== id && name !== local)) return true;
  for (const entry of log.entries.values()) if (log.names(id).some((name) => entry.destroy[name])) return true;
  return false;
}

/** Of what the server has, that which this entry made: by local id. */
export function foundMade(entry: Entry, log: Log, answers: ReadonlyMap<string, Invocation>): Map<Id, Id> {
  const found = new Map<Id, Id>();
  for (const [id, made] of Object.entries(entry.create)) {
    const answer = answers.get(id);
    if (!answer || answer[0] === 'error') continue;
    for (const object of answer[1]['list'] as Json[]) {
      const isIt =
        entry.name === 'Email/set'
          ? !isAnother(object['id'], id, log) && (object['subject'] ?? '') === (made['subject'] ?? '') && same(people(object), people(made)) && same(texts(object), texts(made))
          : entry.name === 'EmailSubmission/set'
            ? object['undoStatus'] !== 'canceled' && object['emailId'] === log.real(made['emailId'])
            : Object.entries(made).every(([name, value]) => name === '@' || same(object[name], value));
      if (isIt) found.set(id, object['id']);
    }
  }
  return found;
}
