/**
 * What waits for the server changes the counts of mailboxes: RFC 8621 section 2, as our server reckons them. A thread is unread in a
 * mailbox when one of its emails is there, and one is unread; what is in the trash alone counts for the trash alone.
 */
import type { Id } from '../../jmap/types.ts';
import type { Emails } from './emails.ts';
import type { Row } from './rows.ts';

export const COUNTS = ['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads'] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

function add(into: Map<Id, Counts>, rows: readonly Row[], one: 1 | -1, trash: Id | undefined): void {
  const isUnread = (row: Row): boolean => !row.keywords['$seen'] && !row.keywords['$draft'];
  const isElsewhere = (row: Row): boolean => Object.keys(row.mailboxIds).some((id) => id !== trash);
  const unreadElsewhere = rows.some((row) => isUnread(row) && isElsewhere(row));
  const unreadInTrash = rows.some((row) => isUnread(row) && trash !== undefined && row.mailboxIds[trash]);
  const counted = new Set<Id>();
  for (const row of rows)
    for (const id of Object.keys(row.mailboxIds)) {
      let counts = into.get(id);
      if (!counts) into.set(id, (counts = { totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0 }));
      counts.totalEmails += one;
      if (isUnread(row)) counts.unreadEmails += one;
      if (counted.has(id)) continue;
      counted.add(id);
      counts.totalThreads += one;
      if (id === trash ? unreadInTrash : unreadElsewhere) counts.unreadThreads += one;
    }
}

/** What must be added to the server's counts, by mailbox. */
export function waitingCounts(emails: Emails, trash: Id | undefined): Map<Id, Counts> {
  const hidden = new Map<Id, Row[]>();
  const threads = new Set<Id>();
  for (const id of emails.differing) {
    const server = emails.server.get(id);
    const shown = emails.shown.get(id);
    if (shown) threads.add(shown.threadId);
    if (!server) continue;
    threads.add(server.threadId);
    if (shown?.threadId === server.threadId) continue;
    const list = hidden.get(server.threadId);
    if (list) list.push(server);
    else hidden.set(server.threadId, [server]);
  }
  const counts = new Map<Id, Counts>();
  for (const id of threads) {
    const shown = emails.threads.get(id) ?? [];
    const before = shown.map((row) => emails.server.get(row.id)).filter((row): row is Row => row?.threadId === id);
    add(counts, [...before, ...(hidden.get(id) ?? [])], -1, trash);
    add(counts, shown, 1, trash);
  }
  return counts;
}
