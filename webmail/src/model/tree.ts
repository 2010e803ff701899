/** The folders of an account as rows of a tree. Pure. */
import { compareNames } from '../base/words.ts';
import type { Id, Mailbox, MailboxRole } from '../jmap/types.ts';

export interface TreeRow {
  mailbox: Mailbox;
  depth: number;
  hasChildren: boolean;
  isFolded: boolean;
}

/** Folders with a role come first, in this order; then the others by sortOrder and name (RFC 8621 section 2). */
const ORDER: MailboxRole[] = ['inbox', 'snoozed', 'scheduled', 'drafts', 'templates', 'sent', 'archive', 'junk', 'trash'];
/** A name may be made that nests forever; RFC 8621 leaves the limit to the server. */
const MOST_DEPTH = 30;

export function treeRows(mailboxes: readonly Mailbox[], folded: ReadonlySet<Id>): TreeRow[] {
  const ids = new Set(mailboxes.map((one) => one.id));
  const children = new Map<Id | null, Mailbox[]>();
  for (const mailbox of mailboxes) {
    // One whose parent cannot be seen (a shared folder within one that is not shared) stands at the top.
    const parent = mailbox.parentId !== null && ids.has(mailbox.parentId) ? mailbox.parentId : null;
    const beside = children.get(parent);
    if (beside) beside.push(mailbox);
    else children.set(parent, [mailbox]);
  }
  const rank = (mailbox: Mailbox) => {
    const at = mailbox.role ? ORDER.indexOf(mailbox.role) : -1;
    return at < 0 ? ORDER.length : at;
  };
  const rows: TreeRow[] = [];
  const add = (parent: Id | null, depth: number) => {
    if (depth > MOST_DEPTH) return;
    const list = (children.get(parent) ?? []).sort((a, b) => rank(a) - rank(b) || a.sortOrder - b.sortOrder || compareNames(a.name, b.name));
    for (const mailbox of list) {
      const hasChildren = children.has(mailbox.id);
      const isFolded = hasChildren && folded.has(mailbox.id);
      rows.push({ mailbox, depth, hasChildren, isFolded });
      if (hasChildren && !isFolded) add(mailbox.id, depth + 1);
    }
  };
  add(null, 0);
  return rows;
}

/** As they stand in the tree when nothing is folded: one finds a folder in a list where one knows it from there. */
export function inTreeOrder(mailboxes: readonly Mailbox[]): Mailbox[] {
  return treeRows(mailboxes, new Set()).map((row) => row.mailbox);
}

/** The number at a folder's end: what is unread; of what one writes oneself, how much there is; of what was thrown away, nothing. */
export function countOf(mailbox: Mailbox): number {
  if (mailbox.role === 'drafts' || mailbox.role === 'scheduled' || mailbox.role === 'snoozed') return mailbox.totalThreads;
  if (mailbox.role === 'trash' || mailbox.role === 'sent' || mailbox.role === 'templates') return 0;
  return mailbox.unreadThreads;
}

/** Unread mail in what is folded away is told of at the folder that hides it. */
export function countBelow(mailboxes: readonly Mailbox[], id: Id, depth = 0): number {
  if (depth > MOST_DEPTH) return 0;
  return mailboxes.filter((one) => one.parentId === id).reduce((sum, one) => sum + countOf(one) + countBelow(mailboxes, one.id, depth + 1), 0);
}

export function isWithin(mailboxes: readonly Mailbox[], id: Id, ancestor: Id): boolean {
  let at: Id | null | undefined = id;
  for (let depth = 0; at && depth <= MOST_DEPTH; depth++) {
    if (at === ancestor) return true;
    at = mailboxes.find((one) => one.id === at)?.parentId;
  }
  return false;
}
