/** The tree of folders (WAI-ARIA's pattern "tree"): arrows move, open and close; mail and folders are dropped onto a folder. */
import { useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { sayNumber, t } from '../../base/words.ts';
import { go, pathOf, place, type Place } from '../../frame/router.ts';
import type { Id, Mailbox } from '../../jmap/types.ts';
import { moveTo } from '../../model/acts.ts';
import { mail } from '../../model/current.ts';
import { dragged, filesDropped } from '../../model/drag.ts';
import { mailboxIcon, mailboxName } from '../../model/mailboxes.ts';
import { setting } from '../../model/settings.ts';
import { countBelow, countOf, treeRows, type TreeRow } from '../../model/tree.ts';
import { arrowStep } from '../../ui/direction.ts';
import { Icon } from '../../ui/Icon.tsx';
import { folderMenu, mayMove, moveFolder } from './acts.ts';

/** A folder that is folded opens when mail is held over it so long. */
const UNFOLD_MS = 700;

export function placeOfMailbox(mailbox: Mailbox): Place {
  const own = mail().mailboxes.accountOf(mailbox.id) === mail().mainAccount;
  return { kind: 'folder', mailbox: own && mailbox.role ? mailbox.role : mailbox.id };
}

export function setFolded(id: Id, folded: boolean): void {
  const others = setting('folded')
    .peek()
    .filter((one) => one !== id);
  setting('folded').value = folded ? [...others, id] : others;
}

export function FolderTree({ accountId, label }: { accountId: Id; label: string }) {
  const tree = useRef<HTMLUListElement>(null);
  const all = useComputed(() => mail().mailboxes.all(accountId));
  const rows = useComputed(() => treeRows(all.value, new Set(setting('folded').value)));
  const current = useComputed(() => {
    const here = place.value;
    if (here.kind !== 'folder') return undefined;
    return all.value.find((one) => one.id === here.mailbox || (one.role === here.mailbox && accountId === mail().mainAccount))?.id;
  });
  // The row that Tab comes to: where one is, or else the first.
  const entry = current.value ?? rows.value[0]?.mailbox.id;
  const focus = (index: number) => tree.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[index]?.focus();
  const key = (event: KeyboardEvent, row: TreeRow, index: number) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = arrowStep(event);
    const list = rows.peek();
    if (event.key === 'ArrowDown') focus(Math.min(index + 1, list.length - 1));
    else if (event.key === 'ArrowUp') focus(Math.max(index - 1, 0));
    else if (event.key === 'Home') focus(0);
    else if (event.key === 'End') focus(list.length - 1);
    else if (step > 0 && row.isFolded) setFolded(row.mailbox.id, false);
    else if (step > 0 && row.hasChildren) focus(index + 1);
    else if (step < 0 && row.hasChildren && !row.isFolded) setFolded(row.mailbox.id, true);
    else if (step < 0) focus(list.findIndex((one) => one.mailbox.id === row.mailbox.parentId));
    else if (event.key === 'Enter' || event.key === ' ') go(placeOfMailbox(row.mailbox));
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) folderMenu(row.mailbox, event.currentTarget as Element);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <ul ref={tree} role="tree" class="tree" aria-label={label}>
      {rows.value.map((row, index) => (
        <Folder
          key={row.mailbox.id}
          row={row}
          hidden={row.isFolded ? countBelow(all.value, row.mailbox.id) : 0}
          isCurrent={row.mailbox.id === current.value}
          isEntry={row.mailbox.id === entry}
          onKeyDown={(event) => key(event, row, index)}
        />
      ))}
    </ul>
  );
}

interface FolderProps {
  row: TreeRow;
  /** Unread in folders that are folded away here. */
  hidden: number;
  isCurrent: boolean;
  isEntry: boolean;
  onKeyDown(event: KeyboardEvent): void;
}

function Folder({ row, hidden, isCurrent, isEntry, onKeyDown }: FolderProps) {
  const { mailbox, depth, hasChildren, isFolded } = row;
  const over = useSignal(false);
  const timer = useRef(0);
  const name = mailboxName(mailbox);
  const count = countOf(mailbox) + hidden;
  const isUnread = count > 0 && mailbox.role !== 'drafts' && mailbox.role !== 'scheduled' && mailbox.role !== 'snoozed';
  const after = count > 0 ? t(isUnread ? 'folders.afterUnread' : 'folders.afterTotal', { count }) : '';
  const takes = (event: DragEvent) => {
    const what = dragged.peek();
    if (!what) return mailbox.myRights.mayAddItems && (event.dataTransfer?.types.includes('Files') ?? false);
    if (what.kind === 'conversations') return mailbox.myRights.mayAddItems;
    return mayMoveHere(what.id, mailbox);
  };
  const leave = () => {
    clearTimeout(timer.current);
    over.value = false;
  };
  return (
    <li
      role="treeitem"
      class={`folder${isUnread ? ' folder-unread' : ''}${over.value ? ' folder-over' : ''}`}
      aria-level={depth + 1}
      aria-expanded={hasChildren ? !isFolded : undefined}
      aria-selected={isCurrent}
      aria-current={isCurrent ? 'page' : undefined}
      tabIndex={isEntry ? 0 : -1}
      data-mailbox={mailbox.id}
      draggable={!mailbox.role && mailbox.myRights.mayRename}
      style={{ '--depth': String(depth) }}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey) open(pathOf(placeOfMailbox(mailbox)), '_blank', 'noopener');
        else go(placeOfMailbox(mailbox));
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        folderMenu(mailbox, { x: event.clientX, y: event.clientY });
      }}
      onDragStart={(event) => {
        event.dataTransfer!.effectAllowed = 'move';
        event.dataTransfer!.setData('text/plain', name);
        dragged.value = { kind: 'folder', id: mailbox.id };
      }}
      onDragEnd={() => (dragged.value = undefined)}
      onDragOver={(event) => {
        if (!takes(event)) return;
        event.preventDefault();
        event.dataTransfer!.dropEffect = dragged.peek() ? 'move' : 'copy';
        if (over.peek()) return;
        over.value = true;
        timer.current = window.setTimeout(() => setFolded(mailbox.id, false), UNFOLD_MS);
      }}
      onDragLeave={leave}
      onDrop={(event) => {
        event.preventDefault();
        leave();
        const what = dragged.peek();
        dragged.value = undefined;
        const files = what ? [] : [...(event.dataTransfer?.files ?? [])];
        if (files.length > 0) filesDropped.emit({ mailbox, files });
        else if (what?.kind === 'conversations') void moveTo(mailbox);
        else if (what?.kind === 'folder') {
          const moved = mail().mailboxes.peek(what.id);
          if (moved) void moveFolder(moved, mailbox);
        }
      }}
    >
      <span
        class={`folder-fold${hasChildren ? '' : ' folder-leaf'}`}
        aria-hidden="true"
        onClick={(event) => {
          if (!hasChildren) return;
          event.stopPropagation();
          setFolded(mailbox.id, !isFolded);
        }}
      >
        {hasChildren && <Icon name={isFolded ? 'chevron-right' : 'chevron-down'} />}
      </span>
      <span class="folder-icon" data-colour={setting('folderColours').value[mailbox.id]}>
        <Icon name={mailboxIcon(mailbox.role)} />
      </span>
      <span class="folder-name" title={name} dir="auto">
        {name}
      </span>
      {count > 0 && (
        <span class="folder-count">
          {sayNumber(count)}
          <span class="spoken"> {after}</span>
        </span>
      )}
      <span
        class="folder-more"
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          folderMenu(mailbox, event.currentTarget);
        }}
      >
        <Icon name="ellipsis" />
      </span>
    </li>
  );
}

function mayMoveHere(id: Id, into: Mailbox): boolean {
  const moved = mail().mailboxes.peek(id);
  return moved !== undefined && mayMove(moved, into);
}
