/** Deleted mail: its page in the settings, and the way there from a folder's menu. */
import { actions } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { addFolderEntries } from '../../frame/folderMenu.ts';
import { go } from '../../frame/router.ts';
import { addPage } from '../../frame/slots.ts';
import { mail } from '../../model/current.ts';
import { HISTORY } from './api.ts';
import { Deleted } from './Deleted.tsx';

const possible = () => HISTORY in mail().layer.session.capabilities;

export function installUndelete(): void {
  addPage('settings', { name: 'deleted', icon: 'undo-2', order: 60, keys: ['deleted.text', 'deleted.day'], possible, component: Deleted });
  actions.add({ id: 'go.deleted', group: 'go', icon: 'undo-2', possible, run: () => go({ kind: 'settings', page: 'deleted' }) });
  addFolderEntries((mailbox) =>
    possible() && mail().mailboxes.accountOf(mailbox.id) === mail().mainAccount
      ? [{ id: 'deleted', words: t('deleted.ofFolder'), icon: 'undo-2', run: () => go({ kind: 'settings', page: 'deleted', of: mailbox.id }) }]
      : [],
  );
}
