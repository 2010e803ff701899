/** The account's way in: sessions, passwords of programs, password. Role web has these by paths of their own, not by JMAP (src/role/web/web_auth.c). */
import { signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { askText } from '../../ui/Dialog.tsx';
import { say } from '../../model/undo.ts';

export interface WebSession {
  id: number;
  agent: string;
  address: string;
  /** Seconds since 1970, as in all of these. */
  created: number;
  lastUsed: number;
  /** A token of a program, not a browser. */
  program: boolean;
}

export interface AppPassword {
  id: number;
  name: string;
  opens: string[];
  created: number;
  lastUsed: number;
}

export interface AccountState {
  address: string;
  session: number;
  proved: number;
  password: boolean;
  secondFactor: boolean;
  codes: boolean;
  recoveryCodes: number;
  sessions: WebSession[];
  appPasswords: AppPassword[];
  passkeys: { id: number; name: string; site: string; created: number; lastUsed: number }[];
}

class AuthError extends Error {
  constructor(readonly reason: string, words: string) {
    super(words);
  }
}

export const account = signal<AccountState | undefined>(undefined);
export const failed = signal(false);

async function read(answer: Response): Promise<any> {
  const told = (await answer.json()) as { reason?: string; detail?: string };
  if (!answer.ok) throw new AuthError(told.reason ?? '', told.detail ?? '');
  return told;
}

export async function loadAccount(): Promise<void> {
  try {
    account.value = (await read(await fetch('/auth/account'))) as AccountState;
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

async function post(path: string, question: Record<string, unknown>): Promise<any> {
  return read(await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) }));
}

/**
 * Does what may need a proof that it is still the same person: then the password is asked for, and it is done again. undefined: it was
 * not done; why is said.
 */
export async function doProved(path: string, question: Record<string, unknown>): Promise<any> {
  try {
    return await post(path, question);
  } catch (error) {
    if (!(error instanceof AuthError) || error.reason !== 'unproved') {
      say(error instanceof AuthError && error.message ? error.message : t('settings.notDone'), true);
      return undefined;
    }
  }
  const secret = await askText({
    title: t('settings.prove'),
    text: t(account.peek()?.codes ? 'settings.proveByCode' : 'settings.proveByPassword'),
    label: t(account.peek()?.codes ? 'settings.code' : 'settings.password'),
    value: '',
    secret: true,
    ok: t('settings.goOn'),
    cancel: t('settings.cancel'),
  });
  if (secret === undefined) return undefined;
  try {
    await post('/auth/prove', { secret });
    return await post(path, question);
  } catch (error) {
    say(error instanceof AuthError && error.message ? error.message : t('settings.notDone'), true);
    return undefined;
  }
}
