/**
 * Conversations that go away and come back by themselves (doc/jmap.md, Snooze). The server moves them to the mailbox of the put-off and back;
 * here they leave the list at once.
 */
import { batch } from '@preact/signals';
import { wholeDate } from '../base/dates.ts';
import { t } from '../base/words.ts';
import { type EmailRow, type Id, type Invocation, type SetError, SNOOZE, UNANSWERED } from '../jmap/types.ts';
import { LayerError } from '../layer/layer.ts';
import { isOnEverything, listMailbox, roleMailbox, targetAccounts, targetEmails } from './acts.ts';
import { canActAtServer, changeEverything } from './bulk.ts';
import { mail, pane } from './current.ts';
import { done, say } from './undo.ts';

export function canSnooze(): boolean {
  const store = mail();
  return targetAccounts().every((id) => id === store.mainAccount) && SNOOZE in store.layer.session.capabilities;
}

/** All of a query is put off by the server alone. */
export function canSnoozeEverything(): boolean {
  return targetAccounts().every((id) => canActAtServer(mail(), id));
}

export async function snooze(until: Date): Promise<void> {
  const emails = targetEmails();
  const keys = pane.targets();
  const everything = isOnEverything() ? pane.list.peek() : undefined;
  if (emails.length === 0 && !everything) return;
  const from = listMailbox();
  const inbox = roleMailbox('inbox');
  const back = from && from.id !== inbox?.id && from.role !== 'snoozed' ? from.id : null;
  const leaves = back ?? inbox?.id;
  const target = roleMailbox('snoozed');
  const before = emails.map(({ id, mailboxIds, snoozed }) => ({ id, mailboxIds, snoozed }));
  const value = { until: until.toISOString().replace(/\.\d+Z$/, 'Z'), ...(back && { moveToMailboxId: back }), setKeywords: { $seen: false } };
  if (everything) {
    pane.clear();
    await changeEverything(mail(), everything, { snoozed: value }, (count) => t('snooze.done', { count, when: wholeDate(until) }));
    return;
  }
  pane.select(keys, false);
  const after = emails.map((email) => {
    const { [leaves ?? '']: _, ...others } = email.mailboxIds;
    return { id: email.id, mailboxIds: target ? { ...others, [target.id]: true as const } : others, snoozed: value };
  });
  show(after);
  done({
    words: t('snooze.done', { count: keys.length, when: wholeDate(until) }),
    // Where each was, and as it was put off before: what the server would make of the end of a snooze is another matter.
    undo: async () => {
      show(before);
      const failed = await send(before.map((one) => [one.id, { snoozed: one.snoozed ?? null, mailboxIds: one.mailboxIds }]));
      if (failed.length === 0) return;
      show(after.filter((one) => failed.includes(one.id)));
      say(t('change.refusedSome', { count: failed.length }), true);
    },
  });
  const failed = await send(emails.map((one) => [one.id, { snoozed: value }]));
  if (failed.length === 0) return;
  show(before.filter((one) => failed.includes(one.id)));
  say(t('snooze.failed', { count: failed.length }), true);
}

/* ---- reminders ---- */

export function canRemind(accountId: Id): boolean {
  return accountId === mail().mainAccount && SNOOZE in mail().layer.session.capabilities;
}

/** A mail that was sent comes to the inbox at this time, if nobody has answered it. */
export async function remind(id: Id, until: Date): Promise<void> {
  const failed = await send([[id, { snoozed: { until: until.toISOString().replace(/\.\d+Z$/, 'Z'), setKeywords: { $seen: false, [UNANSWERED]: true }, unlessAnswered: true } }]]);
  if (failed.length > 0) say(t('reminder.failed'), true);
}

export function reminders(emails: readonly EmailRow[]): EmailRow[] {
  return emails.filter((one) => one.snoozed?.unlessAnswered);
}

/** These remind of nothing any more; they stay where they lie. */
export async function cancelReminders(emails: readonly EmailRow[]): Promise<void> {
  const before = reminders(emails).map(({ id, mailboxIds, snoozed }) => ({ id, mailboxIds, snoozed }));
  if (before.length === 0) return;
  const waits = roleMailbox('snoozed');
  show(
    before.map(({ id, mailboxIds }) => {
      const { [waits?.id ?? '']: _, ...others } = mailboxIds;
      return { id, mailboxIds: others, snoozed: null };
    }),
  );
  const put = async (one: (typeof before)[number], snoozed: EmailRow['snoozed']) => {
    if ((await send([[one.id, { snoozed }]])).length === 0) return;
    show([{ ...one, snoozed: snoozed ? null : one.snoozed }]);
    say(t('reminder.failed'), true);
  };
  done({
    words: t('reminder.canceled'),
    undo: async () => {
      show(before);
      await Promise.all(before.map((one) => put(one, one.snoozed)));
    },
  });
  await Promise.all(before.map((one) => put(one, null)));
}

/* ---- both ---- */

function show(emails: readonly Pick<EmailRow, 'id' | 'mailboxIds' | 'snoozed'>[]): void {
  const store = mail();
  const accountId = store.mainAccount;
  batch(() => emails.forEach(({ id, mailboxIds, snoozed }) => store.emails.patch(id, { mailboxIds, snoozed })));
  store.localChange.emit({ accountId, emails: emails.map((one) => one.id) });
}

/** Those that the server did not take. */
async function send(changes: readonly [Id, Partial<Pick<EmailRow, 'snoozed' | 'mailboxIds'>>][]): Promise<Id[]> {
  const ids = changes.map(([id]) => id);
  const call: Invocation = ['Email/set', { accountId: mail().mainAccount, update: Object.fromEntries(changes) }, 'c0'];
  try {
    const [[name, answer]] = (await mail().layer.request([call])) as [Invocation];
    return name === 'error' ? ids : Object.keys((answer['notUpdated'] as Record<Id, SetError> | null) ?? {});
  } catch (error) {
    if (!(error instanceof LayerError)) throw error;
    return ids;
  }
}
