/** A name for this browser, made once: the server tells its subscriptions apart by it (RFC 8620 section 7.2). Gone after signing out. */
const KEY = 'postrider.device';

export function deviceId(): string {
  let id = localStorage.getItem(KEY);
  if (!id) localStorage.setItem(KEY, (id = crypto.randomUUID()));
  return id;
}

/** At sign-out, when all that is worth keeping is at the server. */
export function forgetLocal(): void {
  localStorage.clear();
  sessionStorage.clear();
}
