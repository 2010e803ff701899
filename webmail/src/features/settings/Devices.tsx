/** What this device tells of new mail, what it keeps, and how a phone or another program is set up. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { currentLocale } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { setupPath } from '../../frame/router.ts';
import { mail } from '../../model/current.ts';
import { mailboxesInOrder, mailboxIcon, mailboxPath } from '../../model/mailboxes.ts';
import { allowNotifications, notifications, notificationsChanged, stopNotifications, type Notifications } from '../../model/notifications.ts';
import { changeSetting, setting } from '../../model/settings.ts';
import { say } from '../../model/undo.ts';
import { Icon } from '../../ui/Icon.tsx';
import { changedTo, Section, Select, Switch, switched } from './parts.tsx';

export function Devices() {
  return (
    <>
      <Section title={t('settings.notifications')} text={t('settings.notificationsText')}>
        <NotificationSwitch />
      </Section>
      <Section title={t('settings.offline')} text={t('settings.offlineText')}>
        <Kept />
      </Section>
      <Section title={t('settings.phone')} text={t('settings.phoneText')}>
        <div class="set-buttons"><a class="button button-plain" href={setupPath(mail().layer.session.username)}>{t('settings.phoneOpen')}</a></div>
      </Section>
    </>
  );
}

/** As many as anybody has: all mail. */
const ALL_DAYS = 36_500;
const DAYS = [7, 30, 90, 365, ALL_DAYS];
/** What was fetched anew is counted when it is written: the figure follows within so long. */
const LOOK_MS = 3_000;

function Kept() {
  const { layer, status } = mail();
  const { kept = 'none', days } = status.value;
  const used = useSignal<number | undefined>(undefined);
  useEffect(() => {
    const look = () => void navigator.storage?.estimate?.().then(({ usage }) => (used.value = usage), () => undefined);
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      {kept === 'whole' && days !== undefined && layer.keepDays && (
        <Select
          label={t('settings.offlineDays')}
          options={[...new Set([...DAYS, days])].sort((a, b) => a - b).map((count) => ({ value: String(count), words: count >= ALL_DAYS ? t('settings.offlineAll') : t('settings.offlineLast', { count }) }))}
          value={String(days)}
          onChange={(value) => void layer.keepDays?.(Number(value)).catch(() => say(t('change.offline'), true))}
        />
      )}
      <p class="set-text">{t(`settings.kept.${kept}`)} {kept !== 'none' && used.value !== undefined && t('settings.offlineUsed', { size: megabytes(used.value) })}</p>
    </>
  );
}

function megabytes(octets: number): string {
  const value = octets / 1_000_000;
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: 'megabyte', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

function NotificationSwitch() {
  const state = useSignal<Notifications | undefined>(undefined);
  const busy = useSignal(false);
  const { layer } = mail();
  useEffect(() => void notifications(layer).then((now) => (state.value = now), () => (state.value = 'unsupported')), []);
  const set = async (on: boolean) => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      if (on) state.value = await allowNotifications(layer);
      else {
        await stopNotifications(layer);
        state.value = 'off';
      }
      if (state.value === 'on' || state.value === 'off') say(t(state.value === 'on' ? 'settings.notificationsOn' : 'settings.notificationsOff'));
    } catch {
      say(t('settings.notificationsFailed'), true);
      state.value = await notifications(layer).catch(() => 'off' as const);
    } finally {
      busy.value = false;
    }
  };
  const now = state.value;
  if (now === undefined) return null;
  if (now === 'unsupported') return <p class="set-text">{t('settings.notificationsNot')}</p>;
  return (
    <>
      <Switch key={`${now} ${busy.value}`} label={t('settings.notificationsSwitch')} on={now === 'on'} onChange={(on) => void set(on)} />
      {now === 'on' && <NotifyOf />}
      {now === 'denied' && <p class="set-text" role="status">{t('settings.notificationsDenied')}</p>}
    </>
  );
}

/** No mail of these comes, or nobody wants to be told of it. */
const NEVER: (string | null)[] = ['drafts', 'sent', 'trash', 'junk', 'snoozed', 'scheduled', 'templates'];

/** Of what one is told: kept at the server, so that all devices tell of the same. */
function NotifyOf() {
  const store = mail();
  const folders = setting('notifyFolders');
  const known = setting('notifyKnown');
  const inbox = store.mailboxWithRole('inbox')?.id;
  const all = mailboxesInOrder(store, [store.mainAccount]).filter((one) => !NEVER.includes(one.role));
  const chosen = folders.value.length > 0 ? folders.value : inbox === undefined ? [] : [inbox];
  const nameOf = (id: string) => all.filter((one) => one.id === id).map((one) => mailboxPath(store, one)).join();
  const changed = () => void notificationsChanged(store.layer).catch(() => undefined);
  const choose = (id: string, on: boolean) => {
    const next = on ? [...chosen, id] : chosen.filter((one) => one !== id);
    changeSetting('notifyFolders', next.length === 1 && next[0] === inbox ? [] : next, changedTo(t('settings.notifyFolders'), next.map(nameOf).join(', ')), changed);
  };
  return (
    <>
      <fieldset class="set-row">
        <legend class="set-label">{t('settings.notifyFolders')}</legend>
        <div class="set-choices">
          {all.map((mailbox) => (
            <label key={mailbox.id} class="set-choice">
              <input type="checkbox" checked={chosen.includes(mailbox.id)} disabled={chosen.length === 1 && chosen[0] === mailbox.id} onChange={(event) => choose(mailbox.id, event.currentTarget.checked)} />
              <Icon name={mailboxIcon(mailbox.role)} />
              {mailboxPath(store, mailbox)}
            </label>
          ))}
        </div>
      </fieldset>
      <Switch
        label={t('settings.notifyKnown')}
        text={t('settings.notifyKnownText')}
        on={known.value}
        onChange={(on) => changeSetting('notifyKnown', on, switched(t('settings.notifyKnown'), on), changed)}
      />
    </>
  );
}
