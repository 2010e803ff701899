/** Actions of the list: moving, selecting, and what is done with conversations. */
import { actions, type Action } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { focusList } from '../../frame/focus.ts';
import { place } from '../../frame/router.ts';
import { layout } from '../../frame/view.ts';
import * as acts from '../../model/acts.ts';
import { pane } from '../../model/current.ts';
import type { Mailbox } from '../../jmap/types.ts';
import { askYes } from '../../ui/Dialog.tsx';
import { peekOverlayIsOpen } from '../../ui/overlay.tsx';
import { openConversation } from './current.ts';
import { holdTargets, namedMessage } from '../../model/target.ts';
import { canSnooze, canSnoozeEverything, cancelReminders, reminders } from '../../model/snooze.ts';
import { pickSnooze } from './snooze.tsx';
import { openRowMenu, pickFolder, pickLabels } from './menu.ts';
import { hasListFocus, moveBy, moveTo, openFocused, rowsOnPage } from './move.ts';

const isInMail = () => {
  const kind = place.peek().kind;
  return (kind === 'folder' || kind === 'search') && !peekOverlayIsOpen();
};
const inList = () => isInMail() && hasListFocus() && !isCovered();
/** A conversation lies over the list. */
const isCovered = () => layout.peek().reading === 'over' && pane.open.peek() !== undefined;
/** The focus is in the conversation: its text is selected there. */
const isReading = () => document.activeElement?.closest('[data-reading]') != null;
/** Escape belongs to the mail that somebody writes, beside the list or in it. */
const isWriting = () => document.activeElement?.closest('[data-composer]') != null;
const can = () => isInMail() && acts.canAct();
const role = () => acts.listRole();
const rights = (right: keyof Mailbox['myRights']) => acts.mayInList(right);
const mayRemove = () => can() && rights('mayRemoveItems');
const mayMark = () => can() && rights('maySetKeywords');

const moving: Action[] = [
  { id: 'list.next', group: 'list', keys: ['j'], possible: isInMail, run: () => moveBy(1) },
  { id: 'list.previous', group: 'list', keys: ['k'], possible: isInMail, run: () => moveBy(-1) },
  { id: 'list.down', group: 'list', keys: ['ArrowDown'], possible: inList, run: () => moveBy(1) },
  { id: 'list.up', group: 'list', keys: ['ArrowUp'], possible: inList, run: () => moveBy(-1) },
  { id: 'list.pageDown', group: 'list', keys: ['PageDown'], possible: inList, run: () => moveBy(rowsOnPage()) },
  { id: 'list.pageUp', group: 'list', keys: ['PageUp'], possible: inList, run: () => moveBy(-rowsOnPage()) },
  { id: 'list.first', group: 'list', keys: ['Home'], possible: inList, run: () => moveTo(0) },
  { id: 'list.last', group: 'list', keys: ['End'], possible: inList, run: () => moveTo((pane.list.peek()?.total.peek() ?? 1) - 1) },
  {
    id: 'list.open',
    group: 'list',
    keys: ['o', 'Enter'],
    icon: 'mail-open',
    possible: () => isInMail() && hasListFocus() && pane.focusPosition() >= 0,
    run: openFocused,
  },
  { id: 'list.back', group: 'list', keys: ['u'], icon: 'arrow-left', possible: () => isInMail() && pane.open.peek() !== undefined, run: backToList },
];

const selecting: Action[] = [
  {
    id: 'list.select',
    group: 'list',
    keys: ['x', 'Space'],
    icon: 'square-check',
    possible: () => isInMail() && pane.focusPosition() >= 0 && (hasListFocus() || !isCovered()),
    run: selectFocused,
  },
  { id: 'list.extendDown', group: 'list', keys: ['Shift+J', 'Shift+ArrowDown'], possible: isInMail, run: () => moveBy(1, { extend: true }) },
  { id: 'list.extendUp', group: 'list', keys: ['Shift+K', 'Shift+ArrowUp'], possible: isInMail, run: () => moveBy(-1, { extend: true }) },
  {
    id: 'list.selectAll',
    group: 'list',
    keys: ['Ctrl+A', '* a'],
    icon: 'check-check',
    possible: () => isInMail() && !isCovered() && !isReading(),
    run: () => pane.selectEverything(),
  },
  { id: 'list.selectNone', group: 'list', keys: ['Escape', '* n'], possible: () => isInMail() && pane.selecting.peek() && !isWriting(), run: () => pane.clear() },
  {
    id: 'list.close',
    group: 'list',
    keys: ['Escape'],
    possible: () => isInMail() && !pane.selecting.peek() && pane.open.peek() !== undefined && !isWriting(),
    run: backToList,
  },
];

const onMail: Action[] = [
  {
    id: 'mail.archive',
    group: 'mail',
    keys: ['e', 'y'],
    icon: 'archive',
    possible: () => mayRemove() && !['archive', 'trash', 'junk', 'drafts', 'sent'].includes(role() ?? ''),
    run: acts.archive,
  },
  {
    id: 'mail.archiveNext',
    group: 'mail',
    keys: [']'],
    possible: () => mayRemove() && role() !== 'archive' && pane.open.peek() !== undefined,
    run: () => archiveThen(1),
  },
  {
    id: 'mail.archivePrevious',
    group: 'mail',
    keys: ['['],
    possible: () => mayRemove() && role() !== 'archive' && pane.open.peek() !== undefined,
    run: () => archiveThen(-1),
  },
  { id: 'mail.trash', group: 'mail', keys: ['#', 'Delete'], icon: 'trash', possible: () => mayRemove() && role() !== 'trash', run: acts.trash },
  { id: 'mail.destroy', group: 'mail', keys: ['#', 'Delete'], icon: 'trash', possible: () => mayRemove() && role() === 'trash', run: destroy },
  {
    id: 'mail.junk',
    group: 'mail',
    keys: ['!'],
    icon: 'shield-alert',
    possible: () => mayRemove() && !['junk', 'drafts', 'sent'].includes(role() ?? ''),
    run: acts.junk,
  },
  { id: 'mail.notJunk', group: 'mail', keys: ['!'], icon: 'shield-check', possible: () => mayRemove() && role() === 'junk', run: acts.notJunk },
  { id: 'mail.toInbox', group: 'mail', icon: 'inbox', possible: () => mayRemove() && ['archive', 'trash'].includes(role() ?? ''), run: acts.toInbox },
  {
    id: 'mail.read',
    group: 'mail',
    keys: ['Shift+I', '* r'],
    icon: 'mail-open',
    possible: () => can() && rights('maySetSeen') && (acts.isOnEverything() || acts.anyUnread()),
    run: acts.markRead,
  },
  {
    id: 'mail.unread',
    group: 'mail',
    keys: ['Shift+U', '* u'],
    icon: 'mail',
    possible: () => can() && rights('maySetSeen') && (acts.isOnEverything() || !acts.anyUnread()),
    run: acts.markUnread,
  },
  { id: 'mail.star', group: 'mail', keys: ['s'], icon: 'star', possible: mayMark, run: acts.star },
  { id: 'mail.pin', group: 'mail', keys: ['p p'], icon: 'pin', possible: mayMark, run: acts.pin },
  { id: 'mail.mute', group: 'mail', keys: ['m'], icon: 'bell-off', possible: mayMark, run: acts.mute },
  {
    id: 'mail.cancelReminder',
    group: 'mail',
    icon: 'bell-off',
    possible: () => can() && !acts.isOnEverything() && reminders(acts.targetEmails(true)).length > 0,
    run: () => cancelReminders(acts.targetEmails(true)),
  },
  {
    id: 'mail.snooze',
    group: 'mail',
    keys: ['b'],
    icon: 'clock',
    possible: () => mayRemove() && canSnooze() && (!acts.isOnEverything() || canSnoozeEverything()),
    run: pickSnooze,
  },
  { id: 'mail.move', group: 'mail', keys: ['v'], icon: 'folder-input', possible: mayRemove, run: pickFolder },
  { id: 'mail.label', group: 'mail', keys: ['l'], icon: 'tag', possible: mayMark, run: pickLabels },
  { id: 'mail.more', group: 'mail', keys: ['.'], icon: 'ellipsis-vertical', possible: can, run: openMore },
];

export function addListActions(): void {
  actions.add(...moving, ...selecting, ...onMail);
}

function backToList(): void {
  openConversation(undefined);
  focusList();
}

/** Gmail's x stays on the row. */
function selectFocused(): void {
  const at = pane.focusPosition();
  const key = at < 0 ? undefined : pane.list.peek()?.keyAt(at);
  if (key !== undefined) pane.toggle(key);
}

async function archiveThen(step: 1 | -1): Promise<void> {
  const open = pane.open.peek();
  const at = pane.focusPosition();
  const next = step < 0 ? pane.list.peek()?.keyAt(at - 1) : pane.list.peek()?.keyAt(at + 1);
  if (open === undefined) return;
  openConversation(next, { replace: true });
  await pane.withTargets([open], acts.archive);
}

async function destroy(): Promise<void> {
  const within = holdTargets();
  const count = acts.isOnEverything() ? pane.count() : pane.targets().length;
  const yes = await askYes({
    title: namedMessage() ? t('list.destroyMessageTitle') : t('list.destroyTitle', { count }),
    text: t('list.destroyText'),
    ok: t('folders.deleteForEver'),
    cancel: t('folders.cancel'),
    danger: true,
  });
  if (yes) await within(acts.destroy);
}

function openMore(): void {
  const key = pane.targets()[0];
  const row = key === undefined ? null : document.getElementById(`row-${key}`);
  void openRowMenu(row ?? { x: innerWidth / 2, y: innerHeight / 3 });
}
