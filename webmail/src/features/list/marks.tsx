/** The words that were searched for, marked in a text. */
import type { ComponentChildren } from 'preact';
import { split } from '../../base/hits.ts';

export function marked(text: string, words: readonly string[]): ComponentChildren {
  if (words.length === 0) return text;
  return split(text, words).map((part, i) => (i % 2 === 1 ? <mark key={i}>{part}</mark> : part));
}
