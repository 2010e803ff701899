/** Folders: the pane at the window's edge, and the actions that go to a folder. */
import './folders.css';
import { actions, type Action } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { addPaletteSource } from '../../frame/palette.tsx';
import { focusList } from '../../frame/focus.ts';
import { ALL_INBOXES, go, place, type Place } from '../../frame/router.ts';
import { fill } from '../../frame/slots.ts';
import type { Id, MailboxRole } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { mailboxIcon, mailboxesInOrder, mailboxPath } from '../../model/mailboxes.ts';
import { best, openPicker, type Choice } from '../../ui/Picker.tsx';
import { newFolder } from './acts.ts';
import { newLabel } from './labels.ts';
import { Folders } from './Folders.tsx';
import { placeOfMailbox } from './FolderTree.tsx';

const KEYS: Partial<Record<MailboxRole, string[]>> = {
  inbox: ['g i'],
  drafts: ['g d'],
  sent: ['g t'],
  archive: ['g a'],
  junk: ['g !'],
  trash: ['g #'],
  snoozed: ['g b'],
  scheduled: ['g l'],
};

function folderChoices(withRoles: boolean): Choice[] {
  return mailboxesInOrder(mail(), mail().accounts.peek().map(({ id }) => id))
    .filter((mailbox) => withRoles || !mailbox.role || mail().mailboxes.accountOf(mailbox.id) !== mail().mainAccount)
    .map((mailbox) => ({
      id: `folder-${mailbox.id}`,
      words: mailboxPath(mail(), mailbox),
      detail: t('folders.goTo'),
      icon: mailboxIcon(mailbox.role),
      run: () => goAndFocus(placeOfMailbox(mailbox)),
    }));
}

/** By a key or the palette: what one does next is in the list. */
function goAndFocus(to: Place): void {
  go(to);
  focusList();
}

/** Who looks at a folder that was just made stays there when the server gives it its id. */
function followNames(names: ReadonlyMap<Id, Id>): void {
  const here = place.peek();
  const id = here.kind === 'folder' && names.get(here.mailbox);
  if (id) go({ ...here, mailbox: id }, { replace: true });
}

export function installFolders(): void {
  mail().renamed.listen(followNames);
  fill('folders', Folders);
  addPaletteSource(() => folderChoices(false));
  const roles = Object.entries(KEYS).map(
    ([role, keys]): Action => ({
      id: `go.${role}`,
      group: 'go',
      keys,
      icon: mailboxIcon(role as MailboxRole),
      possible: () => mail().mailboxWithRole(role as MailboxRole) !== undefined,
      run: () => goAndFocus({ kind: 'folder', mailbox: role }),
    }),
  );
  actions.add(
    ...roles,
    { id: 'go.allInboxes', group: 'go', keys: ['g u'], icon: 'layers', possible: () => mail().inboxes().length > 1, run: () => goAndFocus(ALL_INBOXES) },
    { id: 'go.starred', group: 'go', keys: ['g s'], icon: 'star', run: () => goAndFocus({ kind: 'search', text: 'is:starred' }) },
    {
      id: 'go.folder',
      group: 'go',
      keys: ['g g'],
      icon: 'folder',
      run: () =>
        void openPicker({
          label: t('action.go.folder'),
          placeholder: t('folders.findFolder'),
          none: t('folders.noFolder'),
          choices: (text) => best(text, folderChoices(true), (choice) => choice.words).map((choice) => ({ ...choice, detail: undefined })),
        }),
    },
    { id: 'folders.new', group: 'settings', icon: 'folder-plus', run: () => newFolder() },
    { id: 'labels.new', group: 'settings', icon: 'tag', run: newLabel },
  );
}
