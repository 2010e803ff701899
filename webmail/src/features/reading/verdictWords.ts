/** Who sent this, in the reader's language: made of what the server found out, and not of its sentences, which are English. Pure. */
import { currentLanguage, t } from '../../base/words.ts';
import type { Verdict } from '../../model/reading.ts';

function standing({ standing: what, domain, policy, by }: Verdict): string[] {
  if (what === null) return [];
  if (what === 'later') return [t('verdict.later', { domain: domain ?? '' })];
  if (domain === null) return [t('verdict.nobody')];
  if (what === 'proven') return [t('verdict.proven', { domain })];
  if (what === 'unknown') return [t('verdict.unknown', { domain })];
  const voucher = by.find((one) => one === 'arc' || one === 'list');
  return [t('verdict.unproven', { domain, policy: policy ?? 'none' }), ...(voucher ? [t('verdict.vouched', { by: voucher })] : [])];
}

/** All of it in a few sentences. The server's own say more of the cause, for those who read English. */
export function verdictText(verdict: Verdict): string {
  if (currentLanguage() === 'en') return verdict.text;
  return [
    ...standing(verdict),
    ...(verdict.firstContact ? [t('verdict.firstMessage')] : []),
    ...(verdict.nameOf ? [t('verdict.nameOf', { address: verdict.nameOf })] : []),
    ...(verdict.looksLike ? [t('verdict.looksLike', { address: verdict.looksLike })] : []),
  ].join(' ');
}

/** What was looked at, and what came of it. */
export function evidenceText({ what, result, domain, text }: Verdict['evidence'][number]): string {
  if (currentLanguage() === 'en') return text;
  return `${t('verdict.what', { what })}${domain ? ` – ${domain}` : ''}: ${t('verdict.result', { result })}`;
}
