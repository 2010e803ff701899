/**
 * Asks role web what is no JMAP: all below /auth (src/role/web/web_auth.c). What may need a proof that it is still the same person asks for
 * that proof, and is done again.
 */
import { at } from '../base/seat.ts';
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { t } from '../base/words.ts';
import { say } from '../model/undo.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { openOverlay } from '../ui/overlay.tsx';
import { hasPasskeys, usePasskey } from './passkey.ts';

export class AuthError extends Error {
  constructor(readonly reason: string, words: string) {
    super(words);
  }
}

export async function readAuth(answer: Response): Promise<any> {
  const told = (await answer.json()) as { reason?: string; detail?: string };
  if (!answer.ok) throw new AuthError(told.reason ?? '', told.detail ?? '');
  return told;
}

export async function postAuth(path: string, question: Record<string, unknown>): Promise<any> {
  return readAuth(await fetch(at(path), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) }));
}

/** undefined: it was not done; why is said. */
export async function doProved(path: string, question: Record<string, unknown>): Promise<any> {
  try {
    return await postAuth(path, question);
  } catch (error) {
    if (!(error instanceof AuthError) || error.reason !== 'unproved') {
      sayWhy(error);
      return undefined;
    }
  }
  try {
    const account = (await readAuth(await fetch(at('/auth/account')))) as Proofs;
    return (await prove(account)) ? await postAuth(path, question) : undefined;
  } catch (error) {
    sayWhy(error);
    return undefined;
  }
}

export function sayWhy(error: unknown): void {
  say(whyOf(error), true);
}

export function whyOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'InvalidStateError') return t('prove.passkeyIsThere');
  if (error instanceof DOMException) return t('prove.noPasskey');
  return error instanceof AuthError && error.message ? error.message : t('prove.notDone');
}

interface Proofs {
  secondFactor: boolean;
  codes: boolean;
  passkeys: readonly unknown[];
}

/** False: the person has closed the question. */
function prove(account: Proofs): Promise<boolean> {
  return new Promise((resolve) => {
    let proved = false;
    openOverlay(
      'dialog',
      (self) => (
        <ProofDialog
          account={account}
          close={self.close}
          done={() => {
            proved = true;
            self.close();
          }}
        />
      ),
      () => resolve(proved),
    );
  });
}

/** A password is no proof where there is a second step: then it is a code, or a passkey. */
function ProofDialog({ account, close, done }: { account: Proofs; close(): void; done(): void }) {
  const secret = useSignal('');
  const wrong = useSignal('');
  const id = useId();
  const typed = account.codes || !account.secondFactor;
  const key = account.passkeys.length > 0 && hasPasskeys();
  const attempt = async (work: () => Promise<unknown>) => {
    wrong.value = '';
    try {
      await work();
      done();
    } catch (error) {
      wrong.value = whyOf(error);
    }
  };
  const byPasskey = () =>
    attempt(async () => {
      const begun = await postAuth('/auth/passkey/options', { prove: true });
      await postAuth('/auth/passkey', { ticket: begun.ticket, prove: true, ...(await usePasskey(begun.options)) });
    });
  return (
    <Dialog title={t('prove.title')} close={close}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void (typed ? attempt(() => postAuth('/auth/prove', { secret: secret.peek() })) : byPasskey());
        }}
      >
        <p class="dialog-text">{t(!typed ? 'prove.byPasskey' : account.codes ? 'prove.byCode' : 'prove.byPassword')}</p>
        {typed && (
          <label class="field">
            <span class="field-label">{t(account.codes ? 'prove.code' : 'prove.password')}</span>
            <input class="field-input" type="password" required autofocus autocomplete={account.codes ? 'one-time-code' : 'current-password'} value={secret.value} aria-invalid={wrong.value !== ''} aria-describedby={wrong.value ? id : undefined} onInput={(event) => (secret.value = event.currentTarget.value)} />
          </label>
        )}
        {wrong.value && <p id={id} class="field-wrong" role="alert">{wrong.value}</p>}
        <div class="dialog-buttons">
          <Button onClick={close}>{t('prove.cancel')}</Button>
          {typed && key && <Button onClick={() => void byPasskey()}>{t('prove.usePasskey')}</Button>}
          <Button kind="primary" submit>{t(typed ? 'prove.goOn' : 'prove.usePasskey')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
