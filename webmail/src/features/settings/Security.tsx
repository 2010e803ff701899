/** Who may come in, and how: this account's password, second step, sessions, and passwords of mail programs. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { actions } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { doProved } from '../../frame/prove.tsx';
import { say } from '../../model/undo.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog, askText, askYes } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { type AppPassword, type WebSession, account, failed, loadAccount } from './auth.ts';
import { Command, Section, When } from './parts.tsx';
import { TwoStep } from './TwoStep.tsx';

const PROGRAMS = ['imap', 'smtp', 'pop3', 'sieve', 'web'];

export function Security() {
  useEffect(() => void loadAccount(), []);
  const state = account.value;
  if (failed.value) return <p role="alert">{t('settings.cannotLoad')} <Button onClick={() => void loadAccount()}>{t('settings.tryAgain')}</Button></p>;
  if (!state) return null;
  return (
    <>
      <Section title={t('settings.signingIn')} text={t('settings.signedInAs', { address: state.address })}>
        <div class="set-buttons">
          <Button onClick={changePassword}>{t('settings.changePassword')}</Button>
        </div>
        <Command words={`account password ${state.address}`} />
      </Section>
      <TwoStep state={state} />
      <Section title={t('settings.sessions')} text={t('settings.sessionsText')}>
        <ul class="set-list">
          {state.sessions.map((session) => <SessionRow key={session.id} session={session} isThis={session.id === state.session} />)}
        </ul>
        <div class="set-buttons">
          {state.sessions.length > 1 && <Button onClick={() => endOthers(state.sessions, state.session)}>{t('settings.endOthers')}</Button>}
          <Button onClick={() => void actions.run('account.signOut')}>{t('settings.signOut')}</Button>
        </div>
        <Command words={`account sessions ${state.address}`} />
      </Section>
      <Section title={t('settings.appPasswords')} text={t('settings.appPasswordsText')}>
        <ul class="set-list">
          {state.appPasswords.map((one) => <AppPasswordRow key={one.id} password={one} />)}
        </ul>
        <div class="set-buttons"><Button onClick={addAppPassword}>{t('settings.addAppPassword')}</Button></div>
        <Command words={`account app-add ${state.address} ${t('settings.nameOfProgram')}`} />
      </Section>
    </>
  );
}

function SessionRow({ session, isThis }: { session: WebSession; isThis: boolean }) {
  return (
    <li class="set-item">
      <div class="set-item-words">
        <strong>{session.agent ? agentWords(session.agent) : t('settings.unknownProgram')}</strong>
        <span class="set-text">{session.address} · {isThis ? t('settings.thisOne') : <When seconds={session.lastUsed} words="settings.lastUsed" />}</span>
      </div>
      {!isThis && (
        <Button
          onClick={async () => {
            if ((await doProved('/auth/sessions/end', { id: session.id })) === undefined) return;
            say(t('settings.sessionEnded'));
            await loadAccount();
          }}
        >
          {t('settings.end')}
        </Button>
      )}
    </li>
  );
}

/** "Firefox on Linux": what a browser says of itself, as far as people know it. */
export function agentWords(agent: string): string {
  const browser = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'].find((name) => agent.includes(`${name}/`));
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera' };
  const system = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']].find(([sign]) => agent.includes(sign!));
  if (!browser) return agent.slice(0, 60);
  const name = names[browser] ?? browser;
  return system ? t('settings.browserOn', { browser: name, system: system[1]! }) : name;
}

async function endOthers(sessions: WebSession[], own: number): Promise<void> {
  for (const session of sessions)
    if (session.id !== own && (await doProved('/auth/sessions/end', { id: session.id })) === undefined) return;
  say(t('settings.othersEnded'));
  await loadAccount();
}

function AppPasswordRow({ password }: { password: AppPassword }) {
  return (
    <li class="set-item">
      <div class="set-item-words">
        <strong>{password.name}</strong>
        <span class="set-text">{password.opens.map((name) => t(`settings.opens.${name}`)).join(', ')} · <When seconds={password.lastUsed} words="settings.lastUsed" /></span>
      </div>
      <Button
        onClick={async () => {
          const sure = await askYes({ title: t('settings.removeAppPassword', { name: password.name }), text: t('settings.removeAppPasswordText'), ok: t('settings.remove'), cancel: t('settings.cancel'), danger: true });
          if (!sure || (await doProved('/auth/passwords/remove', { id: password.id })) === undefined) return;
          await loadAccount();
        }}
      >
        {t('settings.remove')}
      </Button>
    </li>
  );
}

async function addAppPassword(): Promise<void> {
  const name = await askText({ title: t('settings.addAppPassword'), text: t('settings.addAppPasswordText'), label: t('settings.nameOfProgram'), value: '', ok: t('settings.add'), cancel: t('settings.cancel') });
  if (name === undefined) return;
  const made = await doProved('/auth/passwords/add', { name, opens: PROGRAMS });
  if (!made) return;
  await loadAccount();
  openOverlay('dialog', (self) => (
    <Dialog title={t('settings.appPasswordMade', { name })} close={self.close}>
      <p class="dialog-text">{t('settings.shownOnce')}</p>
      <code class="set-secret">{made.password as string}</code>
      <div class="dialog-buttons">
        <Button onClick={() => void navigator.clipboard.writeText(made.password as string).then(() => say(t('settings.copied')))}>{t('settings.copy')}</Button>
        <Button kind="primary" onClick={self.close}>{t('settings.done')}</Button>
      </div>
    </Dialog>
  ));
}

function changePassword(): void {
  openOverlay('dialog', (self) => <PasswordDialog close={self.close} />);
}

function PasswordDialog({ close }: { close(): void }) {
  const current = useSignal('');
  const next = useSignal('');
  const again = useSignal('');
  const wrong = useSignal('');
  const field = (label: string, value: typeof current, autocomplete: string) => (
    <label class="field">
      <span class="field-label">{label}</span>
      <input class="field-input" type="password" autocomplete={autocomplete} required value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
    </label>
  );
  return (
    <Dialog title={t('settings.changePassword')} close={close}>
      <form
        class="dialog-form set-fields"
        onSubmit={async (event) => {
          event.preventDefault();
          wrong.value = next.value === again.value ? '' : t('settings.notAlike');
          if (wrong.value || (await doProved('/auth/password', { current: current.value, new: next.value })) === undefined) return;
          close();
          say(t('settings.passwordChanged'));
          await loadAccount();
        }}
      >
        <p class="dialog-text">{t('settings.changePasswordText')}</p>
        {field(t('settings.currentPassword'), current, 'current-password')}
        {field(t('settings.newPassword'), next, 'new-password')}
        {field(t('settings.newPasswordAgain'), again, 'new-password')}
        {wrong.value && <p class="field-wrong" role="alert">{wrong.value}</p>}
        <div class="dialog-buttons">
          <Button onClick={close}>{t('settings.cancel')}</Button>
          <Button kind="primary" submit>{t('settings.change')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
