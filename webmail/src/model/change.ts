/**
 * The one way in which mail is changed. It is shown at once, sent behind, can be undone, and is put back with a sentence if the server
 * refuses. `emails` are all that change: a conversation's row stands for the emails that its list shows of it.
 */
import { batch } from '@preact/signals';
import { pieces } from '../jmap/batch.ts';
import type { EmailRow, Id, Invocation, Keywords, SetError } from '../jmap/types.ts';
import { LayerError } from '../layer/layer.ts';
import { t } from '../base/words.ts';
import type { Store } from './store.ts';
import { done, say } from './undo.ts';

export interface Change {
  emails: readonly Id[];
  /** true sets a keyword, false takes it off. */
  keywords?: Record<string, boolean>;
  /** Mailboxes that they go into, and that they leave. An email that would be in none stays where it is. */
  add?: readonly Id[];
  remove?: readonly Id[];
  /** In place of both: the one mailbox that they are in then, wherever they were. */
  into?: Id;
  /** Emails that lie in these mailboxes alone are left as they are. */
  but?: readonly Id[];
  /** For ever: cannot be undone here. */
  destroy?: true;
}

interface Before {
  id: Id;
  accountId: Id;
  keywords: Keywords;
  mailboxIds: Record<Id, true>;
}

type Patch = Record<string, true | null>;

const AT_ONCE = 500;

/** Carries out a change. words: what was done, as a sentence for the toast; undefined: nothing is shown, and it cannot be undone. */
export function change(store: Store, wanted: Change, words?: string): Promise<boolean> {
  return changeEach(store, [wanted], words);
}

/** The same for emails that need different things: one sentence and one undo stand for all. No email is in two of them. */
export async function changeEach(store: Store, wanted: readonly Change[], words?: string): Promise<boolean> {
  const before: Before[] = [];
  const patches = new Map<Id, Patch | null>();
  for (const one of wanted)
    for (const email of remember(store, one.emails)) {
      const patch = one.destroy ? null : patchOf(email, one);
      if (patch && Object.keys(patch).length === 0) continue;
      before.push(email);
      patches.set(email.id, patch);
    }
  if (patches.size === 0) return true;
  show(store, before, patches);
  if (words !== undefined && !wanted.some((one) => one.destroy)) done({ words, undo: () => undo(store, before, patches) });
  else if (words !== undefined) say(words);
  return send(store, before, patches);
}

function remember(store: Store, ids: readonly Id[]): Before[] {
  return ids.flatMap((id) => {
    const email = store.emails.peek(id);
    return email ? [{ id, accountId: store.emails.accountOf(id), keywords: email.keywords, mailboxIds: email.mailboxIds }] : [];
  });
}

/** What differs from what the email has: RFC 8620 section 5.3. */
export function patchOf(email: Pick<Before, 'keywords' | 'mailboxIds'>, wanted: Omit<Change, 'emails'>): Patch {
  const patch: Patch = {};
  if (wanted.but && Object.keys(email.mailboxIds).every((id) => wanted.but!.includes(id))) return patch;
  for (const [keyword, set] of Object.entries(wanted.keywords ?? {}))
    if (set !== keyword in email.keywords) patch[`keywords/${escape(keyword)}`] = set || null;
  for (const id of [...(wanted.add ?? []), ...(wanted.into ? [wanted.into] : [])]) if (!(id in email.mailboxIds)) patch[`mailboxIds/${id}`] = true;
  if (wanted.into) for (const id of Object.keys(email.mailboxIds)) if (id !== wanted.into) patch[`mailboxIds/${id}`] = null;
  const left = new Set([...Object.keys(email.mailboxIds), ...(wanted.add ?? [])]);
  for (const id of wanted.remove ?? [])
    if (id in email.mailboxIds && !wanted.add?.includes(id) && left.size > 1) {
      patch[`mailboxIds/${id}`] = null;
      left.delete(id);
    }
  return patch;
}

/** A part of a JSON pointer: RFC 6901 section 3. */
function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function applied(email: Pick<EmailRow, 'keywords' | 'mailboxIds'>, patch: Patch): Pick<EmailRow, 'keywords' | 'mailboxIds'> {
  const after = { keywords: { ...email.keywords }, mailboxIds: { ...email.mailboxIds } };
  for (const [path, value] of Object.entries(patch)) {
    const [property, part = ''] = path.split('/', 2) as ['keywords' | 'mailboxIds', string];
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (value) after[property][key] = true;
    else delete after[property][key];
  }
  return after;
}

function show(store: Store, emails: readonly Before[], patches: ReadonlyMap<Id, Patch | null>): void {
  batch(() => {
    count(store, emails, -1);
    for (const { id } of emails) {
      const patch = patches.get(id);
      const email = store.emails.peek(id);
      if (patch && email) store.emails.patch(id, applied(email, patch));
    }
    store.emails.remove([...patches].filter(([, patch]) => patch === null).map(([id]) => id));
    count(store, emails, 1);
  });
  tell(store, emails);
}

/** Each list is told of the emails of its own account. */
function tell(store: Store, emails: readonly Before[]): void {
  for (const accountId of new Set(emails.map((one) => one.accountId)))
    store.localChange.emit({ accountId, emails: emails.filter((one) => one.accountId === accountId).map((one) => one.id) });
}

/** Counters of mailboxes follow at once; the server's own replace them soon. Threads are not counted: they would need all their emails. */
function count(store: Store, emails: readonly Before[], by: 1 | -1): void {
  for (const { id } of emails) {
    const email = store.emails.peek(id);
    for (const mailboxId of Object.keys(email?.mailboxIds ?? {})) {
      const mailbox = store.mailboxes.peek(mailboxId);
      if (!mailbox) continue;
      const unread = email && !('$seen' in email.keywords) ? by : 0;
      store.mailboxes.patch(mailboxId, {
        totalEmails: mailbox.totalEmails + by,
        unreadEmails: mailbox.unreadEmails + unread,
        unreadThreads: Math.max(0, mailbox.unreadThreads + unread),
      });
    }
  }
}

async function send(store: Store, emails: readonly Before[], patches: ReadonlyMap<Id, Patch | null>): Promise<boolean> {
  let whole = true;
  for (const accountId of new Set(emails.map((one) => one.accountId))) {
    for (const piece of pieces(emails.filter((one) => one.accountId === accountId), AT_ONCE)) {
      const failed = await sendPiece(store, accountId, piece, patches);
      if (failed.length === 0) continue;
      whole = false;
      putBack(store, failed);
    }
  }
  return whole;
}

/** Those that were not changed. */
async function sendPiece(store: Store, accountId: Id, emails: readonly Before[], patches: ReadonlyMap<Id, Patch | null>): Promise<Before[]> {
  const update: Record<Id, Patch> = {};
  const destroy: Id[] = [];
  for (const { id } of emails) {
    const patch = patches.get(id);
    if (patch) update[id] = patch;
    else destroy.push(id);
  }
  const call: Invocation = ['Email/set', { accountId, ...(Object.keys(update).length && { update }), ...(destroy.length && { destroy }) }, 'c0'];
  try {
    const [[name, answer]] = (await store.layer.request([call])) as [Invocation];
    if (name === 'error') {
      say(t('change.refused'), true);
      return [...emails];
    }
    const refused = { ...(answer['notUpdated'] as Record<Id, SetError> | null), ...(answer['notDestroyed'] as Record<Id, SetError> | null) };
    const failed = emails.filter(({ id }) => id in refused && refused[id]?.type !== 'notFound');
    if (failed.length) say(t('change.refusedSome', { count: failed.length }), true);
    return failed;
  } catch (error) {
    if (!(error instanceof LayerError)) throw error;
    say(t(error.kind === 'offline' ? 'change.offline' : 'change.refused'), true);
    return [...emails];
  }
}

function putBack(store: Store, emails: readonly Before[]): void {
  batch(() => {
    count(store, emails, -1);
    for (const { id, accountId, keywords, mailboxIds } of emails) store.emails.put(accountId, [{ id, keywords, mailboxIds }]);
    count(store, emails, 1);
  });
  tell(store, emails);
}

/** The patch that leads back, against what the email has now: what others changed meanwhile stays. */
async function undo(store: Store, emails: readonly Before[], patches: ReadonlyMap<Id, Patch | null>): Promise<void> {
  const back = new Map<Id, Patch | null>();
  for (const one of emails) {
    const patch = patches.get(one.id);
    if (!patch) continue;
    back.set(one.id, Object.fromEntries(Object.entries(patch).map(([path, value]) => [path, value ? null : true])));
  }
  const now = remember(store, emails.map((one) => one.id));
  show(store, now, back);
  await send(store, now, back);
}
