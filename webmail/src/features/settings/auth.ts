/** The account's way in: sessions, passwords of programs, password. Role web has these by paths of their own, not by JMAP (src/role/web/web_auth.c). */
import { at } from '../../base/seat.ts';
import { signal } from '@preact/signals';
import { readAuth } from '../../frame/prove.tsx';

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

export interface Passkey {
  id: number;
  name: string;
  /** The name of the server by which the browser made it, and uses it. */
  site: string;
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
  passkeys: Passkey[];
}

export const account = signal<AccountState | undefined>(undefined);
export const failed = signal(false);

export async function loadAccount(): Promise<void> {
  try {
    account.value = (await readAuth(await fetch(at('/auth/account')))) as AccountState;
    failed.value = false;
  } catch {
    failed.value = true;
  }
}
