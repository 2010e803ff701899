/** What this device tells of new mail, what it keeps, and how a phone or another program is set up. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { allowNotifications, notifications, stopNotifications, type Notifications } from '../../model/notifications.ts';
import { say } from '../../model/undo.ts';
import { Section, Switch } from './parts.tsx';

export function Devices() {
  return (
    <>
      <Section title={t('settings.notifications')} text={t('settings.notificationsText')}>
        <NotificationSwitch />
      </Section>
      <Section title={t('settings.offline')} text={t('settings.offlineText')}>
        <p class="set-text">{t(`settings.kept.${mail().status.value.kept ?? 'none'}`)}</p>
      </Section>
      <Section title={t('settings.phone')} text={t('settings.phoneText')}>
        <div class="set-buttons"><a class="button button-plain" href="/setup">{t('settings.phoneOpen')}</a></div>
      </Section>
    </>
  );
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
      {now === 'denied' && <p class="set-text" role="status">{t('settings.notificationsDenied')}</p>}
    </>
  );
}
