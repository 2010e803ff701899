/**
 * Whose settings this browser keeps beside the mail (localStorage), in this seat. They are one person's: when a session ends they go, and
 * whoever signs in finds none of another one's, nor changes them, where two people's pages are open for a moment.
 */
import { OF_WINDOW, UNSENT } from '../base/device.ts';
import { isOwnKey, ownKey } from '../base/seat.ts';

const PERSON = ownKey('person');
/** Beside the person, for whoever else uses this browser: base/seat.ts. */
const NAME = ownKey('name');
/** What outlasts a session: it goes when the person signs out. */
const OF_SEAT = new Set(['device', 'signing-in'].map((name) => ownKey(name)));

/** Where the browser keeps a setting. */
export const keyOf = (setting: string): string => (OF_WINDOW.has(setting) ? ownKey(setting, 0) : ownKey(setting));
const STAYS = new Set([...[...OF_WINDOW].map(keyOf), ...OF_SEAT]);

let person: string | undefined;

/** A browser may keep nothing (private windows, full disk), or be none (tests). */
function kept(): string | null {
  try {
    return globalThis.localStorage?.getItem(PERSON) ?? null;
  } catch {
    return null;
  }
}

/** Nothing of the person stays in this browser but what is not at the server yet: that waits for the same one. */
export function forgetPerson(): void {
  const place = globalThis.localStorage;
  const names = Array.from({ length: place?.length ?? 0 }, (_, at) => place!.key(at)!);
  for (const name of names) if (isOwnKey(name) && !STAYS.has(name) && !name.startsWith(UNSENT)) place!.removeItem(name);
}

/** The server has said who is signed in. True: what was kept was another one's, and is gone. */
export function claimBrowser(username: string): boolean {
  person = username;
  if (kept() === username) return false;
  try {
    forgetPerson();
    globalThis.localStorage?.setItem(PERSON, username);
  } catch {
    // See kept().
  }
  return true;
}

/** The page of a person whose session has ended reads and writes nothing any more. */
export function isBrowserOwn(): boolean {
  return person === undefined || kept() === person;
}

/** What others who use this browser see of this person, beside the address. */
export function noteName(name: string): void {
  try {
    if (isBrowserOwn()) globalThis.localStorage?.setItem(NAME, name);
  } catch {
    // See kept().
  }
}

/** The account's page lets this one do the signing out (src/role/web/pages/passkey.js): it leaves a mark, for this tab. True: once for each. */
export function takeSignOut(): boolean {
  try {
    const key = ownKey('sign-out');
    const isWanted = globalThis.sessionStorage.getItem(key) !== null;
    globalThis.sessionStorage.removeItem(key);
    return isWanted;
  } catch {
    return false;
  }
}
