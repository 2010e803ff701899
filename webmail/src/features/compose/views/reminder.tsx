/** "Remind me if nobody answers": chosen while one writes, begun when the mail is sent. */
import { currentLanguage, t } from '../../../base/words.ts';
import { comingDate } from '../../../base/dates.ts';
import { canRemind } from '../../../model/snooze.ts';
import { IconButton } from '../../../ui/Button.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { openMenu, type MenuItem } from '../../../ui/Menu.tsx';
import type { Composer } from '../composer.ts';
import { reminderTimes } from '../times.ts';
import { askTime } from './later.tsx';

/** Longer than anybody waits for an answer. */
const LONGEST_SECONDS = 365 * 86_400;

/** For the menu of sending. `anchor`: where its own menu opens. */
export function reminderItems(composer: Composer, anchor: Element): MenuItem[] {
  if (!canRemind(composer.draft.peek().accountId)) return [];
  return [{ separator: 'reminder' }, { id: 'reminder', words: t('reminder.choose'), icon: 'bell', run: () => chooseReminder(composer, anchor) }];
}

function chooseReminder(composer: Composer, anchor: Element): void {
  const put = (date: Date | null) => composer.change({ remindAt: date?.getTime() });
  const items: MenuItem[] = reminderTimes(new Date(), currentLanguage()).map(({ name, date, shown }) => ({ id: name, words: t(`reminder.${name}`), keys: shown, run: () => put(date) }));
  items.push({ separator: 'own' }, { id: 'own', words: t('compose.later.own'), icon: 'calendar', run: () => void askTime(LONGEST_SECONDS, 'reminder.choose', 'reminder.ok').then((date) => date && put(date)) });
  openMenu(anchor, items, { label: t('reminder.choose') });
}

export function ReminderChip({ composer }: { composer: Composer }) {
  const at = composer.draft.value.remindAt;
  if (at === undefined) return null;
  return (
    <p class="compose-reminder">
      <Icon name="bell" />
      <span>{t('reminder.at', { when: comingDate(new Date(at)) })}</span>
      <IconButton icon="x" label={t('reminder.cancel')} onClick={() => composer.change({ remindAt: undefined })} />
    </p>
  );
}
