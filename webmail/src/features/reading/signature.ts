/** What the server thinks of a message's S/MIME signature (RFC 9219), in words. What it does not say for certain is not shown as certain. */
import { t } from '../../base/words.ts';
import type { WholeEmail } from '../../model/reading.ts';
import { shortDate } from './facts.ts';

export interface Signature {
  level: 'plain' | 'caution';
  text: string;
  /** Why it is not to be believed: the server's sentences. */
  errors: readonly string[];
}

/** Undefined: there is nothing to say: no signature, or none that somebody has looked at. */
export function signatureOf(email: WholeEmail, now = new Date()): Signature | undefined {
  const author = email.from?.length === 1 ? email.from[0]!.email : undefined;
  if (email.smimeStatus === 'signed/verified' && author && email.smimeVerifiedAt)
    // The signer's certificate is for the address in From: that is a part of being verified.
    return { level: 'plain', text: t('signature.verified', { address: author, when: shortDate(new Date(email.smimeVerifiedAt), now) }), errors: [] };
  if (email.smimeStatus === 'signed/failed') return { level: 'caution', text: t('signature.failed'), errors: email.smimeErrors ?? [] };
  return undefined;
}
