/**
 * A step of a message's way, in the reader's language: what happened in our words, and with whom, where and what the host answered as it is.
 * The server's own sentence is English and says more (sizes, sessions); it is shown in English, and elsewhere where a step is a new one.
 */
import { currentLanguage, hasWords, t } from './words.ts';

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

/** A step as an administrator gets it: all that was recorded of it. */
export type TraceEvent = Record<string, string | number | boolean | null>;

const SAID = ['time', 'event', 'text', 'recipient', 'host', 'reply', 'tls'];
/** Destinations of the queue that are the server's own; the words say what they mean. */
const isOwn = (key: string, value: unknown): boolean => key === 'destination' && String(value).startsWith('@');

/** `what`: what happened; `more`: what was recorded besides, where the server's sentence is not shown, which holds it. */
export function eventWords(event: TraceEvent): { what: string; more: string } {
  const of = (key: string): string | null => (event[key] === undefined || event[key] === null ? null : String(event[key]));
  const text = of('text') ?? '';
  const what = stepWords({ at: '', event: of('event') ?? '', text, recipient: of('recipient'), host: of('host'), reply: of('reply'), tls: of('tls'), nextAt: null });
  const more = Object.entries(event).filter(([key, value]) => !SAID.includes(key) && value !== null && value !== '' && !isOwn(key, value));
  return { what, more: what === text ? '' : more.map(([key, value]) => `${key}=${value}`).join(' ') };
}
