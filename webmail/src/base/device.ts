/** A name for this browser, made once: the server tells its subscriptions apart by it (RFC 8620 section 7.2). Gone after signing out. */
const KEY = 'postrider.device';

export function deviceId(): string {
  let id = localStorage.getItem(KEY);
  if (!id) localStorage.setItem(KEY, (id = crypto.randomUUID()));
  return id;
}

/** Where settings wait that are not at the server yet: a key for each person. */
export const UNSENT = 'postrider.unsent.';

/** At sign-out: all but what waits of others. */
export function forgetLocal(username: string): void {
  const names = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at)!);
  for (const name of names) if (!name.startsWith(UNSENT) || name === UNSENT + username) localStorage.removeItem(name);
  sessionStorage.clear();
}
