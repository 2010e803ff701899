/** What can be done with a folder: its menu, and the questions that need words. */
import { t } from '../../base/words.ts';
import { LABEL_COLOURS } from '../../base/labels.ts';
import { folderEntries } from '../../frame/folderMenu.ts';
import { go, place } from '../../frame/router.ts';
import type { Id, Mailbox } from '../../jmap/types.ts';
import { changeEverything } from '../../model/bulk.ts';
import { mail, pane } from '../../model/current.ts';
import { MailList, mailboxQuery } from '../../model/list.ts';
import { changeMailbox, createMailbox, destroyMailbox, mailboxIcon, mailboxesInOrder, mailboxName, mailboxPath } from '../../model/mailboxes.ts';
import { changeSetting, setting } from '../../model/settings.ts';
import { isWithin } from '../../model/tree.ts';
import { askText, askYes } from '../../ui/Dialog.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { best, openPicker, type Choice } from '../../ui/Picker.tsx';

/** The server's limit, in characters that each need at most four octets, is above this; longer names are nobody's wish. */
const LONGEST_NAME = 200;

function wrongName(accountId: Id, parentId: Id | null, but?: Id): (name: string) => string | undefined {
  return (name) => {
    if (name.includes('/')) return t('folders.wrong.slash');
    if (name.length > LONGEST_NAME) return t('folders.wrong.long');
    const taken = mail()
      .mailboxes.all(accountId)
      .some((one) => one.id !== but && one.parentId === parentId && one.name.toLocaleLowerCase() === name.toLocaleLowerCase());
    return taken ? t('folders.wrong.taken') : undefined;
  };
}

export async function newFolder(accountId: Id = mail().mainAccount, parent?: Mailbox): Promise<void> {
  const parentId = parent?.id ?? null;
  const name = await askText({
    title: parent ? t('folders.newIn', { name: mailboxName(parent) }) : t('folders.new'),
    label: t('folders.name'),
    value: '',
    ok: t('folders.create'),
    cancel: t('folders.cancel'),
    wrong: wrongName(accountId, parentId),
  });
  if (name === undefined) return;
  if (parent)
    setting('folded').value = setting('folded')
      .peek()
      .filter((id) => id !== parent.id);
  await createMailbox(mail(), accountId, name, parentId);
}

async function rename(mailbox: Mailbox): Promise<void> {
  const name = await askText({
    title: t('folders.renameTitle', { name: mailboxName(mailbox) }),
    label: t('folders.name'),
    value: mailbox.name,
    ok: t('folders.rename'),
    cancel: t('folders.cancel'),
    wrong: wrongName(mail().mailboxes.accountOf(mailbox.id), mailbox.parentId, mailbox.id),
  });
  if (name !== undefined && name !== mailbox.name) await changeMailbox(mail(), mailbox.id, { name }, t('folders.renamed', { name }));
}

/** May this folder go into that one (or to the top)? */
export function mayMove(mailbox: Mailbox, into: Mailbox | undefined): boolean {
  if (mailbox.role === 'inbox' || !mailbox.myRights.mayRename) return false;
  if (!into) return mailbox.parentId !== null;
  const accountId = mail().mailboxes.accountOf(mailbox.id);
  if (mail().mailboxes.accountOf(into.id) !== accountId || !into.myRights.mayCreateChild) return false;
  return into.id !== mailbox.parentId && !isWithin(mail().mailboxes.all(accountId), into.id, mailbox.id);
}

export function moveFolder(mailbox: Mailbox, into: Mailbox | undefined): Promise<boolean> {
  return changeMailbox(mail(), mailbox.id, { parentId: into?.id ?? null }, t('folders.moved', { name: mailboxName(mailbox) }));
}

function pickPlace(mailbox: Mailbox): void {
  const all = mailboxesInOrder(mail(), [mail().mailboxes.accountOf(mailbox.id)]);
  const choices: Choice[] = all
    .filter((one) => mayMove(mailbox, one))
    .map((one) => ({
      id: one.id,
      words: mailboxPath(mail(), one),
      icon: mailboxIcon(one.role),
      run: () => void moveFolder(mailbox, one),
    }));
  if (mayMove(mailbox, undefined))
    choices.unshift({ id: 'top', words: t('folders.moveTop'), icon: 'chevron-up', run: () => void moveFolder(mailbox, undefined) });
  openPicker({
    label: t('folders.moveTitle', { name: mailboxName(mailbox) }),
    placeholder: t('folders.findFolder'),
    none: t('folders.noFolder'),
    choices: (text) => best(text, choices, (choice) => choice.words),
  });
}

/** A folder goes to the trash with what is in it, and comes back by undo; from the trash it goes for ever. */
async function remove(mailbox: Mailbox): Promise<void> {
  const accountId = mail().mailboxes.accountOf(mailbox.id);
  const trash = mail().mailboxWithRole('trash', accountId);
  const name = mailboxName(mailbox);
  if (isShown(mailbox)) go({ kind: 'folder', mailbox: 'inbox' });
  if (trash && mayMove(mailbox, trash) && !isWithin(mail().mailboxes.all(accountId), mailbox.id, trash.id)) {
    await changeMailbox(mail(), mailbox.id, { parentId: trash.id }, t('folders.trashed', { name }));
    return;
  }
  const yes = await askYes({
    title: t('folders.deleteTitle', { name }),
    text: t('folders.deleteText'),
    ok: t('folders.deleteForEver'),
    cancel: t('folders.cancel'),
    danger: true,
  });
  if (yes) await destroyMailbox(mail(), mailbox.id);
}

export function isShown(mailbox: Mailbox): boolean {
  const here = place.peek();
  return (
    here.kind === 'folder' &&
    (here.mailbox === mailbox.id || (here.mailbox === mailbox.role && mail().mailboxes.accountOf(mailbox.id) === mail().mainAccount))
  );
}

function listOf(mailbox: Mailbox): MailList {
  const parts = pane.list.peek()?.parts ?? [];
  const open = parts.length === 1 ? parts[0] : undefined;
  const filter = open?.query.filter;
  if (open && filter && !('operator' in filter) && filter.inMailbox === mailbox.id) return open;
  const list = new MailList(mail(), mailboxQuery(mail().mailboxes.accountOf(mailbox.id), mailbox.id));
  return list;
}

async function onAll(mailbox: Mailbox, run: (list: MailList) => Promise<unknown>): Promise<void> {
  const list = listOf(mailbox);
  try {
    await list.want(0, 1);
    await run(list);
  } finally {
    if (list !== pane.list.peek()) list.close();
  }
}

function markAllRead(mailbox: Mailbox): Promise<void> {
  return onAll(mailbox, (list) => changeEverything(mail(), list, { keywords: { $seen: true } }, (count) => t('acts.read', { count })));
}

async function empty(mailbox: Mailbox): Promise<void> {
  const name = mailboxName(mailbox);
  const yes = await askYes({
    title: t('folders.emptyTitle', { name }),
    text: t('folders.emptyText', { count: mailbox.totalEmails }),
    ok: t('folders.emptyOk'),
    cancel: t('folders.cancel'),
    danger: true,
  });
  if (yes) await onAll(mailbox, (list) => changeEverything(mail(), list, { destroy: true }, () => t('folders.emptied', { name })));
}

export function setFolderColour(id: Id, colour: string | undefined): void {
  const { [id]: _, ...others } = setting('folderColours').peek();
  const mailbox = mail().mailboxes.peek(id);
  changeSetting('folderColours', colour ? { ...others, [id]: colour } : others, t('settings.changed', { name: mailbox ? mailboxName(mailbox) : '', value: t(`folders.colour.${colour ?? 'none'}`) }));
}

export function colourItems(current: string | undefined, choose: (colour: string | undefined) => void): MenuItem[] {
  return [undefined, ...LABEL_COLOURS].map((colour) => ({
    id: `colour-${colour ?? 'none'}`,
    words: t(`folders.colour.${colour ?? 'none'}`),
    checked: colour === current,
    run: () => choose(colour),
  }));
}

export function folderMenu(mailbox: Mailbox, anchor: Element | { x: number; y: number }): void {
  const accountId = mail().mailboxes.accountOf(mailbox.id);
  const rights = mailbox.myRights;
  const items: MenuItem[] = [];
  if (rights.maySetSeen && mailbox.unreadEmails > 0)
    items.push({ id: 'read', words: t('folders.markAllRead'), icon: 'mail-open', run: () => void markAllRead(mailbox) });
  if (rights.mayCreateChild)
    items.push({
      id: 'new',
      words: t('folders.newIn', { name: mailboxName(mailbox) }),
      icon: 'folder-plus',
      run: () => void newFolder(accountId, mailbox),
    });
  items.push({ separator: '1' });
  if (rights.mayRename && !mailbox.role) items.push({ id: 'rename', words: t('folders.rename'), icon: 'pencil', run: () => void rename(mailbox) });
  if (rights.mayRename && !mailbox.role) items.push({ id: 'move', words: t('folders.move'), icon: 'folder-input', run: () => pickPlace(mailbox) });
  items.push({
    id: 'colour',
    words: t('folders.colour'),
    icon: 'palette',
    run: () =>
      void openMenu(
        anchor,
        colourItems(setting('folderColours').peek()[mailbox.id], (colour) => setFolderColour(mailbox.id, colour)),
        { label: t('folders.colour') },
      ),
  });
  items.push({ separator: '2' }, ...folderEntries(mailbox), { separator: '3' });
  if ((mailbox.role === 'trash' || mailbox.role === 'junk') && mailbox.totalEmails > 0 && rights.mayRemoveItems)
    items.push({
      id: 'empty',
      words: t('folders.empty', { name: mailboxName(mailbox) }),
      icon: 'trash',
      danger: true,
      run: () => void empty(mailbox),
    });
  if (rights.mayDelete && !mailbox.role)
    items.push({ id: 'delete', words: t('folders.delete'), icon: 'trash', danger: true, run: () => void remove(mailbox) });
  openMenu(anchor, items, { label: t('folders.actions', { name: mailboxName(mailbox) }) });
}
