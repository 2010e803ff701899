/** What waits: mails for their time, and mails for a connection. A line in the list of folders leads here. */
import { useEffect } from 'preact/hooks';
import { currentLanguage, sayNumber, t } from '../../../base/words.ts';
import type { Email } from '../../../jmap/types.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Dialog } from '../../../ui/Dialog.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { openOverlay } from '../../../ui/overlay.tsx';
import { mail } from '../../../model/current.ts';
import { spokenName } from '../draft/people.ts';
import { cancelScheduled, editScheduled, loadScheduled, moveScheduled, scheduled, sendScheduledNow, type Scheduled } from '../scheduled.ts';
import { deliver, editWaiting, maxDelay, outbox } from '../sending.ts';
import { askTime } from './later.tsx';

export function openWaiting(): void {
  openOverlay('dialog', (self) => <WaitingDialog close={self.close} />);
}

/** In the pane of folders: drawn only when something waits. */
export function WaitingLink() {
  const count = scheduled.value.length + outbox.value.length;
  if (!count) return null;
  return (
    <button type="button" class="waiting-link" onClick={openWaiting}>
      <Icon name="clock" />
      <span class="waiting-words">{t(scheduled.value.length > 0 ? 'compose.waiting' : 'compose.outbox')}</span>
      <span class="waiting-count">{sayNumber(count)}</span>
    </button>
  );
}

function WaitingDialog({ close }: { close(): void }) {
  useEffect(() => void loadScheduled().catch((error: unknown) => reportError(error)), []);
  return (
    <Dialog title={t('compose.waiting')} class="waiting-dialog" close={close}>
      {outbox.value.length > 0 && (
        <>
          <h3 class="waiting-head">{t('compose.outbox')}</h3>
          <ul class="waiting-list">
            {outbox.value.map((one) => (
              <li key={one.kept.draft.key} class="waiting-row">
                <span class="waiting-what">
                  <span class="waiting-subject">{one.kept.draft.subject || t('compose.title.new')}</span>
                  <span class="waiting-to">{one.kept.draft.to.map(spokenName).join(', ')}</span>
                </span>
                <span class="waiting-when">{t(one.state === 'sending' ? 'compose.outbox.sending' : 'compose.outbox.waiting')}</span>
                <IconButton icon="send" label={t('compose.outbox.now')} disabled={one.state === 'sending'} onClick={() => void deliver(one.kept)} />
                <IconButton icon="pencil" label={t('compose.outbox.edit')} disabled={one.state === 'sending'} onClick={() => {
                  close();
                  void editWaiting(one);
                }} />
              </li>
            ))}
          </ul>
        </>
      )}
      {scheduled.value.length > 0 && <h3 class="waiting-head">{t('compose.scheduledHead')}</h3>}
      <ul class="waiting-list">
        {scheduled.value.map((one) => <Row key={one.submissionId} one={one} close={close} />)}
      </ul>
      {!scheduled.value.length && !outbox.value.length && <p class="dialog-text">{t('compose.nothingWaits')}</p>}
      <div class="dialog-buttons"><Button onClick={close}>{t('compose.close')}</Button></div>
    </Dialog>
  );
}

const spokenTime = (date: Date): string => new Intl.DateTimeFormat(currentLanguage(), { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }).format(date);
const changeTime = (one: Scheduled): void => void askTime(maxDelay(mail().mainAccount)).then((date) => date && moveScheduled(one, date));

/** Above a mail that waits for its time. */
export function ScheduledBanner({ email }: { email: Email }) {
  const one = scheduled.value.find(({ emailId }) => emailId === email.id);
  if (!one) return null;
  return (
    <div class="draft-banner">
      <span>{t('compose.scheduled', { when: spokenTime(one.sendAt) })}</span>
      <Button icon="calendar" onClick={() => changeTime(one)}>{t('compose.later.change')}</Button>
      <Button icon="x" onClick={() => cancelScheduled(one)}>{t('compose.cancelSending')}</Button>
    </div>
  );
}

function Row({ one, close }: { one: Scheduled; close(): void }) {
  return (
    <li class="waiting-row">
      <span class="waiting-what">
        <span class="waiting-subject">{one.subject || t('compose.noSubject.shown')}</span>
        <span class="waiting-to">{one.to.map(spokenName).join(', ')}</span>
      </span>
      <time class="waiting-when" dateTime={one.sendAt.toISOString()}>{spokenTime(one.sendAt)}</time>
      <IconButton icon="calendar" label={t('compose.later.change')} onClick={() => changeTime(one)} />
      <IconButton icon="send" label={t('compose.sendNow')} onClick={() => sendScheduledNow(one)} />
      <IconButton icon="pencil" label={t('compose.outbox.edit')} onClick={() => {
        close();
        editScheduled(one);
      }} />
      <IconButton icon="x" label={t('compose.cancelSending')} onClick={() => cancelScheduled(one)} />
    </li>
  );
}
