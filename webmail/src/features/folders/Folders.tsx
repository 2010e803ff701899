/** The pane of folders: "Compose", the own folders, labels, and what others share. */
import { useComputed } from '@preact/signals';
import { actions, nameOf } from '../../actions/registry.ts';
import { colourOfLabel, labelOfKeyword } from '../../base/labels.ts';
import { sayNumber } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { shownKeysOf } from '../../frame/keys.ts';
import { ALL_INBOXES, go, pathOf, place, type Place } from '../../frame/router.ts';
import { mail } from '../../model/current.ts';
import { knownLabels } from '../../model/labels.ts';
import { forgetSearch, renameSearch, savedSearches, type SavedSearch } from '../../model/searches.ts';
import { setting } from '../../model/settings.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askText } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { colourItems, newFolder } from './acts.ts';
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

export function placeOfLabel(keyword: string): Place {
  const name = labelOfKeyword(keyword).toLocaleLowerCase();
  return { kind: 'search', text: `label:${/\s/.test(name) ? `"${name}"` : name}` };
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
  menu(): MenuItem[];
}

/** A place beside the folders: a label, a search. */
function Link({ to, icon, colour, name, menuWords, menu }: LinkProps) {
  const here = place.value;
  const isHere = here.kind === 'search' && to.kind === 'search' && here.text === to.text;
  return (
    <li class="label-row">
      <a
        class="folder"
        href={pathOf(to)}
        aria-current={isHere ? 'page' : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          go(to);
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
      <IconButton
        class="label-more"
        icon="ellipsis"
        label={menuWords}
        popup="menu"
        onClick={(event) => openMenu(event.currentTarget as Element, menu(), { label: menuWords })}
      />
    </li>
  );
}

function Labels() {
  const labels = knownLabels.value;
  if (labels.length === 0) return null;
  return (
    <section aria-labelledby="labels-heading">
      <h2 id="labels-heading" class="folder-heading">
        {t('folders.labels')}
      </h2>
      <ul class="tree">
        {labels.map((keyword) => {
          const colour = setting('labelColours').value[keyword] || colourOfLabel(keyword);
          const name = labelOfKeyword(keyword);
          return (
            <Link
              key={keyword}
              to={placeOfLabel(keyword)}
              icon="tag"
              colour={colour}
              name={name}
              menuWords={t('folders.colourOf', { name })}
              menu={() =>
                colourItems(colour, (chosen) => {
                  setting('labelColours').value = { ...setting('labelColours').peek(), [keyword]: chosen ?? '' };
                }).slice(1)
              }
            />
          );
        })}
      </ul>
    </section>
  );
}
