/** Leaving a mailing list: by the server where the list takes one click (RFC 8058), else by a mail that the reader sends, else at its page. */
import { at } from '../../base/seat.ts';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { writeTo, type WholeEmail } from '../../model/reading.ts';
import { say } from '../../model/undo.ts';
import { askYes } from '../../ui/Dialog.tsx';

export interface Ways {
  /** An address that takes a POST, and means it. */
  oneClick?: string;
  mailto?: string;
  page?: string;
}

/** One click only where a signature proves that the list wrote this (RFC 8058 section 4): else anybody could have our server knock at any address. */
export function waysOut(email: Pick<WholeEmail, 'header:List-Unsubscribe:asURLs' | 'header:List-Unsubscribe-Post:asText' | 'verdict'>): Ways {
  const isSigned = !email.verdict?.standing || email.verdict.by.includes('dkim');
  const urls = email['header:List-Unsubscribe:asURLs'] ?? [];
  const web = urls.find((url) => /^https:\/\//i.test(url));
  const isOneClick = /^\s*List-Unsubscribe=One-Click\s*$/i.test(email['header:List-Unsubscribe-Post:asText'] ?? '');
  return { oneClick: isOneClick && isSigned ? web : undefined, mailto: urls.find((url) => /^mailto:/i.test(url)), page: web };
}

export async function unsubscribe(email: WholeEmail): Promise<void> {
  const ways = waysOut(email);
  const name = email.from?.[0]?.name || email.from?.[0]?.email || '';
  if (ways.oneClick) {
    if (!(await askYes({ title: t('unsubscribe.title', { name }), text: t('unsubscribe.oneClick'), ok: t('unsubscribe.ok'), cancel: t('unsubscribe.cancel') }))) return;
    const answer = await fetch(at('/unsubscribe'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: ways.oneClick }) }).catch(() => undefined);
    if (answer?.ok) return say(t('unsubscribe.done', { name }));
    say(t('unsubscribe.failed'), true);
    return;
  }
  if (ways.mailto) {
    writeTo.emit({ mailto: ways.mailto });
    return;
  }
  if (ways.page && (await askYes({ title: t('unsubscribe.title', { name }), text: t('unsubscribe.page', { host: new URL(ways.page).hostname }), ok: t('unsubscribe.open'), cancel: t('unsubscribe.cancel') })))
    window.open(ways.page, '_blank', 'noopener,noreferrer');
}

export function canUnsubscribe(email: WholeEmail): boolean {
  const ways = waysOut(email);
  return Boolean(ways.oneClick || ways.mailto || ways.page) && mail().status.peek().connection !== 'offline';
}
