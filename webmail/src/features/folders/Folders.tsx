/** The pane of folders: "Compose", the own folders, labels, and what others share. */
import { useComputed } from '@preact/signals';
import { actions, nameOf } from '../../actions/registry.ts';
import { colourOfLabel, labelOfKeyword } from '../../base/labels.ts';
import { t } from '../../base/words.ts';
import { shownKeysOf } from '../../frame/keys.ts';
import { go, pathOf, place, type Place } from '../../frame/router.ts';
import { mail } from '../../model/current.ts';
import { knownLabels } from '../../model/labels.ts';
import { setting } from '../../model/settings.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { openMenu } from '../../ui/Menu.tsx';
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
        <FolderTree accountId={mail().mainAccount} label={t('folders.title')} />
        <button type="button" class="folder-new" onClick={() => void newFolder()}>
          <Icon name="plus" />
          {t('folders.new')}
        </button>
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

function Labels() {
  const labels = knownLabels.value;
  if (labels.length === 0) return null;
  const here = place.value;
  return (
    <section aria-labelledby="labels-heading">
      <h2 id="labels-heading" class="folder-heading">
        {t('folders.labels')}
      </h2>
      <ul class="tree">
        {labels.map((keyword) => {
          const to = placeOfLabel(keyword);
          const isHere = here.kind === 'search' && to.kind === 'search' && here.text === to.text;
          const name = labelOfKeyword(keyword);
          return (
            <li key={keyword} class="label-row">
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
                <span class="folder-icon" data-colour={setting('labelColours').value[keyword] || colourOfLabel(keyword)}>
                  <Icon name="tag" />
                </span>
                <span class="folder-name">{name}</span>
              </a>
              <IconButton
                class="label-more"
                icon="ellipsis"
                label={t('folders.colour')}
                popup="menu"
                onClick={(event) =>
                  openMenu(
                    event.currentTarget as Element,
                    colourItems(setting('labelColours').peek()[keyword] || colourOfLabel(keyword), (colour) => {
                      setting('labelColours').value = { ...setting('labelColours').peek(), [keyword]: colour ?? '' };
                    }).slice(1),
                    { label: t('folders.colour') },
                  )
                }
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
