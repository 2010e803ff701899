/** As whom one writes: from the address that was written to. */
import { sameAddress } from './people.ts';
import type { Original, Person, Sender } from './types.ts';

function split(address: string): [string, string] {
  const at = address.lastIndexOf('@');
  return [address.slice(0, at).toLowerCase(), address.slice(at + 1).toLowerCase()];
}

/** "alice+shop@example.test" is a sub-address of "alice@example.test". */
export function isSubaddress(address: string, base: string): boolean {
  const [local, domain] = split(address);
  const [baseLocal, baseDomain] = split(base);
  return domain === baseDomain && local.startsWith(`${baseLocal}+`) && local.length > baseLocal.length + 1;
}

export interface ChosenSender {
  identityId: string;
  fromEmail: string | null;
}

/** The identity that an address belongs to. */
export function senderOf(address: string, senders: readonly Sender[]): ChosenSender | null {
  const exact = senders.find((s) => sameAddress(s.email, address));
  if (exact) return { identityId: exact.id, fromEmail: null };
  const sub = senders.find((s) => isSubaddress(address, s.email));
  return sub ? { identityId: sub.id, fromEmail: address } : null;
}

export function isMine(person: Person, senders: readonly Sender[]): boolean {
  return senderOf(person.email, senders) !== null;
}

/** As whom an answer goes out: as who wrote it, if that was me; else at the address where it was delivered; else the one that it names. */
export function answeringSender(original: Original, senders: readonly Sender[], usual: string | null): ChosenSender {
  const own = original.from.map((p) => senderOf(p.email, senders)).find((s) => s !== null);
  if (own) return own;
  const addressed = [...original.to, ...original.cc, ...original.bcc].map((p) => p.email);
  // An address that is both named and delivered at is surest; a list's mail names only the list.
  const both = original.deliveredTo.filter((d) => addressed.some((a) => sameAddress(a, d)));
  for (const address of [...both, ...addressed, ...original.deliveredTo]) {
    const found = senderOf(address, senders);
    if (found) return found;
  }
  return { identityId: usual ?? senders[0]?.id ?? '', fromEmail: null };
}
