/** When a conversation is to come back: the usual times, or any. */
import { laterTimes, localInput } from '../../base/times.ts';
import { currentLocale, wholeDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { snooze } from '../../model/snooze.ts';
import { holdTargets } from '../../model/target.ts';
import { askText } from '../../ui/Dialog.tsx';
import { best, openPicker, type Choice } from '../../ui/Picker.tsx';

function firstDayOfWeek(): number {
  const locale = new Intl.Locale(currentLocale()) as Intl.Locale & { getWeekInfo?(): { firstDay: number }; weekInfo?: { firstDay: number } };
  return locale.getWeekInfo?.().firstDay ?? locale.weekInfo?.firstDay ?? 1;
}

export function pickSnooze(): void {
  const within = holdTargets();
  const put = (at: Date) => void within(() => snooze(at));
  const choices: Choice[] = laterTimes(new Date(), firstDayOfWeek()).map(({ name, at }) => ({
    id: name,
    words: t(`snooze.${name}`),
    detail: wholeDate(at),
    icon: 'clock',
    run: () => put(at),
  }));
  choices.push({ id: 'date', words: t('snooze.date'), icon: 'calendar', run: () => void pickDate(within) });
  openPicker({
    label: t('action.mail.snooze'),
    placeholder: t('snooze.until'),
    none: t('snooze.none'),
    choices: (text) => best(text, choices, (choice) => choice.words),
  });
}

async function pickDate(within: <T>(run: () => T) => T): Promise<void> {
  const now = new Date();
  const text = await askText({
    title: t('action.mail.snooze'),
    label: t('snooze.until'),
    type: 'datetime-local',
    value: localInput(new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 8)),
    ok: t('action.mail.snooze'),
    cancel: t('folders.cancel'),
    wrong: (value) => (new Date(value).getTime() > Date.now() ? undefined : t('snooze.past')),
  });
  if (text !== undefined) await within(() => snooze(new Date(text)));
}
