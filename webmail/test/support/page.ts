/** The model of a page with one account, without a browser: a layer that notes what it is asked, mail that is put in, the list of a folder. */
import type { EmailRow, Id, Invocation, MailboxRole } from '../../src/jmap/types.ts';
import { MAIL } from '../../src/jmap/types.ts';
import type { Layer } from '../../src/layer/layer.ts';
import { pane, setStore } from '../../src/model/current.ts';
import { MailList, mailboxQuery, type ListQuery } from '../../src/model/list.ts';
import { openMessage } from '../../src/model/reading.ts';
import { Store } from '../../src/model/store.ts';

export const ME = 'alice@example.test';
export const ACCOUNT = 'A';

export type Answers = Record<string, (args: Record<string, any>) => Record<string, unknown>>;

export interface PlayedPage {
  store: Store;
  asked: Invocation[];
  /** One thread: who wrote each email, and where it lies. */
  thread(id: Id, ...emails: [id: Id, from: string, mailbox: Id, keyword?: string][]): void;
  show(query: ListQuery): MailList;
}

/** capabilities: of the session. A method without an answer of its own is answered with an empty object. Folders are named as their roles. */
export function playedPage(capabilities: string[] = [], answers: Answers = {}): PlayedPage {
  const asked: Invocation[] = [];
  const layer: Layer = {
    session: { username: ME, capabilities: Object.fromEntries(capabilities.map((one) => [one, {}])), accounts: { [ACCOUNT]: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } }, primaryAccounts: { [MAIL]: ACCOUNT } } as never,
    request: async (calls) => {
      asked.push(...calls);
      return calls.map(([name, args, id]) => [name, answers[name]?.(args) ?? {}, id]);
    },
    listen: () => () => undefined,
    status: () => ({ connection: 'online', waiting: 0 }),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  };
  const store = new Store(layer);
  setStore(store);
  for (const role of ['inbox', 'sent', 'trash', 'archive', 'junk', 'snoozed'] satisfies MailboxRole[])
    store.mailboxes.put(ACCOUNT, [{ id: role, name: role, role, myRights: { mayRemoveItems: true, mayAddItems: true }, totalEmails: 0, unreadEmails: 0, unreadThreads: 0 } as never]);
  pane.open.value = undefined;
  openMessage.value = undefined;
  const show = (query: ListQuery): MailList => {
    const list = new MailList(store, query);
    pane.show(list);
    return list;
  };
  show(mailboxQuery(ACCOUNT, 'inbox'));
  return {
    store,
    asked,
    show,
    thread(threadId, ...emails) {
      const rows = emails.map(([id, from, mailbox, keyword], i): EmailRow => ({
        id, threadId, mailboxIds: { [mailbox]: true }, keywords: keyword ? { [keyword]: true } : {}, size: 1, receivedAt: `2026-11-0${i + 1}T00:00:00Z`,
        from: [{ name: null, email: from }], to: null, subject: 's', preview: '', hasAttachment: false,
      }));
      store.emails.put(ACCOUNT, rows);
      store.threads.put(ACCOUNT, [{ id: threadId, emailIds: emails.map(([id]) => id) }]);
    },
  };
}
