/** Above a mail that was sent: one is reminded of it, if nobody answers. */
import { comingDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { UNANSWERED, type Email } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { cancelReminders } from '../../model/snooze.ts';
import { Button } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';

export function ReminderLine({ email }: { email: Email }) {
  const now = mail().emails.of(email.id).value ?? email;
  const until = now.snoozed?.unlessAnswered ? new Date(now.snoozed.until) : undefined;
  if (until === undefined && !(now.awokenAt && UNANSWERED in now.keywords)) return null;
  return (
    <div class="reminder-line" role="note">
      <Icon name="bell" />
      <span>{until ? t('reminder.at', { when: comingDate(until) }) : t('reminder.isUnanswered')}</span>
      {until && <Button kind="quiet" onClick={() => void cancelReminders([now])}>{t('reminder.cancel')}</Button>}
    </div>
  );
}
