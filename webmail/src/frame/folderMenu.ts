/** What features add to the menu of a folder. */
import type { Mailbox } from '../jmap/types.ts';
import type { MenuItem } from '../ui/Menu.tsx';

type Entries = (mailbox: Mailbox) => MenuItem[];

const added: Entries[] = [];

export function addFolderEntries(entries: Entries): void {
  added.push(entries);
}

export function folderEntries(mailbox: Mailbox): MenuItem[] {
  return added.flatMap((entries) => entries(mailbox));
}
