/** Sharing: the dialogue of a folder, and what one does with the folders of others. */
import { t } from '../../base/words.ts';
import { addFolderEntries } from '../../frame/folderMenu.ts';
import type { Mailbox } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { changeMailbox, mailboxName } from '../../model/mailboxes.ts';
import type { MenuItem } from '../../ui/Menu.tsx';
import { canShare, PRINCIPALS } from './api.ts';
import { openSharing } from './Share.tsx';

export function installSharing(): void {
  addFolderEntries((mailbox) => [
    ...(canShare(mailbox) ? [{ id: 'share', words: t('sharing.share'), icon: 'share-2', run: () => openSharing(mailbox) }] : []),
    ...ofOthers(mailbox),
  ]);
}

/** Somebody else's folder: programs that speak IMAP list it when it was accepted. */
function ofOthers(mailbox: Mailbox): MenuItem[] {
  const isOthers = mail().mailboxes.accountOf(mailbox.id) !== mail().mainAccount && PRINCIPALS in mail().layer.session.capabilities;
  if (!isOthers) return [];
  const accept = !mailbox.isSubscribed;
  const words = t(accept ? 'sharing.accepted' : 'sharing.left', { name: mailboxName(mailbox) });
  return [{ id: 'accept', words: t(accept ? 'sharing.accept' : 'sharing.leave'), icon: accept ? 'check' : 'log-out', run: () => void changeMailbox(mail(), mailbox.id, { isSubscribed: accept }, words) }];
}
