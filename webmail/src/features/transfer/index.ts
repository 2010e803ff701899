/** Import and export: their page, files that are dropped on a folder, the entries in a folder's menu, and "save as a file" for mail. */
import { actions } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { addFolderEntries } from '../../frame/folderMenu.ts';
import { go } from '../../frame/router.ts';
import { addPage, fill } from '../../frame/slots.ts';
import { canAct, listMailbox, targetAccounts, targetEmails } from '../../model/acts.ts';
import { mail, pane } from '../../model/current.ts';
import { filesDropped } from '../../model/drag.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import { askFormat, Transfer, TransferLine } from './Transfer.tsx';
import { exporting } from './exports.ts';
import { importFiles, loadJobs, stopAtSignOut } from './imports.ts';

export function installTransfer(): void {
  addPage('settings', { name: 'transfer', icon: 'upload', order: 55, keys: ['transfer.import', 'transfer.export', 'transfer.asMbox'], component: Transfer });
  fill('folders', TransferLine);
  filesDropped.listen(({ mailbox, files }) => void importFiles(files, mailbox));
  addFolderEntries((mailbox) => [
    ...(mailbox.myRights.mayAddItems ? [{ id: 'import', words: t('transfer.ofFolder'), icon: 'upload', run: () => go({ kind: 'settings', page: 'transfer', of: mailbox.id }) }] : []),
  ]);
  actions.add(
    { id: 'go.transfer', group: 'go', icon: 'upload', run: () => go({ kind: 'settings', page: 'transfer' }) },
    { id: 'mail.export', group: 'mail', icon: 'download', possible: () => canAct() && targetAccounts().length === 1, run: exportTargets },
  );
  mail().leaving.push(stopAtSignOut);
  addEventListener('beforeunload', (event) => {
    // An export cannot go on in another page; an import can.
    if (exporting.peek()) event.preventDefault();
  });
  void loadJobs();
}

function exportTargets(): void {
  const list = pane.list.peek();
  if (!list) return;
  const folder = listMailbox();
  const name = folder ? mailboxName(folder) : 'mail';
  const [accountId] = targetAccounts();
  const part = list.parts.find((one) => one.query.accountId === accountId);
  if (accountId === undefined || !part) return;
  if (pane.isOnEverything()) askFormat(pane.count(), { accountId, what: { filter: part.query.filter }, name });
  else {
    const ids = targetEmails(true).map(({ id }) => id);
    askFormat(ids.length, { accountId, what: { ids }, name });
  }
}
