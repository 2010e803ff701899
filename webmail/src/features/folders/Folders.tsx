/** The pane of folders: "Compose", the own folders, labels, and what others share. */
import { useComputed, useSignal } from '@preact/signals';
import { actions, nameOf } from '../../actions/registry.ts';
import { labelOfKeyword } from '../../base/labels.ts';
import { sayNumber, t } from '../../base/words.ts';
import { shownKeysOf } from '../../frame/keys.ts';
import { placeOfLabel } from '../../frame/labels.ts';
import { ALL_INBOXES, go, pathOf, place, type Place } from '../../frame/router.ts';
import { setLabel } from '../../model/acts.ts';
import { mail } from '../../model/current.ts';
import { dragged } from '../../model/drag.ts';
import { knownLabels, labelColour } from '../../model/labels.ts';
import { forgetSearch, renameSearch, savedSearches, type SavedSearch } from '../../model/searches.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askText } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { newFolder } from './acts.ts';
import { labelMenu, newLabel } from './labels.ts';
import { FolderTree } from './FolderTree.tsx';

export function Folders() {
  const compose = actions.get('compose.new');
  const shared = useComputed(() => mail().accounts.value.filter((one) => one.id !== mail().mainAccount && mail().mailboxes.all(one.id).length > 0));
  return (
    <div class="folder-pane">
      {compose && (
        <div class="folder-compose">
          <Button kind="primary" icon="pen-line" keys={shownKeysOf(compose)} onClick={() => actions.run(compose.id)}>
            {t(nameOf(compose))}
          </Button>
        </div>
      )}
      <div class="folder-scroll">
        <AllInboxes />
        <FolderTree accountId={mail().mainAccount} label={t('folders.title')} />
        <button type="button" class="folder-new" onClick={() => void newFolder()}>
          <Icon name="plus" />
          {t('folders.new')}
        </button>
        <Searches />
        <Labels />
        {shared.value.map((account) => (
          <section key={account.id}>
            <h2 class="folder-heading">{t('folders.shared', { name: account.name })}</h2>
            <FolderTree accountId={account.id} label={t('folders.shared', { name: account.name })} />
          </section>
        ))}
      </div>
    </div>
  );
}

/** The inboxes of all accounts as one, where there are several. */
function AllInboxes() {
  const inboxes = mail().inboxes();
  if (inboxes.length < 2) return null;
  const unread = inboxes.reduce((sum, one) => sum + one.unreadThreads, 0);
  const here = place.value;
  const isHere = here.kind === 'folder' && pathOf({ ...here, thread: undefined }) === pathOf(ALL_INBOXES);
  return (
    <a
      class={`folder folder-all${unread > 0 ? ' folder-unread' : ''}`}
      href={pathOf(ALL_INBOXES)}
      aria-current={isHere ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(ALL_INBOXES);
      }}
    >
      <span class="folder-fold folder-leaf" />
      <span class="folder-icon">
        <Icon name="layers" />
      </span>
      <span class="folder-name">{t('folders.allInboxes')}</span>
      {unread > 0 && (
        <span class="folder-count">
          {sayNumber(unread)}
          <span class="spoken"> {t('folders.afterUnread', { count: unread })}</span>
        </span>
      )}
    </a>
  );
}

function Searches() {
  const searches = savedSearches().value;
  if (searches.length === 0) return null;
  return (
    <section aria-labelledby="searches-heading">
      <h2 id="searches-heading" class="folder-heading">
        {t('search.searches')}
      </h2>
      <ul class="tree">
        {searches.map((search) => (
          <Link
            key={search.text}
            to={{ kind: 'search', text: search.text }}
            icon="search"
            name={search.name}
            menuWords={t('folders.actions', { name: search.name })}
            menu={() => [
              { id: 'rename', words: t('folders.rename'), icon: 'pencil', run: () => void rename(search) },
              { id: 'forget', words: t('folders.delete'), icon: 'trash', run: () => forgetSearch(search.text) },
            ]}
          />
        ))}
      </ul>
    </section>
  );
}

async function rename(search: SavedSearch): Promise<void> {
  const name = await askText({
    title: t('search.renameTitle', { name: search.name }),
    label: t('folders.name'),
    value: search.name,
    ok: t('folders.rename'),
    cancel: t('folders.cancel'),
  });
  if (name !== undefined) renameSearch(search.text, name);
}

interface LinkProps {
  to: Place;
  icon: string;
  colour?: string;
  name: string;
  menuWords: string;
  menu(anchor: Element | { x: number; y: number }): MenuItem[];
  /** Conversations were dropped on it. */
  drop?(): void;
}

/** A place beside the folders: a label, a search. */
function Link({ to, icon, colour, name, menuWords, menu, drop }: LinkProps) {
  const here = place.value;
  const isHere = here.kind === 'search' && to.kind === 'search' && here.text === to.text;
  const over = useSignal(false);
  const open = (anchor: Element | { x: number; y: number }) => openMenu(anchor, menu(anchor), { label: menuWords });
  return (
    <li class="label-row">
      <a
        class={`folder${over.value ? ' folder-over' : ''}`}
        href={pathOf(to)}
        draggable={false}
        aria-current={isHere ? 'page' : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          go(to);
        }}
        onContextMenu={(event) => {
          event.preventDefault();
          open({ x: event.clientX, y: event.clientY });
        }}
        onDragOver={(event) => {
          if (!drop || dragged.peek()?.kind !== 'conversations') return;
          event.preventDefault();
          event.dataTransfer!.dropEffect = 'copy';
          over.value = true;
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          dragged.value = undefined;
          drop?.();
        }}
      >
        <span class="folder-fold folder-leaf" />
        <span class="folder-icon" data-colour={colour}>
          <Icon name={icon} />
        </span>
        <span class="folder-name" dir="auto">
          {name}
        </span>
      </a>
      <IconButton class="label-more" icon="ellipsis" label={menuWords} popup="menu" onClick={(event) => open(event.currentTarget as Element)} />
    </li>
  );
}

function Labels() {
  const labels = knownLabels.value;
  return (
    <section aria-labelledby="labels-heading">
      <h2 id="labels-heading" class="folder-heading">
        {t('folders.labels')}
      </h2>
      <ul class="tree">
        {labels.map((keyword) => {
          const name = labelOfKeyword(keyword);
          return (
            <Link
              key={keyword}
              to={placeOfLabel(keyword)}
              icon="tag"
              colour={labelColour(keyword)}
              name={name}
              menuWords={t('labels.actions', { name })}
              menu={(anchor) => labelMenu(keyword, anchor)}
              drop={() => void setLabel(keyword, true, name)}
            />
          );
        })}
      </ul>
      <button type="button" class="folder-new" onClick={() => void newLabel()}>
        <Icon name="plus" />
        {t('action.labels.new')}
      </button>
    </section>
  );
}
