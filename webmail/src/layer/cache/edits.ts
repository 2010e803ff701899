/**
 * The calls that change something and can wait for the server: they are written to the log, laid over what is shown, and answered. What
 * needs the server's word (undoing a submission, for example) is no such call.
 */
import type { Id, SetError } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import type { Json } from './emails.ts';
import { isLocal, localId, type Log, typeOf, WAITING_METHODS } from './log.ts';
import { newEmail, newRecord } from './made.ts';
import { narrowed, type Patch } from './patch.ts';
import { MethodError } from './references.ts';

/** `@after` is ours, and never said to the server: local ids of what must be there before anything here is destroyed. */
const MAY_SAY = new Set(['@after', 'accountId', 'ifInState', 'create', 'update', 'destroy', 'onDestroyRemoveEmails', 'onSuccessUpdateEmail', 'onSuccessDestroyEmail']);
const SETS = ['keywords', 'mailboxIds'];

/** Whether the call is one that can wait. */
export function canWait(name: string, args: Json, log: Log): boolean {
  if (!WAITING_METHODS.has(name) || !Object.keys(args).every((one) => MAY_SAY.has(one))) return false;
  if (name !== 'EmailSubmission/set') return true;
  // One that the server has can be undone by it alone: it knows whether it is too late.
  const isHere = (id: Id): boolean => isLocal(id) && log.real(id) === id && !log.isUnderWay(id);
  if ((args['onSuccessDestroyEmail'] as unknown[] | null | undefined)?.length || (args['destroy'] as Id[] | null | undefined)?.some((id) => !isHere(id))) return false;
  return Object.entries((args['update'] as Record<Id, Patch> | null | undefined) ?? {}).every(([id, patch]) => isHere(id) && patch['undoStatus'] === 'canceled');
}

export interface Edited {
  answers: [name: string, args: Json][];
  /** Emails that must be shown anew. */
  emails: Id[];
}

/** The ids of what was made before in the same request, in the places where a creation id may stand. */
function withCreations(object: Json, creations: ReadonlyMap<string, Id>): Json {
  const id = (text: unknown): unknown => (typeof text === 'string' && text.startsWith('#') ? (creations.get(text.slice(1)) ?? text) : text);
  const result: Json = {};
  for (const [name, value] of Object.entries(object)) {
    if (name === 'emailId' || name === 'parentId' || name === 'identityId') result[name] = id(value);
    else if (name === 'mailboxIds' && value) result[name] = Object.fromEntries(Object.entries(value as Json).map(([key, set]) => [id(key), set]));
    else if (name.startsWith('mailboxIds/')) result[`mailboxIds/${id(name.slice(11))}`] = value;
    else result[name] = value;
  }
  return result;
}

function lowered(patch: Patch): Patch {
  return Object.fromEntries(Object.entries(patch).map(([path, value]) => [path.startsWith('keywords/') ? path.toLowerCase() : path, value]));
}

export function edit(account: Account, log: Log, name: string, args: Json, creations: Map<string, Id>, domain: string): Edited {
  const type = typeOf(name);
  const changes = account.changes.get(type);
  const oldState = changes?.state;
  if (args['ifInState'] && oldState !== undefined && args['ifInState'] !== oldState) throw new MethodError('stateMismatch');
  const refuse = (asked: Id, id: Id): SetError | undefined => {
    const real = log.real(id);
    // What was made here may have a name at the server before it has been fetched from there: the server judges.
    if (log.made(type, id) || (isLocal(asked) && real !== asked)) return undefined;
    if (type === 'Email') return account.complete && !account.emails.shown.has(real) ? { type: 'notFound' } : undefined;
    const table = account.tables.get(type);
    return table?.state !== undefined && !table.shown.has(real) ? { type: 'notFound' } : undefined;
  };
  const answer: Json = { accountId: account.id, oldState: oldState ?? null, newState: null, created: null, updated: null, destroyed: null, notCreated: null, notUpdated: null, notDestroyed: null };
  const own = new Map<string, Id>();

  const create: Record<Id, Json> = {};
  for (const [creation, object] of Object.entries((args['create'] as Record<string, Json> | null | undefined) ?? {})) {
    const id = localId();
    own.set(creation, id);
    const made = withCreations(object, creations);
    create[id] = type === 'Email' ? newEmail(made, new Date(), domain) : made;
    answer['created'] = { ...answer['created'], [creation]: { id, ...create[id]['@'], ...newRecord(type, made) } };
  }
  for (const [creation, id] of own) creations.set(creation, id);

  const idOf = (id: Id): Id => log.real(id.startsWith('#') ? (creations.get(id.slice(1)) ?? id) : id);
  const update: Record<Id, Patch> = {};
  for (const [asked, patch] of Object.entries((args['update'] as Record<Id, Patch> | null | undefined) ?? {})) {
    const id = idOf(asked);
    const error = refuse(asked, id);
    if (error) answer['notUpdated'] = { ...answer['notUpdated'], [asked]: error };
    else {
      const row = account.emails.shown.get(id);
      const whole = lowered(withCreations(patch, creations));
      update[id] = type === 'Email' ? narrowed(whole, row && { keywords: row.keywords, mailboxIds: row.mailboxIds }, SETS) : whole;
      (answer['updated'] ??= {})[asked] = null;
    }
  }
  const destroy: Record<Id, true> = {};
  for (const asked of (args['destroy'] as Id[] | null | undefined) ?? []) {
    const id = idOf(asked);
    const error = refuse(asked, id);
    if (error) answer['notDestroyed'] = { ...answer['notDestroyed'], [asked]: error };
    else {
      destroy[id] = true;
      (answer['destroyed'] ??= []).push(asked);
    }
  }

  if (type === 'EmailSubmission') return submit(account, log, args, { create, update, destroy }, own, idOf, answer);
  const other: Json = args['onDestroyRemoveEmails'] ? { onDestroyRemoveEmails: true } : {};
  const needs = ((args['@after'] as Id[] | undefined) ?? []).filter((id) => isLocal(id) && log.real(id) === id && log.made(type, id) !== undefined);
  log.append(account.id, name, { create, update, destroy, other, afterwards: {}, needs });
  const emails = type === 'Email' ? [...Object.keys(create), ...Object.keys(update), ...Object.keys(destroy)] : [];
  if (type === 'Email') log.forgetIdle(Object.keys(update), type, (id) => account.emails.server.get(id) as Json | undefined);
  return { answers: [[name, answer]], emails };
}

function submit(account: Account, log: Log, args: Json, wish: { create: Record<Id, Json>; update: Record<Id, Patch>; destroy: Record<Id, true> }, own: ReadonlyMap<string, Id>, idOf: (id: Id) => Id, answer: Json): Edited {
  const emails: Id[] = [];
  // Undone before it was sent: it never was, and neither was what would have followed.
  for (const id of [...Object.keys(wish.update), ...Object.keys(wish.destroy)])
    for (const entry of [...log.entries.values()])
      if (entry.create[id] && !log.sealed.has(entry.number) && entry.attempted === undefined) {
        emails.push(...Object.keys(entry.afterwards));
        log.change(entry, () => {
          delete entry.afterwards[entry.create[id]!['emailId']];
          delete entry.create[id];
        });
      } else if (entry.create[id]) throw new MethodError('serverUnavailable', 'It is on its way to the server.');
  const afterwards: Record<Id, Patch> = {};
  for (const [key, patch] of Object.entries((args['onSuccessUpdateEmail'] as Record<Id, Patch> | null | undefined) ?? {})) {
    const submission = wish.create[own.get(key.slice(1)) ?? ''];
    if (submission) afterwards[idOf(submission['emailId'])] = lowered(patch);
  }
  for (const submission of Object.values(wish.create)) submission['emailId'] = idOf(submission['emailId']);
  log.append(account.id, 'EmailSubmission/set', { create: wish.create, update: {}, destroy: {}, other: {}, afterwards });
  emails.push(...Object.keys(afterwards));
  const answers: Edited['answers'] = [['EmailSubmission/set', answer]];
  if (Object.keys(afterwards).length) {
    const state = account.changes.get('Email')!.state;
    answers.push(['Email/set', { accountId: account.id, oldState: state, newState: null, updated: Object.fromEntries(Object.keys(afterwards).map((id) => [id, null])) }]);
  }
  return { answers, emails };
}
