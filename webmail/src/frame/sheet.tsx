/** The sheet of keys: all actions that have one, by their groups. */
import { actions, nameOf, version, type Action, type ActionGroup } from '../actions/registry.ts';
import { t } from '../base/words.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { openOverlay } from '../ui/overlay.tsx';
import { shownKeys } from './keys.ts';

const GROUPS: ActionGroup[] = ['list', 'mail', 'go', 'compose', 'view', 'settings', 'help'];

export function openSheet(): void {
  openOverlay('sheet', (self) => <Sheet close={self.close} />);
}

function Sheet({ close }: { close(): void }) {
  return (
    <Dialog title={t('frame.keys')} class="sheet" close={close}>
      <div class="sheet-scroll" tabIndex={0} role="group" aria-label={t('frame.keys')}>
        <AllKeys />
      </div>
      <div class="dialog-buttons">
        <Button kind="primary" onClick={close}>
          {t('frame.close')}
        </Button>
      </div>
    </Dialog>
  );
}

/** All keys by their groups: for the sheet, and for the page of the settings. */
export function AllKeys() {
  version.value;
  const all = actions.all().filter((action) => action.keys?.length);
  return (
    <div class="sheet-groups">
      {GROUPS.map((group) => {
        const list = all.filter((action) => action.group === group);
        return list.length === 0 ? null : <Group key={group} group={group} list={list} />;
      })}
    </div>
  );
}

function Group({ group, list }: { group: ActionGroup; list: Action[] }) {
  return (
    <section class="sheet-group">
      <h3>{t(`frame.group.${group}`)}</h3>
      <dl>
        {list.map((action) => (
          <div key={action.id} class="sheet-row">
            <dt>{t(nameOf(action))}</dt>
            <dd>
              {action.keys!.map((keys, i) => (
                <>
                  {i > 0 && <span class="sheet-or">{t('frame.or')}</span>}
                  {keys.split(' ').map((key) => (
                    <kbd key={key} class="key">
                      {shownKeys(key)}
                    </kbd>
                  ))}
                </>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
