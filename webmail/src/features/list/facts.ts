/** What a row of the list says of a conversation: worked out of its emails. Pure, and the same whatever language it is said in. */
import { isLabelKeyword } from '../../base/labels.ts';
import type { Trouble } from '../../model/deliveries.ts';
import { UNANSWERED, type EmailAddress, type EmailRow, type Id, type Keywords } from '../../jmap/types.ts';

export interface Person {
  name: string;
  isMe: boolean;
  /** Has written something here that is not read. */
  isUnread: boolean;
}

export interface RowFacts {
  people: Person[];
  /** The people are those it was sent to. */
  areRecipients: boolean;
  subject: string;
  preview: string;
  /** Of the newest email that the list shows: when it came, or is to come back. */
  date: Date;
  cameBack: boolean;
  /** It came back since nobody has answered it. */
  isUnanswered: boolean;
  /** When one is reminded, if nobody answers. */
  remindsAt: Date | undefined;
  count: number;
  isUnread: boolean;
  isStarred: boolean;
  isPinned: boolean;
  isMuted: boolean;
  isAnswered: boolean;
  isForwarded: boolean;
  hasAttachment: boolean;
  hasDraft: boolean;
  labels: string[];
  /** All mailboxes that its emails lie in. */
  mailboxIds: Id[];
  /** Somebody writes for the first time, and has not been answered. */
  isFirst: boolean;
  /** What was sent has not reached everybody. */
  trouble: Trouble | undefined;
  /** An invitation, as far as the keyword that the server sets tells. */
  hasInvitation: boolean;
}

export interface Context {
  /** Addresses of the reader, in lower case. */
  mine: ReadonlySet<string>;
  /** Names recipients in place of senders: the list shows sent mail or drafts. */
  showRecipients: boolean;
  /** Of emails that were sent. */
  troubles?: ReadonlyMap<Id, Trouble>;
}

/** More people have no room in a row. */
const MOST_PEOPLE = 4;

export function rowFacts(emails: readonly EmailRow[], shown: EmailRow, context: Context): RowFacts {
  const all = emails.length > 0 ? emails : [shown];
  const some = (keyword: string) => all.some((email) => keyword in email.keywords);
  const people = context.showRecipients ? recipients(shown, context) : senders(all, context);
  return {
    people,
    areRecipients: context.showRecipients,
    subject: (all[0]?.subject ?? shown.subject ?? '').trim(),
    preview: shown.preview.trim(),
    date: new Date(shown.snoozed && !shown.snoozed.unlessAnswered ? shown.snoozed.until : shown.receivedAt),
    cameBack: shown.awokenAt != null && !(UNANSWERED in shown.keywords),
    isUnanswered: shown.awokenAt != null && UNANSWERED in shown.keywords,
    remindsAt: reminderOf(all),
    count: all.length,
    isUnread: all.some(isUnread),
    isStarred: some('$flagged'),
    isPinned: some('$pinned'),
    isMuted: some('$muted'),
    isAnswered: '$answered' in shown.keywords,
    isForwarded: '$forwarded' in shown.keywords,
    hasAttachment: all.some((email) => email.hasAttachment),
    hasDraft: some('$draft'),
    labels: labelsOf(all),
    mailboxIds: [...new Set(all.flatMap((email) => Object.keys(email.mailboxIds)))],
    isFirst: all.some((email) => email.firstContact === true && !isMine(email, context)) && !all.some((email) => isMine(email, context)),
    trouble: troubleOf(all, context),
    hasInvitation: some('$hasinvitation'),
  };
}

function isMine(email: EmailRow, context: Context): boolean {
  return (email.from ?? []).some((address) => context.mine.has(address.email.toLowerCase()));
}

/** The worse one of several. */
function troubleOf(emails: readonly EmailRow[], context: Context): Trouble | undefined {
  const found = emails.map((email) => context.troubles?.get(email.id));
  return found.includes('failed') ? 'failed' : found.find(Boolean);
}

/** The first one, where a conversation has several. */
export function reminderOf(emails: readonly EmailRow[]): Date | undefined {
  const times = emails.flatMap(({ snoozed }) => (snoozed?.unlessAnswered ? Date.parse(snoozed.until) : []));
  return times.length > 0 ? new Date(Math.min(...times)) : undefined;
}

export function isUnread(email: { keywords: Keywords }): boolean {
  return !('$seen' in email.keywords) && !('$draft' in email.keywords);
}

/** A name that fits into a row: the first address's own name, or what stands before the @. */
export function nameOf(address: EmailAddress): string {
  const name = address.name?.trim();
  return name || address.email.split('@')[0] || address.email;
}

function senders(emails: readonly EmailRow[], context: Context): Person[] {
  const found = new Map<string, Person>();
  for (const email of emails)
    for (const address of email.from ?? []) {
      const key = address.email.toLowerCase();
      const isMe = context.mine.has(key);
      const before = found.get(isMe ? '' : key);
      if (before) before.isUnread ||= isUnread(email);
      else found.set(isMe ? '' : key, { name: nameOf(address), isMe, isUnread: isUnread(email) });
    }
  return shortened([...found.values()]);
}

/** The first one and the newest ones. */
function shortened(people: Person[]): Person[] {
  return people.length <= MOST_PEOPLE ? people : [people[0]!, ...people.slice(1 - MOST_PEOPLE)];
}

function recipients(email: EmailRow, context: Context): Person[] {
  return (email.to ?? [])
    .slice(0, MOST_PEOPLE)
    .map((address) => ({ name: nameOf(address), isMe: context.mine.has(address.email.toLowerCase()), isUnread: false }));
}

/** Where several people share a row, first names alone say enough. "Petrova, Anna" stays as it is. */
export function firstName(name: string): string {
  if (name.includes(',') || name.includes('@')) return name;
  return name.split(/\s+/)[0] ?? name;
}

export function labelsOf(emails: readonly { keywords: Keywords }[]): string[] {
  return [...new Set(emails.flatMap((email) => Object.keys(email.keywords).filter(isLabelKeyword)))].sort();
}
