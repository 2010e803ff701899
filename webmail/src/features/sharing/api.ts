/** Folders that are shared (doc/jmap.md, Sharing; RFC 9670): with whom, with which rights; and the people whom one may share with. */
import { t } from '../../base/words.ts';
import { Batch } from '../../jmap/batch.ts';
import type { Id, Mailbox, MailboxRights } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { changeMailbox, mailboxName } from '../../model/mailboxes.ts';

export const PRINCIPALS = 'urn:ietf:params:jmap:principals';
export const MAIL_SHARE = 'urn:ietf:params:jmap:mail:share';

export interface Principal {
  id: Id;
  type: 'individual' | 'group' | (string & {});
  name: string;
  email: string | null;
}

export type Rights = Partial<MailboxRights>;
export type Level = 'read' | 'work' | 'all';

/** What each level gives; what a right that is not named here means stays with whoever has it by other means. */
const GIVES: Record<Level, (keyof MailboxRights)[]> = {
  read: ['mayReadItems', 'maySetSeen'],
  work: ['mayReadItems', 'maySetSeen', 'maySetKeywords', 'mayAddItems', 'mayRemoveItems'],
  all: ['mayReadItems', 'maySetSeen', 'maySetKeywords', 'mayAddItems', 'mayRemoveItems', 'mayCreateChild', 'mayRename', 'mayDelete', 'maySubmit', 'mayShare'],
};
export const LEVELS: Level[] = ['read', 'work', 'all'];

export function rightsOf(level: Level): Rights {
  return Object.fromEntries(GIVES[level].map((name) => [name, true]));
}

/** Undefined: rights that no level gives, as IMAP or the command line can. */
export function levelOf(rights: Rights): Level | undefined {
  const has = Object.keys(rights).filter((name) => rights[name as keyof MailboxRights]).sort().join();
  return LEVELS.find((level) => [...GIVES[level]].sort().join() === has);
}

export function canShare(mailbox: Mailbox): boolean {
  const { capabilities } = mail().layer.session;
  return PRINCIPALS in capabilities && MAIL_SHARE in capabilities && mailbox.myRights.mayShare === true;
}

function accountId(): Id {
  return mail().layer.session.primaryAccounts[PRINCIPALS] ?? mail().mainAccount;
}

const FOUND_MAX = 8;

/** Those whose name or address has the text. */
export async function findPrincipals(text: string): Promise<Principal[]> {
  const batch = new Batch(mail().layer);
  const query = batch.call<{ ids: Id[] }>('Principal/query', { accountId: accountId(), filter: text ? { text } : null, sort: [{ property: 'name' }], limit: FOUND_MAX + 1 });
  const get = batch.call<{ list: Principal[] }>('Principal/get', { accountId: accountId(), '#ids': query.result('/ids') });
  await batch.send();
  const own = mail().layer.session.username.toLowerCase();
  const order = new Map(query.answer.ids.map((id, at) => [id, at]));
  return get.answer.list
    .filter((one) => one.email?.toLowerCase() !== own)
    .sort((a, b) => order.get(a.id)! - order.get(b.id)!)
    .slice(0, FOUND_MAX);
}

export async function principalsOf(ids: readonly Id[]): Promise<Principal[]> {
  if (ids.length === 0) return [];
  const batch = new Batch(mail().layer);
  const get = batch.call<{ list: Principal[] }>('Principal/get', { accountId: accountId(), ids });
  await batch.send();
  return get.answer.list;
}

/** rights null: taken back. Shown at once, undone by Ctrl-Z. */
export function share(mailbox: Mailbox, who: Principal, rights: Rights | null): Promise<boolean> {
  const { [who.id]: _, ...others } = mailbox.shareWith ?? {};
  const shareWith = rights ? { ...others, [who.id]: rights } : others;
  const words = t(rights ? 'sharing.shared' : 'sharing.takenBack', { name: mailboxName(mailbox), who: who.name });
  return changeMailbox(mail(), mailbox.id, { shareWith: Object.keys(shareWith).length ? shareWith : null }, words);
}
