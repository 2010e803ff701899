/** Places in a template that are filled when it is used. */
import { spokenName } from './draft/people.ts';
import type { Draft } from './draft/types.ts';

/** {name}, {first name}, {date}: of the first recipient, and today. */
export function filled(text: string, draft: Draft, today: string, escape: (text: string) => string = (s) => s): string {
  const first = draft.to[0];
  const name = first ? spokenName(first) : '';
  const values: Record<string, string> = { name, 'first name': first?.name?.trim().split(/\s+/)[0] ?? name, date: today };
  return text.replace(/\{(name|first name|date)\}/g, (whole, key: string) => (values[key] ? escape(values[key]) : whole));
}
