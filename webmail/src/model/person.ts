/**
 * Whose settings this browser keeps beside the mail (localStorage). They are one person's: when a session ends they go, and whoever signs in
 * finds none of another one's, nor changes them, where two people's pages are open for a moment.
 */
import { UNSENT } from '../base/device.ts';

const PREFIX = 'postrider.';
const PERSON = 'postrider.person';
/** What has to do with this window or this browser, whoever uses it; whatever else begins as ours is the person's. */
const OF_BROWSER = new Set(['layout', 'foldersWidth', 'listWidth', 'listHeight', 'foldersHidden', 'showTimings', 'device', 'signing-in'].map((name) => PREFIX + name));

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
  for (const name of names) if (name.startsWith(PREFIX) && !OF_BROWSER.has(name) && !name.startsWith(UNSENT)) place!.removeItem(name);
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
