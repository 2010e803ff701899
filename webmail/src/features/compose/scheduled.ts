/** Mails that the server holds until their time. */
import { signal, type Signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Batch } from '../../jmap/batch.ts';
import type { EmailAddress, Id, SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, say } from '../../model/undo.ts';
import { isOffline } from './composer.ts';
import { openDraft } from './composers.ts';

export interface Scheduled {
  submissionId: Id;
  emailId: Id;
  identityId: Id;
  sendAt: Date;
  subject: string;
  to: EmailAddress[];
  envelope: unknown;
}

export const scheduled: Signal<readonly Scheduled[]> = signal([]);

/** What only waits for its Undo to end is not scheduled. */
const SOON_MS = 60_000;

interface Submission {
  id: Id;
  emailId: Id;
  identityId: Id;
  sendAt: string;
  envelope: unknown;
}

export async function loadScheduled(): Promise<void> {
  const store = mail();
  const accountId = store.mainAccount;
  const request = new Batch(store.layer);
  const query = request.call('EmailSubmission/query', { accountId, filter: { undoStatus: 'pending' }, sort: [{ property: 'sentAt', isAscending: true }], limit: 200 });
  const got = request.call<{ list: Submission[] }>('EmailSubmission/get', { accountId, '#ids': query.result('/ids'), properties: ['emailId', 'identityId', 'sendAt', 'envelope'] });
  const emails = request.call<{ list: { id: Id; subject: string | null; to: EmailAddress[] | null; cc: EmailAddress[] | null; bcc: EmailAddress[] | null }[] }>('Email/get', { accountId, '#ids': got.result('/list/*/emailId'), properties: ['subject', 'to', 'cc', 'bcc'] });
  await request.send();
  const byId = new Map(emails.answer.list.map((email) => [email.id, email]));
  scheduled.value = got.answer.list.flatMap((s) => {
    const email = byId.get(s.emailId);
    const sendAt = new Date(s.sendAt);
    if (!email || sendAt.getTime() < Date.now() + SOON_MS) return [];
    return [{ submissionId: s.id, emailId: s.emailId, identityId: s.identityId, sendAt, subject: email.subject ?? '', to: [...(email.to ?? []), ...(email.cc ?? []), ...(email.bcc ?? [])], envelope: s.envelope }];
  });
}

interface SetAnswer {
  created?: Record<string, { id: Id }> | null;
  notUpdated?: Record<Id, SetError> | null;
}

/** It is a draft again. False: it was on its way already. */
async function cancel(one: Scheduled): Promise<boolean> {
  const store = mail();
  const accountId = store.mainAccount;
  const drafts = store.mailboxWithRole('drafts')?.id;
  const request = new Batch(store.layer);
  const set = request.call<SetAnswer>('EmailSubmission/set', { accountId, update: { [one.submissionId]: { undoStatus: 'canceled' } }, onSuccessUpdateEmail: { [one.submissionId]: { ...(drafts && { mailboxIds: { [drafts]: true } }), 'keywords/$draft': true } } });
  await request.send();
  const failed = set.answer.notUpdated?.[one.submissionId] !== undefined;
  if (failed) say(t('compose.tooLate'), true);
  await loadScheduled();
  return !failed;
}

/** Sends it once more, at another time; null: at once. */
async function submit(one: Scheduled, at: Date | null): Promise<void> {
  const store = mail();
  const accountId = store.mainAccount;
  const sent = store.mailboxWithRole('sent')?.id;
  const envelope = one.envelope as { mailFrom: { email: string; parameters: Record<string, unknown> | null }; rcptTo: unknown };
  const { HOLDFOR: _, HOLDUNTIL: __, ...others } = envelope.mailFrom.parameters ?? {};
  const parameters = at ? { ...others, HOLDUNTIL: at.toISOString().replace(/\.\d+Z$/, 'Z') } : others;
  const request = new Batch(store.layer);
  const set = request.call<SetAnswer>('EmailSubmission/set', {
    accountId,
    create: { again: { emailId: one.emailId, identityId: one.identityId, envelope: { ...envelope, mailFrom: { ...envelope.mailFrom, parameters: Object.keys(parameters).length ? parameters : null } } } },
    onSuccessUpdateEmail: { '#again': { ...(sent && { mailboxIds: { [sent]: true } }), 'keywords/$draft': null } },
  });
  await request.send();
  if (!set.answer.created?.['again']) throw new Error('The server did not take the mail again.');
  await loadScheduled();
}

/** It has been taken back already: if it is not taken again, it is a draft, and somebody must know that it does not go out. */
async function submitAgain(one: Scheduled, at: Date | null): Promise<boolean> {
  try {
    await submit(one, at);
    return true;
  } catch (error) {
    if (!isOffline(error)) reportError(error);
    say(t('compose.problem.notScheduled'), true);
    await openDraft(one.emailId);
    return false;
  }
}

function carefully(work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (!isOffline(error)) reportError(error);
    say(t('compose.problem.notChanged'), true);
  });
}

export function cancelScheduled(one: Scheduled): void {
  carefully(cancel(one).then((back) => {
    if (back) done({ words: t('compose.canceled'), undo: async () => void (await submitAgain(one, one.sendAt)) });
  }));
}

export function editScheduled(one: Scheduled): void {
  carefully(cancel(one).then(async (back) => {
    if (back) await openDraft(one.emailId);
  }));
}

export function sendScheduledNow(one: Scheduled): void {
  carefully(cancel(one).then(async (back) => {
    if (back && (await submitAgain(one, null))) say(t('compose.sent'));
  }));
}

export function moveScheduled(one: Scheduled, to: Date): void {
  carefully(cancel(one).then(async (back) => {
    if (!back || !(await submitAgain(one, to))) return;
    done({ words: t('compose.moved'), undo: async () => {
      const now = scheduled.peek().find((other) => other.emailId === one.emailId);
      if (now && (await cancel(now))) await submitAgain(one, one.sendAt);
    } });
  }));
}
