/**
 * An action on all that a query finds, what was never loaded, too. It is shown at once, goes on in pieces, tells how far it is and can be
 * stopped. Undo needs to know what was changed and what was so before: the server is asked for the emails that the change will alter.
 */
import { batch, signal } from '@preact/signals';
import { t } from '../base/words.ts';
import { Batch, MethodError, ask, pieces } from '../jmap/batch.ts';
import { CORE, type EmailRow, type Filter, type Id, type SetError } from '../jmap/types.ts';
import { LayerError } from '../layer/layer.ts';
import { applied, patchOf, type Change } from './change.ts';
import type { MailList } from './list.ts';
import type { RowList } from './merged.ts';
import type { Store } from './store.ts';
import { done, say } from './undo.ts';

/** What the frame shows while it goes on; undefined: nothing goes on. */
export const progress = signal<{ words: string; done: number; all: number; stop(): void } | undefined>(undefined);

/** Ids of a query in one answer: some 200 KB. */
const IDS_AT_ONCE = 10_000;
/** So many in one call, so that the progress is seen and a stop is heard. */
const SET_AT_ONCE = 1_000;

/** Emails that are asked for at once: our server gives 500. */
const GET_AT_ONCE = 500;

/** One part of a change with the emails that it alters; the others have it already, and an undo must not take it from them. */
interface Step {
  path: string;
  value: true | null;
  ids: Id[];
}

type Patches = Map<Id, Record<string, true | null>>;

/** What can be done with all of a query: what can be done with emails, and to put them off. */
export interface Everything extends Omit<Change, 'emails'> {
  snoozed?: NonNullable<EmailRow['snoozed']>;
}

/** Can the server do it by itself? */
export function canActAtServer(store: Store, accountId: Id): boolean {
  return QUERY_ACT in store.layer.session.capabilities && accountId === store.mainAccount;
}

/** What takes back a part of an act. */
type Undo = () => Promise<void>;

interface Way {
  /** The reader has stopped it: no other account is begun. */
  isStopped: boolean;
  undos: Undo[];
  /** Not all was changed: lists look anew. */
  isPartial: boolean;
}

/**
 * On each account of the list, by one sentence and one undo. A function says what an account needs; undefined: nothing is done there. beside:
 * what the undo takes back besides, also where there was no mail to change. False: the server could not be asked.
 */
export async function changeEverything(
  store: Store,
  list: RowList,
  wanted: Everything | ((accountId: Id) => Everything | undefined),
  words: (count: number) => string,
  beside?: () => void,
): Promise<boolean> {
  const sentence = words(list.total.peek() ?? 0);
  const tasks = list.parts.flatMap((part) => {
    const own = typeof wanted === 'function' ? wanted(part.query.accountId) : wanted;
    return own ? [{ part, own }] : [];
  });
  // Shown at once: the server is asked behind.
  for (const { part, own } of tasks)
    if (leaves(part.query.filter, own, store.mailboxWithRole('inbox', part.query.accountId)?.id)) part.empty();
    else showHere(store, part, own);
  const way: Way = { isStopped: false, undos: [], isPartial: tasks.some(({ own }) => own.but) };
  let failed = false;
  try {
    for (const { part, own } of tasks) if (!way.isStopped) await onPart(store, part, own, sentence, way);
  } catch (error) {
    if (!(error instanceof LayerError) && !(error instanceof MethodError)) throw error;
    failed = true;
  } finally {
    progress.value = undefined;
  }
  const { undos } = way;
  if (undos.length > 0 || (beside && !failed))
    done({
      words: sentence,
      undo: async () => {
        beside?.();
        for (const undo of undos) await undo();
        await list.refresh();
      },
    });
  if (failed) say(t('bulk.failed'), true);
  // What stays was taken away here, or shown otherwise.
  const isAnew = failed || way.isStopped || way.isPartial;
  await Promise.all(tasks.map(({ part }) => (isAnew ? part.reload() : part.refresh()).catch(() => failed && (part.failed.value = true))));
  return !failed;
}

async function onPart(store: Store, list: MailList, wanted: Everything, words: string, way: Way): Promise<void> {
  const { accountId } = list.query;
  const filter = filterOfAll(list.query.filter, wanted);
  if (canActAtServer(store, accountId)) return actAtServer(store, accountId, filter, wanted, words, way);
  if (wanted.snoozed) return say(t('acts.notOnEverything'), true);
  if (wanted.destroy) {
    const ids = await allIds(store, accountId, filter);
    await inPieces(store, accountId, ids, words, (piece) => ({ destroy: piece }), way);
    return say(words);
  }
  const steps = await stepsOf(store, accountId, filter, wanted);
  const patches = patchesOf(steps, false);
  const changed = await inPieces(store, accountId, [...patches.keys()], words, (piece) => ({ update: part(patches, piece) }), way);
  const back = patchesOf(steps, true);
  way.undos.push(async () => void (await inPieces(store, accountId, changed, t('bulk.undoing'), (piece) => ({ update: part(back, piece) }))));
}

/** Those of the query that are changed. */
export function filterOfAll(filter: Filter | null, { but }: Pick<Change, 'but'>): Filter | null {
  return but && but.length > 0 ? and(filter, { inMailboxOtherThan: [...but] }) : filter;
}

/** Does nothing stay of the query, as far as its mailboxes tell? */
export function leaves(filter: Filter | null, wanted: Everything, inbox?: Id): boolean {
  if (wanted.destroy) return true;
  const from = [...(wanted.remove ?? []), ...(wanted.snoozed ? [wanted.snoozed.moveToMailboxId ?? inbox] : [])];
  return from.some((id) => id !== undefined && holds(filter, id)) || (wanted.into !== undefined && shutsOut(filter, wanted.into));
}

/** Is nothing found that lies in this mailbox alone? */
function shutsOut(filter: Filter | null, mailbox: Id): boolean {
  if (!filter) return false;
  if (!('operator' in filter)) return filter.inMailboxOtherThan?.includes(mailbox) || (filter.inMailbox !== undefined && filter.inMailbox !== mailbox);
  if (filter.operator === 'AND') return filter.conditions.some((one) => shutsOut(one, mailbox));
  if (filter.operator === 'OR') return filter.conditions.every((one) => shutsOut(one, mailbox));
  return filter.conditions.some((one) => holds(one, mailbox));
}

/** What stays in the list looks changed before the server has said so; when it did not come to all, the list is loaded anew. */
function showHere(store: Store, list: MailList, wanted: Everything): void {
  const emails = list.keys().flatMap((key) => list.emailsOf(key)).flatMap((id) => store.emails.peek(id) ?? []);
  batch(() => emails.forEach((email) => store.emails.patch(email.id, applied(email, patchOf(email, wanted)))));
}

export const QUERY_ACT = 'urn:postrider:params:jmap:query-act';
/** Between looks at how far the server is. */
const LOOK_MS = 300;

interface QueryAct {
  id: Id;
  state: 'gathering' | 'running' | 'done' | 'stopped' | 'undoing' | 'undone';
  total: number;
  finished: number;
  failed: number;
  undone: number;
}

/** The server does it by itself (doc/jmap.md, All Emails of a query at once), and knows how to take it back. */
async function actAtServer(store: Store, accountId: Id, filter: Filter | null, wanted: Everything, words: string, way: Way): Promise<void> {
  const begun = await ask<{ queryActId: Id | null }>(store.layer, 'Email/queryAct', { accountId, filter, ...(wanted.destroy ? { destroy: true } : { update: patchOfAll(wanted) }) });
  const id = begun.queryActId;
  if (id === null) {
    way.isPartial = true;
    return say(t('acts.stays'));
  }
  const set = (state: 'stopped' | 'undone') => ask<{ notUpdated?: Record<Id, SetError> | null }>(store.layer, 'QueryAct/set', { accountId, update: { [id]: { state } } });
  const ended = await follow(store, accountId, id, words, () => {
    way.isStopped = true;
    set('stopped').catch(() => undefined);
  });
  if (ended && ended.failed > 0) say(t('change.refusedSome', { count: ended.failed }), true);
  if (ended?.state !== 'done' || ended.failed > 0) way.isPartial = true;
  way.undos.push(async () => {
    const { notUpdated } = await set('undone');
    if (notUpdated && Object.keys(notUpdated).length > 0) say(t('bulk.notUndone'), true);
    await follow(store, accountId, id, t('bulk.undoing'));
  });
}

export function patchOfAll(wanted: Everything): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  if (wanted.snoozed) patch['snoozed'] = wanted.snoozed;
  if (wanted.into !== undefined) patch['mailboxIds'] = { [wanted.into]: true };
  for (const [keyword, on] of Object.entries(wanted.keywords ?? {})) patch[`keywords/${keyword.replaceAll('~', '~0').replaceAll('/', '~1')}`] = on || null;
  for (const id of wanted.remove ?? []) patch[`mailboxIds/${id}`] = null;
  for (const id of wanted.add ?? []) patch[`mailboxIds/${id}`] = true;
  return patch;
}

/** Looks until it has ended, and shows how far it is when it takes longer than a moment. */
async function follow(store: Store, accountId: Id, id: Id, words: string, stop: () => void = () => undefined): Promise<QueryAct | undefined> {
  for (;;) {
    const { list } = await ask<{ list: QueryAct[] }>(store.layer, 'QueryAct/get', { accountId, ids: [id] });
    const act = list[0];
    if (!act || act.state === 'done' || act.state === 'stopped' || act.state === 'undone') return act;
    progress.value = { words, done: act.state === 'undoing' ? act.undone : act.finished, all: act.total, stop };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function part(patches: Patches, ids: readonly Id[]): Record<Id, Record<string, true | null>> {
  return Object.fromEntries(ids.map((id) => [id, patches.get(id) ?? {}]));
}

function holds(filter: Filter | null, mailbox: Id): boolean {
  if (!filter) return false;
  if (!('operator' in filter)) return filter.inMailbox === mailbox;
  return filter.operator === 'AND' && filter.conditions.some((one) => holds(one, mailbox));
}

function and(filter: Filter | null, more: Filter): Filter {
  return filter ? { operator: 'AND', conditions: [filter, more] } : more;
}

async function stepsOf(store: Store, accountId: Id, filter: Filter | null, wanted: Everything): Promise<Step[]> {
  const steps: Step[] = [];
  const add = async (path: string, value: true | null, more: Filter) =>
    void steps.push({ path, value, ids: await allIds(store, accountId, and(filter, more)) });
  for (const [keyword, on] of Object.entries(wanted.keywords ?? {}))
    await add(`keywords/${keyword.replaceAll('~', '~0').replaceAll('/', '~1')}`, on || null, on ? { notKeyword: keyword } : { hasKeyword: keyword });
  for (const id of wanted.add ?? []) await add(`mailboxIds/${id}`, true, { operator: 'NOT', conditions: [{ inMailbox: id }] });
  for (const id of wanted.remove ?? []) if (!wanted.add?.includes(id)) await add(`mailboxIds/${id}`, null, { inMailbox: id });
  if (wanted.into !== undefined) steps.push(...(await stepsInto(store, accountId, await allIds(store, accountId, filter), wanted.into)));
  return steps;
}

/** Where they lie, so that an undo can put each back. */
async function stepsInto(store: Store, accountId: Id, ids: readonly Id[], into: Id): Promise<Step[]> {
  const goes: Step = { path: `mailboxIds/${into}`, value: true, ids: [] };
  const from = new Map<Id, Step>();
  for (const piece of pieces(ids, GET_AT_ONCE)) {
    const { list } = await ask<{ list: Pick<EmailRow, 'id' | 'mailboxIds'>[] }>(store.layer, 'Email/get', { accountId, ids: piece, properties: ['mailboxIds'] });
    for (const { id, mailboxIds } of list) {
      if (!(into in mailboxIds)) goes.ids.push(id);
      for (const one of Object.keys(mailboxIds)) {
        if (one === into) continue;
        if (!from.has(one)) from.set(one, { path: `mailboxIds/${one}`, value: null, ids: [] });
        from.get(one)!.ids.push(id);
      }
    }
  }
  return [goes, ...from.values()];
}

function patchesOf(steps: readonly Step[], back: boolean): Patches {
  const patches: Patches = new Map();
  for (const { path, value, ids } of steps)
    for (const id of ids) {
      const patch = patches.get(id) ?? {};
      patch[path] = back ? (value ? null : true) : value;
      patches.set(id, patch);
    }
  return patches;
}

async function allIds(store: Store, accountId: Id, filter: Filter | null): Promise<Id[]> {
  const found: Id[] = [];
  for (;;) {
    const request = new Batch(store.layer);
    const query = request.call<{ ids: Id[] }>('Email/query', { accountId, filter, position: found.length, limit: IDS_AT_ONCE });
    await request.send();
    found.push(...query.answer.ids);
    // A server may give fewer than was asked for (RFC 8620 section 5.5): only an empty answer ends it.
    if (query.answer.ids.length === 0) return found;
  }
}

/** The ids that were dealt with: fewer than all, when somebody stopped it. */
async function inPieces(
  store: Store,
  accountId: Id,
  ids: readonly Id[],
  words: string,
  args: (piece: Id[]) => Record<string, unknown>,
  way = { isStopped: false },
): Promise<Id[]> {
  const most = Number((store.layer.session.capabilities[CORE] as { maxObjectsInSet?: number } | undefined)?.maxObjectsInSet ?? SET_AT_ONCE);
  let refused = 0;
  const dealt: Id[] = [];
  for (const piece of pieces(ids, Math.min(SET_AT_ONCE, most))) {
    if (way.isStopped) break;
    if (ids.length > SET_AT_ONCE) progress.value = { words, done: dealt.length, all: ids.length, stop: () => (way.isStopped = true) };
    const request = new Batch(store.layer);
    const call = request.call<{ notUpdated?: Record<Id, SetError> | null; notDestroyed?: Record<Id, SetError> | null }>('Email/set', {
      accountId,
      ...args(piece),
    });
    await request.send();
    refused += Object.keys({ ...call.answer.notUpdated, ...call.answer.notDestroyed }).length;
    dealt.push(...piece);
  }
  progress.value = undefined;
  if (refused > 0) say(t('change.refusedSome', { count: refused }), true);
  return dealt;
}
