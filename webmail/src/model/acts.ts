/**
 * What can be done with conversations: each works on what the pane says (the selection, the open conversation, the row with the focus), is
 * shown at once and can be undone. `everything` of a query goes by model/bulk.ts. From a message's own menu it works on that message alone.
 */
import { t } from '../base/words.ts';
import type { EmailRow, Id, Mailbox, MailboxRole } from '../jmap/types.ts';
import { changeEverything } from './bulk.ts';
import { change, changeEach, type Change } from './change.ts';
import { mail, pane } from './current.ts';
import { mailboxName } from './mailboxes.ts';
import { namedMessage } from './target.ts';
import { say } from './undo.ts';

type Wanted = Omit<Change, 'emails'>;

/** The mailbox whose mail the list shows; nothing for a search. */
export function listMailbox(): Mailbox | undefined {
  const filter = pane.list.peek()?.query.filter;
  const find = (one: typeof filter): Id | undefined => {
    if (!one) return undefined;
    if (!('operator' in one)) return one.inMailbox;
    return one.operator === 'AND' ? one.conditions.map(find).find(Boolean) : undefined;
  };
  const id = find(filter);
  return id === undefined ? undefined : mail().mailboxes.peek(id);
}

/** Does an act work on all of the query? */
export function isOnEverything(): boolean {
  return !namedMessage() && pane.isOnEverything();
}

export function canAct(): boolean {
  if (namedMessage()) return true;
  return pane.list.peek() !== undefined && (pane.isOnEverything() || pane.targets().length > 0);
}

function accountId(): Id {
  return pane.list.peek()?.query.accountId ?? mail().mainAccount;
}

export function roleMailbox(role: MailboxRole): Mailbox | undefined {
  return mail().mailboxWithRole(role, accountId());
}

function rowsOf(ids: readonly Id[]): EmailRow[] {
  return ids.flatMap((id) => mail().emails.peek(id) ?? []);
}

/** The emails that the targets' rows stand for; `whole`: all of their conversations. */
export function targetEmails(whole = false): EmailRow[] {
  const one = namedMessage();
  if (one) return [one];
  const list = pane.list.peek();
  if (!list) return [];
  return rowsOf(pane.targets().flatMap((key) => (whole ? list.wholeThread(key) : list.emailsOf(key))));
}

/**
 * Carries a change out on the targets. words: the key of its sentence, which gets {count} and {name}; what is said of one message has a key
 * of its own, below "acts.message".
 */
async function act(wanted: Wanted, words: string, values: Record<string, string> = {}, options: { whole?: boolean } = {}): Promise<void> {
  const list = pane.list.peek();
  const leaves = wanted.remove ?? wanted.into ?? wanted.destroy;
  if (isOnEverything()) {
    if (!list) return;
    // What comes later is not of what was selected: an undo, and mail that arrives in a list that is empty now.
    if (leaves) pane.clear();
    await changeEverything(mail(), list, wanted, (count) => t(words, { count, ...values }));
    return;
  }
  const one = namedMessage();
  const keys = one ? [] : pane.targets();
  const emails = targetEmails(options.whole);
  if (emails.length === 0) return;
  if (emails.every((email) => isLeftAlone(email, wanted))) return say(t('acts.stays'));
  const sentence = one ? t(words.replace('.', '.message.'), values) : t(words, { count: keys.length, ...values });
  if (leaves) pane.select(keys, false);
  await change(mail(), { emails: emails.map((email) => email.id), ...wanted }, sentence);
}

function isLeftAlone(email: EmailRow, { but }: Wanted): boolean {
  return but !== undefined && Object.keys(email.mailboxIds).every((id) => but.includes(id));
}

/** Out of the list's folder and into another; from a search out of all folders that they lie in. */
export function moveTo(target: Mailbox): Promise<void> {
  return move(target, 'acts.moved', { name: mailboxName(target) });
}

function move(target: Mailbox, words: string, values: Record<string, string> = {}, more: Pick<Wanted, 'keywords' | 'but'> = {}): Promise<void> {
  const from = listMailbox();
  const one = namedMessage();
  // An own answer does not lie in the folder in which its conversation is read.
  if (!from || (one && !(from.id in one.mailboxIds))) return act({ into: target.id, ...more }, words, values);
  return from.id === target.id ? Promise.resolve() : act({ add: [target.id], remove: [from.id], keywords: more.keywords }, words, values);
}

/** What a search finds there stays there, when it is put away or thrown out: it is the reader's own, or put away already. */
function ownPlaces(...more: MailboxRole[]): Id[] {
  return (['sent', 'drafts', 'scheduled', ...more] as const).flatMap((role) => roleMailbox(role)?.id ?? []);
}

export function archive(): Promise<void> {
  const target = roleMailbox('archive');
  return target ? move(target, 'acts.archived', {}, { but: ownPlaces('archive', 'snoozed', 'junk', 'trash') }) : missing('archive');
}

export function trash(): Promise<void> {
  const target = roleMailbox('trash');
  return target ? move(target, 'acts.trashed') : missing('trash');
}

export function junk(): Promise<void> {
  const target = roleMailbox('junk');
  return target ? move(target, 'acts.junked', {}, { keywords: { $junk: true, $notjunk: false }, but: ownPlaces() }) : missing('junk');
}

export function notJunk(): Promise<void> {
  const target = roleMailbox('inbox');
  return target ? move(target, 'acts.notJunk', {}, { keywords: { $junk: false, $notjunk: true } }) : missing('inbox');
}

export function toInbox(): Promise<void> {
  const target = roleMailbox('inbox');
  return target ? move(target, 'acts.toInbox') : missing('inbox');
}

function missing(role: MailboxRole): Promise<void> {
  say(t('acts.noFolder', { name: t(`folders.role.${role}`) }), true);
  return Promise.resolve();
}

export function destroy(): Promise<void> {
  return act({ destroy: true }, 'acts.destroyed');
}

/** A message and those behind it in its conversation, so that one comes back to where one was. */
export async function markUnreadFrom(email: EmailRow): Promise<void> {
  const ids = mail().threads.peek(email.threadId)?.emailIds ?? [email.id];
  const later = rowsOf(ids.slice(Math.max(0, ids.indexOf(email.id)))).filter((one) => !('$draft' in one.keywords));
  await change(mail(), { emails: later.map((one) => one.id), keywords: { $seen: false } }, t('acts.message.unreadFrom', { count: later.length }));
}

export function markRead(): Promise<void> {
  return act({ keywords: { $seen: true } }, 'acts.read', {}, { whole: true });
}

/** The newest of each conversation alone: it is what one comes back to. */
export async function markUnread(): Promise<void> {
  const list = pane.list.peek();
  if (!list) return;
  if (isOnEverything()) return act({ keywords: { $seen: false } }, 'acts.unread');
  const keys = pane.targets();
  const newest = keys.flatMap((key) => list.emailsOf(key).at(-1) ?? []);
  if (newest.length > 0) await change(mail(), { emails: newest, keywords: { $seen: false } }, t('acts.unread', { count: keys.length }));
}

export function anyUnread(): boolean {
  return targetEmails(true).some((email) => !('$seen' in email.keywords));
}

export function anyHas(keyword: string): boolean {
  return targetEmails(true).some((email) => keyword in email.keywords);
}

/** On, unless one of the targets has it: then off for all. A star goes to the newest email of each conversation, and off from all. */
export async function toggleKeyword(keyword: string, words: { on: string; off: string }, where: 'newest' | 'whole'): Promise<void> {
  const list = pane.list.peek();
  if (!list) return;
  const off = !isOnEverything() && anyHas(keyword);
  if (isOnEverything() || off || where === 'whole' || namedMessage())
    return act({ keywords: { [keyword]: !off } }, off ? words.off : words.on, {}, { whole: true });
  const keys = pane.targets();
  const newest = keys.flatMap((key) => list.emailsOf(key).at(-1) ?? []);
  if (newest.length > 0) await change(mail(), { emails: newest, keywords: { [keyword]: true } }, t(words.on, { count: keys.length }));
}

export const star = () => toggleKeyword('$flagged', { on: 'acts.starred', off: 'acts.unstarred' }, 'newest');
export const pin = () => toggleKeyword('$pinned', { on: 'acts.pinned', off: 'acts.unpinned' }, 'newest');

/**
 * Muted conversations leave the inbox, and what comes to them passes it by (doc/jmap.md); one undo brings back both. Those that are no
 * longer muted stay where they are.
 */
export async function mute(): Promise<void> {
  const list = pane.list.peek();
  if (!list) return;
  const [inbox, archive] = [roleMailbox('inbox'), roleMailbox('archive')];
  const leaves = inbox?.myRights.mayRemoveItems && archive?.myRights.mayAddItems ? { add: [archive.id], remove: [inbox.id] } : undefined;
  const keywords = { $muted: true };
  if (pane.isOnEverything()) return act({ keywords, ...(listMailbox() === inbox && leaves) }, 'acts.muted', {}, { whole: true });
  if (anyHas('$muted')) return act({ keywords: { $muted: false } }, 'acts.unmuted', {}, { whole: true });
  const keys = pane.targets();
  const emails = targetEmails(true);
  if (emails.length === 0) return;
  const leaving = emails.filter((email) => leaves && inbox && inbox.id in email.mailboxIds);
  const staying = emails.filter((email) => !leaving.includes(email));
  if (leaves && listMailbox() === inbox) pane.select(keys, false);
  const ids = (rows: EmailRow[]): Id[] => rows.map(({ id }) => id);
  await changeEach(
    mail(),
    [
      { emails: ids(leaving), keywords, ...leaves },
      { emails: ids(staying), keywords },
    ],
    t('acts.muted', { count: keys.length }),
  );
}

export function setLabel(keyword: string, on: boolean, name: string): Promise<void> {
  return act({ keywords: { [keyword]: on } }, on ? 'acts.labelled' : 'acts.unlabelled', { name });
}

/** A row's own star, whatever is selected. */
export function starOne(key: Id): Promise<boolean> {
  const list = pane.list.peek();
  if (!list) return Promise.resolve(false);
  const starred = rowsOf(list.wholeThread(key)).filter((email) => '$flagged' in email.keywords);
  const emails = starred.length > 0 ? starred.map((one) => one.id) : list.emailsOf(key).slice(-1);
  return change(
    mail(),
    { emails, keywords: { $flagged: starred.length === 0 } },
    t(starred.length > 0 ? 'acts.unstarred' : 'acts.starred', { count: 1 }),
  );
}
