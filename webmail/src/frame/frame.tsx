/** The shell: rail, folders, list, conversation, or a page; and what lies over them. */
import { useComputed, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { actions } from '../actions/registry.ts';
import { t } from '../base/words.ts';
import { setting } from '../model/settings.ts';
import { mail, pane } from '../model/current.ts';
import { undo, shown } from '../model/undo.ts';
import { IconButton } from '../ui/Button.tsx';
import { Overlays } from '../ui/overlay.tsx';
import { Splitter } from '../ui/Splitter.tsx';
import { Spoken } from '../ui/Spoken.tsx';
import { Toasts, dismissToasts, showToast } from '../ui/Toast.tsx';
import { Tooltip } from '../ui/Tooltip.tsx';
import { BottomBar, Rail } from './rail.tsx';
import { LIMITS, listWidth } from './layout.ts';
import { PagePane } from './page.tsx';
import { ErrorFence } from './fence.tsx';
import { focusList } from './focus.ts';
import { showCount } from './favicon.ts';
import { Meter } from './meter.tsx';
import { place } from './router.ts';
import { componentsOf } from './slots.ts';
import { drawerIsOpen, layout, windowSize } from './view.ts';

const RAIL_WIDTH = 48;

export function Frame() {
  useTitle();
  useNews();
  useSignalEffect(() => {
    place.value;
    drawerIsOpen.value = false;
  });
  const { isPhone, folders } = layout.value;
  const isPage = place.value.kind !== 'folder' && place.value.kind !== 'search';
  return (
    <div class={`frame${isPhone ? ' frame-phone' : ''}`}>
      {!isPage && (
        <a class="skip" href="#list" onClick={skip}>
          {t('frame.skip')}
        </a>
      )}
      {!isPhone && <Rail />}
      {folders === 'pane' && !isPage && <FolderPane />}
      {(folders === 'drawer' || isPage) && <Drawer />}
      {isPage ? <PagePane /> : <MailPanes />}
      {isPhone && <BottomBar />}
      {componentsOf('overlay').map((Component, i) => (
        <ErrorFence key={i}>
          <Component />
        </ErrorFence>
      ))}
      <Spoken />
      <Toasts label={t('frame.news')} dismissWords={t('frame.dismiss')} />
      <Meter />
      <Overlays label={t('frame.overlays')} />
      <Tooltip />
    </div>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  focusList();
}

function Folders() {
  return (
    <div class="folders">
      {componentsOf('folders').map((Component, i) => (
        <ErrorFence key={i}>
          <Component />
        </ErrorFence>
      ))}
    </div>
  );
}

function FolderPane() {
  const width = setting('foldersWidth');
  return (
    <nav class="pane-nav" aria-label={t('frame.folders')}>
      <Sized class="pane-folders" width={width.value}>
        <Folders />
      </Sized>
      <Splitter label={t('frame.widthOfFolders')} value={width.value} {...LIMITS.folders} change={(v) => (width.value = v)} />
    </nav>
  );
}

function Drawer() {
  const ref = useRef<HTMLDialogElement>(null);
  const open = drawerIsOpen.value;
  useLayoutEffect(() => {
    if (open) ref.current?.showModal();
    else ref.current?.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      class="drawer"
      aria-label={t('frame.folders')}
      onCancel={() => (drawerIsOpen.value = false)}
      onClick={(event) => {
        if (event.target === ref.current) drawerIsOpen.value = false;
      }}
    >
      {open && (
        <nav class="pane-nav" aria-label={t('frame.folders')}>
          <Folders />
        </nav>
      )}
    </dialog>
  );
}

function MailPanes() {
  const here = place.value;
  const thread = here.kind === 'folder' || here.kind === 'search' ? here.thread : undefined;
  const { reading } = layout.value;
  const covered = reading === 'over' && thread !== undefined;
  const width = setting('listWidth');
  const height = setting('listHeight');
  const taken = RAIL_WIDTH + (layout.value.folders === 'pane' ? setting('foldersWidth').value : 0);
  const list = (
    <section class="pane-list" aria-label={t('frame.list')} inert={covered} data-covered={covered || undefined} id="list">
      {componentsOf('list').map((Component, i) => (
        <ErrorFence key={i}>
          <Component />
        </ErrorFence>
      ))}
    </section>
  );
  const conversation = (
    <section class="pane-reading" aria-label={t('frame.reading')} data-reading tabIndex={-1}>
      {thread === undefined ? (
        <NothingOpen />
      ) : (
        componentsOf('reading').map((Component, i) => (
          <ErrorFence key={i} of={thread}>
            <Component threadId={thread} />
          </ErrorFence>
        ))
      )}
    </section>
  );
  if (reading === 'over') {
    return (
      <main class="panes panes-over">
        {list}
        {covered && conversation}
      </main>
    );
  }
  const beside = reading === 'right';
  const size = beside
    ? listWidth(width.value, windowSize.value.width, taken)
    : Math.min(height.value, Math.max(LIMITS.height.min, windowSize.value.height - 240));
  return (
    <main class={`panes ${beside ? 'panes-right' : 'panes-below'}`}>
      <Sized class="pane-sized" width={beside ? size : undefined} height={beside ? undefined : size}>
        {list}
      </Sized>
      {beside ? (
        <Splitter label={t('frame.widthOfList')} value={size} {...LIMITS.list} change={(v) => (width.value = v)} />
      ) : (
        <Splitter flat label={t('frame.heightOfList')} value={size} {...LIMITS.height} change={(v) => (height.value = v)} />
      )}
      {conversation}
    </main>
  );
}

function Sized({ class: name, width, height, children }: { class: string; width?: number; height?: number; children: ComponentChildren }) {
  return (
    <div class={name} style={{ width: width && `${width}px`, height: height && `${height}px` }}>
      {children}
    </div>
  );
}

function NothingOpen() {
  const count = pane.everything.value ? (pane.list.value?.total.value ?? 0) : pane.selected.value.size;
  return (
    <div class="nothing-open">
      <p>{count > 0 ? t('frame.selected', { count }) : t('frame.nothingOpen')}</p>
      {count === 0 && (
        <p class="nothing-open-keys">
          <kbd class="key">j</kbd> <kbd class="key">k</kbd> {t('frame.keysToMove')} <kbd class="key">?</kbd> {t('frame.keysToHelp')}
        </p>
      )}
    </div>
  );
}

/** "(12) Inbox - Postrider": the number is that of unread conversations in the inbox. */
function useTitle(): void {
  const title = useComputed(() => {
    const here = place.value;
    const unread = mail().mailboxWithRole('inbox')?.unreadThreads ?? 0;
    let name = t(`frame.place.${here.kind}`);
    if (here.kind === 'folder') {
      const found = mail()
        .mailboxes.all()
        .find((one) => one.id === here.mailbox || one.role === here.mailbox);
      if (found) name = found.role === 'inbox' ? t('folders.role.inbox') : found.name;
      else if (here.mailbox === 'all') name = t('folders.allInboxes');
    } else if (here.kind === 'search') name = here.text;
    return `${unread > 0 ? `(${unread}) ` : ''}${name} · Postrider`;
  });
  useSignalEffect(() => {
    document.title = title.value;
  });
  useSignalEffect(() => showCount(mail().mailboxWithRole('inbox')?.unreadThreads ?? 0));
}

/** What was done and what failed, as toasts. */
function useNews(): void {
  useSignalEffect(() => {
    const news = shown.value;
    if (!news) {
      dismissToasts('news');
      return;
    }
    showToast({
      key: 'news',
      words: news.words,
      kind: news.isProblem ? 'failed' : 'done',
      seconds: news.shownFor / 1000,
      action: news.undo && { words: t('frame.undo'), keys: 'z', run: news.undo },
    });
  });
}

export async function undoNewest(): Promise<void> {
  const words = await undo();
  showToast({ key: 'news', words: words === undefined ? t('frame.nothingToUndo') : t('frame.undone', { words }), seconds: 4 });
}

/** The button that opens the drawer, for the head of a pane. */
export function DrawerButton() {
  if (layout.value.folders !== 'drawer') return null;
  return <IconButton icon="menu" label={t('frame.folders')} onClick={() => actions.run('view.folders')} />;
}
