/** The second step of signing in: codes of an authenticator program, recovery codes, and passkeys. */
import { useSignal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { hasPasskeys, makePasskey } from '../../frame/passkey.ts';
import { doProved, postAuth, sayWhy, whyOf } from '../../frame/prove.tsx';
import { say } from '../../model/undo.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog, askText, askYes } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { type AccountState, type Passkey, loadAccount } from './auth.ts';
import { Section, When } from './parts.tsx';
import { QrCode } from './QrCode.tsx';

export function TwoStep({ state }: { state: AccountState }) {
  return (
    <>
      <Section title={t('twostep.title')} text={t(state.secondFactor ? 'twostep.isOn' : 'twostep.isOff')}>
        <ul class="set-list">
          <li class="set-item">
            <div class="set-item-words">
              <strong>{t('twostep.codes')}</strong>
              <span class="set-text">{t(state.codes ? 'twostep.codesOn' : 'twostep.codesOff')}</span>
            </div>
            {state.codes ? <Button onClick={() => void codesOff()}>{t('twostep.switchOff')}</Button> : <Button onClick={() => void setUpCodes()}>{t('twostep.setUp')}</Button>}
          </li>
          {state.secondFactor && (
            <li class="set-item">
              <div class="set-item-words">
                <strong>{t('twostep.recovery')}</strong>
                <span class="set-text">{t('twostep.recoveryLeft', { count: state.recoveryCodes })}</span>
              </div>
              <Button onClick={() => void newRecoveryCodes()}>{t('twostep.recoveryNew')}</Button>
            </li>
          )}
        </ul>
      </Section>
      <Section title={t('twostep.passkeys')} text={t('twostep.passkeysText')}>
        <ul class="set-list">{state.passkeys.map((one) => <PasskeyRow key={one.id} passkey={one} isLast={state.passkeys.length === 1 && !state.codes} />)}</ul>
        {hasPasskeys() ? <div class="set-buttons"><Button icon="plus" onClick={() => void addPasskey()}>{t('twostep.addPasskey')}</Button></div> : <p class="set-text">{t('twostep.noPasskeys')}</p>}
      </Section>
    </>
  );
}

/* ---- codes ---- */

interface Begun {
  ticket: string;
  codes: { uri: string; secret: string };
  qr?: string[];
}

async function setUpCodes(): Promise<void> {
  const begun = (await doProved('/auth/codes/begin', {})) as Begun | undefined;
  if (begun) openOverlay('dialog', (self) => <CodesDialog begun={begun} close={self.close} />);
}

function CodesDialog({ begun, close }: { begun: Begun; close(): void }) {
  const code = useSignal('');
  const wrong = useSignal('');
  const { uri, secret } = begun.codes;
  return (
    <Dialog title={t('twostep.codes')} close={close} class="twostep-dialog">
      <form
        class="dialog-form set-fields"
        onSubmit={async (event) => {
          event.preventDefault();
          wrong.value = '';
          try {
            const done = await postAuth('/auth/codes/set', { ticket: begun.ticket, code: code.peek().replaceAll(' ', '') });
            close();
            await loadAccount();
            showRecoveryCodes(done.recoveryCodes as string[] | undefined, t('twostep.codesSet'));
          } catch (error) {
            wrong.value = whyOf(error);
          }
        }}
      >
        <p class="dialog-text">{t('twostep.scan')}</p>
        {begun.qr && <QrCode rows={begun.qr} label={t('twostep.qr')} />}
        <p class="dialog-text">{t('twostep.orType')} <a href={uri}>{t('twostep.openHere')}</a></p>
        <code class="set-secret">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
        <label class="field">
          <span class="field-label">{t('prove.code')}</span>
          <input class="field-input" type="text" inputmode="numeric" autocomplete="one-time-code" required autofocus value={code.value} aria-invalid={wrong.value !== ''} onInput={(event) => (code.value = event.currentTarget.value)} />
        </label>
        {wrong.value && <p class="field-wrong" role="alert">{wrong.value}</p>}
        <p class="set-text">{t('twostep.appPasswordsNeeded')}</p>
        <div class="dialog-buttons">
          <Button onClick={close}>{t('settings.cancel')}</Button>
          <Button kind="primary" submit>{t('twostep.switchOn')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

async function codesOff(): Promise<void> {
  const sure = await askYes({ title: t('twostep.codesOffAsk'), text: t('twostep.codesOffText'), ok: t('twostep.switchOff'), cancel: t('settings.cancel'), danger: true });
  if (!sure || (await doProved('/auth/codes/remove', {})) === undefined) return;
  say(t('twostep.codesAreOff'));
  await loadAccount();
}

/* ---- recovery codes ---- */

async function newRecoveryCodes(): Promise<void> {
  const made = await doProved('/auth/recovery/make', {});
  if (!made) return;
  await loadAccount();
  showRecoveryCodes(made.recoveryCodes as string[], t('twostep.recoveryMade'));
}

/** words: what was done. Without codes that alone is said. */
function showRecoveryCodes(codes: string[] | undefined, words: string): void {
  if (!codes?.length) {
    say(words);
    return;
  }
  openOverlay('dialog', (self) => (
    <Dialog title={t('twostep.recovery')} close={self.close} class="twostep-dialog">
      <p class="dialog-text">{words} {t('twostep.recoveryText')}</p>
      <ul class="twostep-codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div class="dialog-buttons">
        <Button icon="copy" onClick={() => void navigator.clipboard.writeText(codes.join('\n')).then(() => say(t('settings.copied')))}>{t('settings.copy')}</Button>
        <Button icon="download" onClick={() => saveText(`${codes.join('\n')}\n`)}>{t('twostep.save')}</Button>
        <Button kind="primary" onClick={self.close}>{t('settings.done')}</Button>
      </div>
    </Dialog>
  ));
}

function saveText(text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = `${t('twostep.recovery')}.txt`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/* ---- passkeys ---- */

function PasskeyRow({ passkey, isLast }: { passkey: Passkey; isLast: boolean }) {
  return (
    <li class="set-item">
      <div class="set-item-words">
        <strong>{passkey.name}</strong>
        <span class="set-text">{passkey.site} · <When seconds={passkey.lastUsed} words="settings.lastUsed" /></span>
      </div>
      <Button
        onClick={async () => {
          const text = t(isLast ? 'twostep.removeLastText' : 'twostep.removePasskeyText');
          const sure = await askYes({ title: t('twostep.removePasskey', { name: passkey.name }), text, ok: t('settings.remove'), cancel: t('settings.cancel'), danger: true });
          if (!sure || (await doProved('/auth/passkeys/remove', { id: passkey.id })) === undefined) return;
          await loadAccount();
        }}
      >
        {t('settings.remove')}
      </Button>
    </li>
  );
}

async function addPasskey(): Promise<void> {
  const name = await askText({ title: t('twostep.addPasskey'), text: t('twostep.addPasskeyText'), label: t('settings.nameOfProgram'), value: '', ok: t('settings.add'), cancel: t('settings.cancel') });
  if (name === undefined) return;
  const begun = await doProved('/auth/passkeys/begin', {});
  if (!begun) return;
  try {
    const made = await makePasskey(begun.options);
    const done = await postAuth('/auth/passkeys/add', { ticket: begun.ticket, name, ...made });
    await loadAccount();
    showRecoveryCodes(done.recoveryCodes as string[] | undefined, t('twostep.passkeyAdded', { name }));
  } catch (error) {
    sayWhy(error);
  }
}
