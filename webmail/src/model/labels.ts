/**
 * Which labels there are. JMAP has no list of keywords: they are those that were used in this browser, and those of the mail that is loaded.
 * Rows tell them as they are drawn.
 */
import { computed } from '@preact/signals';
import { setting } from './settings.ts';

export const knownLabels = computed(() => Object.keys(setting('labelColours').value).sort());

/** Keywords that were seen. The empty colour stands for the label's own one. */
export function noteLabels(keywords: readonly string[]): void {
  const known = setting('labelColours').peek();
  const fresh = keywords.filter((one) => !(one in known));
  if (fresh.length > 0) setting('labelColours').value = { ...known, ...Object.fromEntries(fresh.map((one) => [one, ''])) };
}
