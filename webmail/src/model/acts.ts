/**
 * What can be done with conversations: each works on what the pane says (the selection, the open conversation, the row with the focus), is
 * shown at once and can be undone. `everything` of a query goes by model/bulk.ts. From a message's own menu it works on that message alone.
 */
import { t } from '../base/words.ts';
import type { EmailRow, Id, Mailbox, MailboxRole } from '../jmap/types.ts';
import { changeEverything } from './bulk.ts';
import { change, changeEach, type Change } from './change.ts';
import { mail, pane } from './current.ts';
import type { MailList } from './list.ts';
import { mailboxName } from './mailboxes.ts';
import { namedMessage } from './target.ts';
import { say } from './undo.ts';

type Wanted = Omit<Change, 'emails'>;
/** What an account's emails need: folders differ by account. undefined: nothing is done there. */
type OfAccount = (accountId: Id) => Wanted | undefined;

/** The mailbox whose mail the list shows; nothing for a search. */
export function listMailbox(): Mailbox | undefined {
  const parts = pane.list.peek()?.parts ?? [];
  return parts.length === 1 ? mailboxOf(parts[0]!) : undefined;
}

/** The role of what the list shows: that of its mailboxes, which are of several accounts under "All inboxes". */
export function listRole(): MailboxRole | null | undefined {
  const roles = new Set((pane.list.peek()?.parts ?? []).map((part) => mailboxOf(part)?.role));
  return roles.size === 1 ? [...roles][0] : undefined;
}

/** What one may do in all mailboxes that the list shows; a search may do what the server then allows. */
export function mayInList(right: keyof Mailbox['myRights']): boolean {
  return (pane.list.peek()?.parts ?? []).every((part) => mailboxOf(part)?.myRights[right] ?? true);
}

function mailboxOf({ query: { filter } }: MailList): Mailbox | undefined {
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

/** The accounts in which an act changes something. */
export function targetAccounts(): Id[] {
  const one = namedMessage();
  const parts = pane.list.peek()?.parts ?? [];
  if (one) return [mail().emails.accountOf(one.id)];
  if (parts.length <= 1 || isOnEverything()) return parts.length > 0 ? parts.map((part) => part.query.accountId) : [mail().mainAccount];
  return [...new Set(targetEmails().map(({ id }) => mail().emails.accountOf(id)))];
}

function accountId(): Id {
  return targetAccounts()[0] ?? mail().mainAccount;
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
async function act(wanted: Wanted | OfAccount, words: string, values: Record<string, string> = {}, options: { whole?: boolean } = {}): Promise<void> {
  const list = pane.list.peek();
  const of: OfAccount = typeof wanted === 'function' ? wanted : () => wanted;
  const leaves = targetAccounts().some((id) => {
    const own = of(id);
    return own?.remove ?? own?.into ?? own?.destroy;
  });
  if (isOnEverything()) {
    if (!list) return;
    // What comes later is not of what was selected: an undo, and mail that arrives in a list that is empty now.
    if (leaves) pane.clear();
    await changeEverything(mail(), list, of, (count) => t(words, { count, ...values }));
    return;
  }
  const one = namedMessage();
  const keys = one ? [] : pane.targets();
  const emails = targetEmails(options.whole);
  if (emails.length === 0) return;
  const changes = [...new Set(emails.map((email) => mail().emails.accountOf(email.id)))].flatMap((id) => {
    const own = of(id);
    return own ? [{ ...own, emails: emails.filter((email) => mail().emails.accountOf(email.id) === id).map((email) => email.id) }] : [];
  });
  if (changes.every((one) => rowsOf(one.emails).every((email) => isLeftAlone(email, one)))) return say(t('acts.stays'));
  const sentence = one ? t(words.replace('.', '.message.'), values) : t(words, { count: keys.length, ...values });
  if (leaves) pane.select(keys, false);
  await changeEach(mail(), changes, sentence);
}

function isLeftAlone(email: EmailRow, { but }: Wanted): boolean {
  return but !== undefined && Object.keys(email.mailboxIds).every((id) => but.includes(id));
}

/** Out of the list's folder and into another; from a search out of all folders that they lie in. No mail goes from one account to another. */
export function moveTo(target: Mailbox): Promise<void> {
  const owner = mail().mailboxes.accountOf(target.id);
  if (targetAccounts().some((id) => id !== owner)) {
    say(t('acts.otherAccount', { name: mailboxName(target) }), true);
    return Promise.resolve();
  }
  return move(() => target, 'acts.moved', { name: mailboxName(target) });
}

type More = Pick<Wanted, 'keywords' | 'but'>;

function move(targetIn: (accountId: Id) => Mailbox | undefined, words: string, values: Record<string, string> = {}, moreIn: (accountId: Id) => More = () => ({})): Promise<void> {
  const one = namedMessage();
  const of: OfAccount = (id) => {
    const part = pane.list.peek()?.parts.find((list) => list.query.accountId === id);
    const [from, target] = [part && mailboxOf(part), targetIn(id)];
    if (!target || from?.id === target.id) return undefined;
    // An own answer does not lie in the folder in which its conversation is read.
    if (!from || (one && !(from.id in one.mailboxIds))) return { into: target.id, ...moreIn(id) };
    return { add: [target.id], remove: [from.id], keywords: moreIn(id).keywords };
  };
  return targetAccounts().some(of) ? act(of, words, values) : Promise.resolve();
}

/** What a search finds there stays there, when it is put away or thrown out: it is the reader's own, or put away already. */
function ownPlaces(accountId: Id, ...more: MailboxRole[]): Id[] {
  return (['sent', 'drafts', 'scheduled', ...more] as const).flatMap((role) => mail().mailboxWithRole(role, accountId)?.id ?? []);
}

/** Each into the folder of its own account. */
function toRole(role: MailboxRole, words: string, moreIn?: (accountId: Id) => More): Promise<void> {
  const lacking = targetAccounts().find((id) => !mail().mailboxWithRole(role, id));
  return lacking === undefined ? move((id) => mail().mailboxWithRole(role, id), words, {}, moreIn) : missing(role, lacking);
}

export const archive = () => toRole('archive', 'acts.archived', (id) => ({ but: ownPlaces(id, 'archive', 'snoozed', 'junk', 'trash') }));
export const trash = () => toRole('trash', 'acts.trashed');
export const junk = () => toRole('junk', 'acts.junked', (id) => ({ keywords: { $junk: true, $notjunk: false }, but: ownPlaces(id) }));
export const notJunk = () => toRole('inbox', 'acts.notJunk', () => ({ keywords: { $junk: false, $notjunk: true } }));
export const toInbox = () => toRole('inbox', 'acts.toInbox');

function missing(role: MailboxRole, accountId: Id): Promise<void> {
  const name = t(`folders.role.${role}`);
  const account = mail().accounts.peek().find((one) => one.id === accountId)?.name ?? '';
  say(accountId === mail().mainAccount ? t('acts.noFolder', { name }) : t('acts.noFolderIn', { name, account }), true);
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
  const keywords = { $muted: true };
  const leavesIn = (id: Id): Pick<Wanted, 'add' | 'remove'> | undefined => {
    const [inbox, archive] = [mail().mailboxWithRole('inbox', id), mail().mailboxWithRole('archive', id)];
    return inbox?.myRights.mayRemoveItems && archive?.myRights.mayAddItems ? { add: [archive.id], remove: [inbox.id] } : undefined;
  };
  const isInbox = listRole() === 'inbox';
  if (pane.isOnEverything()) return act((id) => ({ keywords, ...(isInbox && leavesIn(id)) }), 'acts.muted', {}, { whole: true });
  if (anyHas('$muted')) return act({ keywords: { $muted: false } }, 'acts.unmuted', {}, { whole: true });
  const keys = pane.targets();
  const emails = targetEmails(true);
  if (emails.length === 0) return;
  if (isInbox && targetAccounts().some(leavesIn)) pane.select(keys, false);
  const changes = emails.map(({ id, mailboxIds }) => {
    const leaves = leavesIn(mail().emails.accountOf(id));
    return { emails: [id], keywords, ...(leaves?.remove?.some((one) => one in mailboxIds) && leaves) };
  });
  await changeEach(mail(), changes, t('acts.muted', { count: keys.length }));
}

/** Off all of the conversation: what others of it have would still be seen. */
export function setLabel(keyword: string, on: boolean, name: string): Promise<void> {
  return act({ keywords: { [keyword]: on } }, on ? 'acts.labelled' : 'acts.unlabelled', { name }, { whole: !on });
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
