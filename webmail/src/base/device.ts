/** A name for this browser, made once: the server tells its subscriptions apart by it (RFC 8620 section 7.2). Gone after signing out. */
import { isOwnKey, named, ownKey, seatsBut } from './seat.ts';

const KEY = ownKey('device');

export function deviceId(): string {
  let id = localStorage.getItem(KEY);
  if (!id) localStorage.setItem(KEY, (id = crypto.randomUUID()));
  return id;
}

/** Where settings wait that are not at the server yet: a key for each person. */
export const UNSENT = 'postrider.unsent.';

/** Notes of files that are under way begin so. */
const uploadsOf = (seat?: number): string => `${named('upload', seat)}/`;
export const UPLOADS = uploadsOf();

const namesIn = (place: Storage): string[] => Array.from({ length: place.length }, (_, at) => place.key(at)!);

/** Settings that have to do with this window, whoever uses it. */
export const OF_WINDOW = new Set(['layout', 'foldersWidth', 'listWidth', 'listHeight', 'foldersHidden', 'showTimings']);

/** At sign-out: all but what waits of others. `beside`: who else is signed in in this browser; what is theirs stays. */
export function forgetLocal(username: string, beside: readonly { seat: number }[]): void {
  const isAlone = beside.length === 0;
  const gone = seatsBut(beside);
  const ofWindow = new Set([...OF_WINDOW].map((name) => ownKey(name, 0)));
  const isGone = (name: string): boolean => isAlone || gone.some((seat) => name.startsWith(uploadsOf(seat)) || (isOwnKey(name, seat) && !ofWindow.has(name)));
  for (const name of namesIn(localStorage)) if (name === UNSENT + username || (isGone(name) && !name.startsWith(UNSENT))) localStorage.removeItem(name);
  if (isAlone) sessionStorage.clear();
  else for (const name of namesIn(sessionStorage)) if (isGone(name)) sessionStorage.removeItem(name);
}
