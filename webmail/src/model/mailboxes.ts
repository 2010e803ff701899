/** Names of folders, and how folders are changed: at once here, then at the server, and back by undo. */
import { hasWords, t } from '../base/words.ts';
import type { Id, Mailbox, MailboxRole, SetError } from '../jmap/types.ts';
import { LayerError } from '../layer/layer.ts';
import type { Store } from './store.ts';
import { inTreeOrder } from './tree.ts';
import { done, say } from './undo.ts';

type Settable = Partial<Pick<Mailbox, 'name' | 'parentId' | 'sortOrder' | 'isSubscribed' | 'shareWith'>>;

/** A folder with a role has its name in the reader's language. */
export function mailboxName(mailbox: Pick<Mailbox, 'name' | 'role'>): string {
  const key = `folders.role.${mailbox.role}`;
  return mailbox.role && hasWords(key) ? t(key) : mailbox.name;
}

const ICONS: Partial<Record<MailboxRole, string>> = {
  inbox: 'inbox',
  snoozed: 'clock',
  scheduled: 'calendar',
  drafts: 'pencil',
  templates: 'file-text',
  sent: 'send',
  archive: 'archive',
  junk: 'shield-alert',
  trash: 'trash',
};

/** The drawing that a folder with this role has wherever it is named. */
export function mailboxIcon(role: MailboxRole | null): string {
  return (role && ICONS[role]) || 'folder';
}

/** The folders of these accounts, each account's as they stand in the tree. */
export function mailboxesInOrder(store: Store, accountIds: readonly Id[]): Mailbox[] {
  return accountIds.flatMap((id) => inTreeOrder(store.mailboxes.all(id)));
}

/** "Projects / 2024 / Budget". */
export function mailboxPath(store: Store, mailbox: Mailbox): string {
  const names = [mailboxName(mailbox)];
  for (let at = mailbox.parentId && store.mailboxes.peek(mailbox.parentId), depth = 0; at && depth < 30; depth++) {
    names.unshift(mailboxName(at));
    at = at.parentId ? store.mailboxes.peek(at.parentId) : undefined;
  }
  return names.join(' / ');
}

interface SetAnswer {
  created?: Record<Id, Partial<Mailbox> & { id: Id }> | null;
  notCreated?: Record<Id, SetError> | null;
  notUpdated?: Record<Id, SetError> | null;
  notDestroyed?: Record<Id, SetError> | null;
}

/** undefined: it failed, and that was said. */
async function set(store: Store, accountId: Id, args: Record<string, unknown>, failed: string): Promise<SetAnswer | undefined> {
  let error: SetError | undefined;
  try {
    const [[name, answer]] = (await store.layer.request([['Mailbox/set', { accountId, ...args }, 'c0']])) as unknown as [
      [string, SetAnswer & SetError],
    ];
    if (name !== 'error') {
      error = [answer.notCreated, answer.notUpdated, answer.notDestroyed].flatMap((one) => Object.values(one ?? {}))[0];
      if (!error) return answer;
    } else error = answer;
  } catch (caught) {
    if (!(caught instanceof LayerError)) throw caught;
    error = { type: caught.kind };
  }
  const key = `folders.error.${error.type}`;
  say(`${failed} ${hasWords(key) ? t(key) : (error.description ?? t('folders.error.other'))}`, true);
  return undefined;
}

/** quietly: it is a part of something else, which is told and undone. */
export async function createMailbox(store: Store, accountId: Id, name: string, parentId: Id | null, quietly = false): Promise<Id | undefined> {
  const answer = await set(store, accountId, { create: { k: { name, parentId } } }, t('folders.notCreated', { name }));
  const made = answer?.created?.['k'];
  if (!made) return undefined;
  if (!store.mailboxes.has(store.idNow(made.id))) {
    const got = (await store.layer.request([['Mailbox/get', { accountId, ids: [made.id] }, 'c0']])) as [[string, { list: Mailbox[] }, string]];
    const id = store.idNow(made.id);
    if (!store.mailboxes.has(id)) store.mailboxes.put(accountId, (got[0][1].list ?? []).map((one) => ({ ...one, id })));
  }
  if (!quietly) done({ words: t('folders.created', { name }), undo: () => void destroyMailbox(store, made.id) });
  return store.idNow(made.id);
}

export async function changeMailbox(store: Store, known: Id, changes: Settable, words?: string): Promise<boolean> {
  const id = store.idNow(known);
  const before = store.mailboxes.peek(id);
  if (!before) return false;
  const back: Settable = Object.fromEntries(Object.keys(changes).map((key) => [key, before[key as keyof Settable]]));
  store.mailboxes.patch(id, changes);
  if (words !== undefined) done({ words, undo: () => void changeMailbox(store, id, back) });
  const answer = await set(
    store,
    store.mailboxes.accountOf(id),
    { update: { [id]: changes } },
    t('folders.notChanged', { name: mailboxName(before) }),
  );
  if (!answer) store.mailboxes.patch(id, back);
  return answer !== undefined;
}

/** For ever, with all mail that lies in it alone. */
export async function destroyMailbox(store: Store, known: Id): Promise<boolean> {
  const id = store.idNow(known);
  const before = store.mailboxes.peek(id);
  if (!before) return false;
  const accountId = store.mailboxes.accountOf(id);
  store.mailboxes.remove([id]);
  const answer = await set(store, accountId, { destroy: [id], onDestroyRemoveEmails: true }, t('folders.notDeleted', { name: mailboxName(before) }));
  if (!answer) store.mailboxes.put(accountId, [before]);
  return answer !== undefined;
}
