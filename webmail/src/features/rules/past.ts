/**
 * A script over mail that is there (doc/jmap.md, SieveRules/try): what it would do with each email, and that done, as one change that can
 * be undone. With each is kept why (SieveRules/note), as a delivery does. Nothing is sent on, answered or refused for past mail.
 */
import { Batch, ask, pieces } from '../../jmap/batch.ts';
import type { EmailRow, Id, Mailbox } from '../../jmap/types.ts';
import type { Change } from '../../model/change.ts';
import { createMailbox } from '../../model/mailboxes.ts';
import type { Store } from '../../model/store.ts';

/** What the script wants: doc/jmap.md. */
export interface PastDeed {
  action: 'keep' | 'file' | 'redirect' | 'discard' | 'reject' | 'ereject' | 'answer' | 'notify';
  target: string | null;
  flags: string[];
  line: number | null;
  rule: number | null;
  ruleName: string | null;
  testLine: number | null;
  test: string | null;
  mailboxId: Id | null;
  specialUse: string | null;
  create: boolean;
}

export interface PastEmail {
  emailId: Id;
  failed: string | null;
  deeds: PastDeed[];
}

/** What would become of one email, as it is shown and done. */
export interface Outcome {
  emailId: Id;
  failed: string | null;
  /** Folders that it would lie in besides, or instead. */
  into: Target[];
  /** It would leave the folder that it lies in. */
  leaves: boolean;
  toTrash: boolean;
  keywords: string[];
  /** What is not done with past mail. */
  notDone: PastDeed['action'][];
  ruleName: string | null;
  /** The deed that is told as the reason. */
  why: PastDeed | undefined;
}

/** So many emails in one call: the other requests of this page wait for it. */
const AT_ONCE = 40;

export interface Trial {
  accountId: Id;
  mailbox: Mailbox;
  text: string;
  most: number;
  /** Asked between two calls. */
  goesOn(): boolean;
  /** So many of `all` were looked at; those that something would be done with. */
  tell(looked: number, all: number, found: Outcome[]): void;
}

/** The newest emails of a folder, the newest first. */
export async function tryPast(store: Store, trial: Trial): Promise<void> {
  const { accountId, mailbox, text, most } = trial;
  const { ids } = await ask<{ ids: Id[] }>(store.layer, 'Email/query', { accountId, filter: { inMailbox: mailbox.id }, sort: [{ property: 'receivedAt', isAscending: false }], limit: most });
  let looked = 0;
  trial.tell(0, ids.length, []);
  for (const emailIds of pieces(ids, AT_ONCE)) {
    if (!trial.goesOn()) return;
    const { list } = await ask<{ list: PastEmail[] }>(store.layer, 'SieveRules/try', { accountId, text, emailIds });
    const found = list.map((one) => outcomeOf(one, (deed) => findTarget(store, accountId, deed), mailbox)).filter(isTouched);
    if (!trial.goesOn()) return;
    await loadRows(store, accountId, found.map((one) => one.emailId));
    looked += emailIds.length;
    trial.tell(looked, ids.length, found);
  }
  // A script with errors is told of them, with mail or without.
  if (ids.length === 0) await ask(store.layer, 'SieveRules/try', { accountId, text, emailIds: [] });
}

async function loadRows(store: Store, accountId: Id, ids: readonly Id[]): Promise<void> {
  const missing = ids.filter((id) => !store.emails.has(id));
  if (missing.length === 0) return;
  const request = new Batch(store.layer);
  const rows = request.call<{ list: EmailRow[] }>('Email/get', { accountId, ids: missing, properties: store.rowProperties });
  await request.send();
  store.putRows(accountId, rows.answer.list, []);
}

export function isTouched(one: Outcome): boolean {
  return one.failed !== null || one.leaves || one.into.length > 0 || one.keywords.length > 0 || one.notDone.length > 0;
}

/* ---- what a script says ---- */

const KEYWORDS: Record<string, string | null> = { '\\seen': '$seen', '\\flagged': '$flagged', '\\answered': '$answered', '\\draft': '$draft', '\\deleted': null };

/** The same by keywords. */
const FLAGS = new Map([['$seen', '\\Seen'], ['$flagged', '\\Flagged'], ['$answered', '\\Answered'], ['$draft', '\\Draft']]);

function keywordsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => {
    const lower = flag.toLowerCase();
    return lower in KEYWORDS ? (KEYWORDS[lower] ?? []) : flag.startsWith('\\') ? [] : lower;
  });
}

/** The folder that a deed means: one that is there, or a path that is to be made. undefined: there is none, and the email stays. */
export interface Target {
  id: Id | undefined;
  path: string;
}

/** What is done with past mail, so that it can be a reason. */
const NOTED: readonly PastDeed['action'][] = ['keep', 'file', 'discard'];

/** What is kept or filed is not discarded, whatever else a script says (RFC 5228 section 4.4). */
export function outcomeOf(email: PastEmail, find: (deed: PastDeed) => Target | undefined, mailbox: Pick<Mailbox, 'id' | 'role'>): Outcome {
  const out: Outcome = { emailId: email.emailId, failed: email.failed, into: [], leaves: false, toTrash: false, keywords: [], notDone: [], ruleName: null, why: undefined };
  let stays = email.failed !== null || email.deeds.length === 0;
  let discarded = false;
  for (const deed of email.deeds) {
    if (deed.action !== 'keep') out.ruleName ??= deed.ruleName;
    if (NOTED.includes(deed.action) && (!out.why || (out.why.action === 'keep' && deed.action !== 'keep'))) out.why = deed;
    out.keywords.push(...keywordsOf(deed.flags).filter((one) => !out.keywords.includes(one)));
    if (deed.action === 'keep') stays = true;
    else if (deed.action === 'discard') discarded = true;
    else if (deed.action !== 'file') out.notDone.push(deed.action);
    else {
      const target = find(deed);
      if (!target || target.id === mailbox.id) stays = true;
      else if (!out.into.some((one) => one.path === target.path)) out.into.push(target);
    }
  }
  out.toTrash = discarded && !stays && out.into.length === 0 && mailbox.role !== 'trash';
  out.leaves = out.toTrash || (!stays && out.into.length > 0);
  return out;
}

/** As delivery finds it: by its id, else by its use, else by its path. */
export function findTarget(store: Store, accountId: Id, deed: PastDeed): Target | undefined {
  const all = store.mailboxes.all(accountId);
  const path = deed.target ?? '';
  const use = deed.specialUse?.replace(/^\\/, '').toLowerCase();
  const found = all.find((one) => one.id === deed.mailboxId) ?? all.find((one) => use !== undefined && one.role === use) ?? all.find((one) => scriptPath(store, one) === path || (one.role === 'inbox' && path.toUpperCase() === 'INBOX'));
  if (found) return { id: found.id, path: scriptPath(store, found) };
  return deed.create && path !== '' ? { id: undefined, path } : undefined;
}

/** A folder as a script names it: its names as they are on the server, not in the reader's language. */
export function scriptPath(store: Store, mailbox: Mailbox): string {
  const names: string[] = [];
  for (let at: Mailbox | undefined = mailbox; at; at = at.parentId ? store.mailboxes.peek(at.parentId) : undefined) names.unshift(at.name);
  return names.join('/');
}

/* ---- doing it ---- */

/** Emails that need the same go together. trash: where what is discarded goes. Folders that are to be made are there now, by their paths. */
export function changesOf(outcomes: readonly Outcome[], from: Id, trash: Id | undefined, made: ReadonlyMap<string, Id>): Change[] {
  const groups = new Map<string, Change & { emails: Id[] }>();
  for (const one of outcomes) {
    const into = placesOf(one, trash, made);
    const leaves = one.leaves && into.length > 0;
    if (into.length === 0 && one.keywords.length === 0) continue;
    const key = JSON.stringify([into, leaves, one.keywords]);
    const group = groups.get(key) ?? { emails: [], add: into, remove: leaves ? [from] : [], keywords: Object.fromEntries(one.keywords.map((keyword) => [keyword, true])) };
    group.emails.push(one.emailId);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Where one email goes: the ids of folders. */
function placesOf(one: Outcome, trash: Id | undefined, made: ReadonlyMap<string, Id>): Id[] {
  const into = one.into.flatMap(({ id, path }) => id ?? made.get(path) ?? []);
  return one.toTrash && trash !== undefined ? [...into, trash] : into;
}

/** Of SieveRules/note: what is about to be done with each email. `has`: its keywords, which are no rule's to take off again. */
export function notesOf(outcomes: readonly Outcome[], from: Id, trash: Id | undefined, made: ReadonlyMap<string, Id>, has: (id: Id) => Record<string, unknown>): [Id, object][] {
  return outcomes.flatMap((one) => {
    const into = placesOf(one, trash, made);
    if (!one.why || (into.length === 0 && one.keywords.length === 0)) return [];
    const { action, target, line, rule, ruleName, testLine, test } = one.why;
    const flags = one.keywords.filter((keyword) => !(keyword in has(one.emailId))).map((keyword) => FLAGS.get(keyword) ?? keyword);
    return [[one.emailId, { from, into, action, target: action === 'file' ? target : null, flags, line, rule, ruleName, testLine, test }]];
  });
}

/** Keeps them, a piece at a time. One that the server does not take (its email has just gone) is left out. */
export async function keepNotes(store: Store, accountId: Id, notes: readonly [Id, object][]): Promise<void> {
  // 53 bits are what JMAP's numbers have: two runs get the same one never.
  const number = 1 + Number(crypto.getRandomValues(new BigUint64Array(1))[0]! >> 12n);
  for (const piece of pieces(notes, AT_ONCE)) await ask(store.layer, 'SieveRules/note', { accountId, number, notes: Object.fromEntries(piece) });
}

/** Folders that are to be made, with those above them; by their paths. One that cannot be made is left out, and its mail stays. */
export async function makeFolders(store: Store, accountId: Id, outcomes: readonly Outcome[]): Promise<Map<string, Id>> {
  const made = new Map<string, Id>();
  for (const path of new Set(outcomes.flatMap((one) => one.into.flatMap(({ id, path }) => (id === undefined ? path : []))))) {
    let parentId: Id | null = null;
    for (const name of path.split('/')) {
      const there: Mailbox | undefined = store.mailboxes.all(accountId).find((one) => one.parentId === parentId && one.name === name);
      const id: Id | undefined = there?.id ?? (await createMailbox(store, accountId, name, parentId, true));
      if (id === undefined) return made;
      parentId = id;
    }
    if (parentId !== null) made.set(path, parentId);
  }
  return made;
}
