/**
 * A step of a message's way, in the reader's language: what happened in our words, and with whom, where and what the host answered as it is.
 * The server's own sentence is English and says more (sizes, sessions); it is shown in English, and elsewhere where a step is a new one.
 */
import { currentLanguage, hasWords, t } from '../../base/words.ts';

export interface TraceStep {
  at: string;
  event: string;
  text: string;
  recipient: string | null;
  host: string | null;
  reply: string | null;
  tls: string | null;
  nextAt: string | null;
}

export function stepWords(step: TraceStep): string {
  const key = `trace.step.${step.event}`;
  if (currentLanguage() === 'en' || !hasWords(key)) return step.text;
  const what = step.recipient ? t('trace.step', { who: step.recipient, what: t(key) }) : t(key);
  return [what, step.host, step.reply, step.tls].filter(Boolean).join(' · ');
}
