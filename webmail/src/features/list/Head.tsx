/** The head of the list: search and filters; while something is selected, how much it is and what can be done with it. */
import { actions, isPossible, nameOf } from '../../actions/registry.ts';
import { sayNumber, t } from '../../base/words.ts';
import { DrawerButton } from '../../frame/frame.tsx';
import { shownKeysOf } from '../../frame/keys.ts';
import { componentsOf } from '../../frame/slots.ts';
import { mail, pane } from '../../model/current.ts';
import { progress } from '../../model/bulk.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { ToggleChip } from '../../ui/Chip.tsx';
import { chips, listName, shownChips, toggleChip } from './current.ts';
import { openRowMenu } from './menu.ts';

const ICONS: Record<string, string> = { unread: 'mail', starred: 'star', attachment: 'paperclip', known: 'users', newsletters: 'newspaper' };

export function Head() {
  return (
    <header class="list-head">
      <div class="list-top">
        <DrawerButton />
        <h1 class="list-name">{listName()}</h1>
        <div class="list-search">
          {componentsOf('search').map((Component, i) => (
            <Component key={i} />
          ))}
        </div>
      </div>
      {pane.selecting.value ? <Selection /> : <Chips />}
      <Progress />
    </header>
  );
}

function SelectBox() {
  const count = pane.selected.value.size;
  const all = pane.everything.value;
  const total = pane.list.value?.total.value ?? 0;
  const whole = all || (total > 0 && count === total);
  return (
    <IconButton
      icon={whole ? 'square-check' : count > 0 ? 'square-minus' : 'square'}
      label={t(count > 0 || all ? 'list.unselect' : 'list.selectLoaded')}
      keys={count > 0 || all ? 'Esc' : 'Ctrl+A'}
      disabled={total === 0}
      onClick={() => (pane.selecting.peek() ? pane.clear() : pane.selectEverything())}
    />
  );
}

function Chips() {
  return (
    <div class="list-tools">
      <SelectBox />
      <div class="list-chips" role="group" aria-label={t('list.filters')}>
        {shownChips.value.map((chip) => (
          <ToggleChip key={chip} icon={ICONS[chip]} on={chips.value.has(chip)} onClick={() => toggleChip(chip)}>
            {t(`list.chip.${chip}`)}
          </ToggleChip>
        ))}
      </div>
    </div>
  );
}

const TOOLS = ['mail.archive', 'mail.trash', 'mail.destroy', 'mail.junk', 'mail.notJunk', 'mail.read', 'mail.unread', 'mail.move', 'mail.label'];

function Selection() {
  const count = pane.everything.value ? (pane.list.value?.total.value ?? 0) : pane.selected.value.size;
  // What is possible hangs on the emails themselves.
  void pane.list.value?.version.value;
  for (const key of [...pane.selected.value].slice(0, 50))
    void mail()
      .threads.of(key)
      .value?.emailIds.map((id) => mail().emails.of(id).value);
  return (
    <div class="list-tools" role="toolbar" aria-label={t('list.actions')}>
      <SelectBox />
      <span class="list-count" role="status">
        {t('list.selected', { count, number: sayNumber(count) })}
      </span>
      <span class="list-space" />
      {TOOLS.flatMap((id) => {
        const action = actions.get(id);
        if (!action || !isPossible(action)) return [];
        return [
          <IconButton key={id} icon={action.icon ?? 'circle'} label={t(nameOf(action))} keys={shownKeysOf(action)} onClick={() => actions.run(id)} />,
        ];
      })}
      <IconButton
        icon="ellipsis-vertical"
        label={t('list.more')}
        popup="menu"
        keys="."
        onClick={(event) => openRowMenu(event.currentTarget as Element)}
      />
    </div>
  );
}

function Progress() {
  const now = progress.value;
  if (!now) return null;
  return (
    <div class="list-progress" role="status">
      <span class="list-progress-words">{now.words}</span>
      <progress max={now.all} value={now.done} aria-label={now.words} />
      <span>{t('bulk.progress', { done: now.done, all: now.all })}</span>
      <Button kind="quiet" onClick={now.stop}>
        {t('bulk.stop')}
      </Button>
    </div>
  );
}
