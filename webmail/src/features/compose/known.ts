/** The people of `suggest.ts`, from the mail that was sent. Loaded once, when the first mail is written; new ones are added as they are sent. */
import { Batch } from '../../jmap/batch.ts';
import type { EmailAddress, Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { People, WEIGHTS } from './suggest.ts';

/** Mails that are looked at: enough for whom one knows, few enough to take no time. */
const SENT_MAX = 1_500;
const HEARD_MAX = 300;

export const people = new People();
let loading: Promise<void> | undefined;

interface Row {
  to: EmailAddress[] | null;
  cc: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  from: EmailAddress[] | null;
  receivedAt: string;
  keywords: Record<string, true>;
}

async function rows(accountId: Id, mailboxId: Id, limit: number, properties: (keyof Row)[]): Promise<Row[]> {
  const request = new Batch(mail().layer);
  const query = request.call('Email/query', { accountId, filter: { inMailbox: mailboxId }, sort: [{ property: 'receivedAt', isAscending: false }], limit });
  const got = request.call<{ list: Row[] }>('Email/get', { accountId, '#ids': query.result('/ids'), properties });
  await request.send();
  return got.answer.list;
}

async function load(): Promise<void> {
  const store = mail();
  const accountId = store.mainAccount;
  const now = Date.now();
  const sent = store.mailboxWithRole('sent');
  if (sent)
    for (const row of await rows(accountId, sent.id, SENT_MAX, ['to', 'cc', 'bcc', 'receivedAt']))
      for (const person of [...(row.to ?? []), ...(row.cc ?? []), ...(row.bcc ?? [])]) if (person.email) people.add(person, Date.parse(row.receivedAt), now, WEIGHTS.writtenTo);
  const inbox = store.mailboxWithRole('inbox');
  if (inbox)
    for (const row of await rows(accountId, inbox.id, HEARD_MAX, ['from', 'receivedAt', 'keywords']))
      for (const person of row.from ?? []) if (person.email && !/^(?:no-?reply|do-?not-?reply|mailer-daemon|postmaster|bounce)/i.test(person.email)) people.add(person, Date.parse(row.receivedAt), now, WEIGHTS.heardOf);
}

export function loadPeople(): Promise<void> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    // Without a connection nobody is offered; the next mail that is begun tries again.
    if (people.size > 0) reportError(error);
  });
  return loading;
}
