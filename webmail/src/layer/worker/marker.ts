/**
 * A form that signs somebody in leaves a mark in the browser (src/role/web/pages/passkey.js). While it is there, nothing that is kept is
 * shown, and no other tab believed, before the server has said who is signed in.
 */
import { ownKey } from '../../base/seat.ts';

const KEY = ownKey('signing-in');

/** A worker's name: it begins with such a mark. */
export const ANEW = 'layer anew';

export function signingIn(): string | null {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

/** The server has said who it is, for this mark; another one may have been left since. */
export function signedIn(mark: string | null): void {
  if (mark !== null && signingIn() === mark) localStorage.removeItem(KEY);
}
