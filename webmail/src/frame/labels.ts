/** Where the mail of a label is found. */
import { labelOfKeyword } from '../base/labels.ts';
import type { Place } from './router.ts';

export function placeOfLabel(keyword: string): Place {
  const name = labelOfKeyword(keyword).toLocaleLowerCase();
  return { kind: 'search', text: `label:${/\s/.test(name) ? `"${name}"` : name}` };
}
